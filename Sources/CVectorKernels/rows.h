// Room: CVectorKernels. Whole rows: reductions, softmax, pooling.

// A block's sum: four accumulators, then a tree.
#define BLOCK_SUM(name, expression)                                                            \
  static float name##_block(size_t n, const float *in, float p) {                              \
    (void)p;                                                                                   \
    vf sum[4] = {splat(0), splat(0), splat(0), splat(0)};                                      \
    size_t i = 0;                                                                              \
    for (; i + 4 * LANES <= n; i += 4 * LANES) {                                               \
      UNROLL for (int v = 0; v < 4; v++) {                                                     \
        const vf x = load(in + i + v * LANES);                                                 \
        sum[v] += expression;                                                                  \
      }                                                                                        \
    }                                                                                          \
    for (; i + LANES <= n; i += LANES) {                                                       \
      const vf x = load(in + i);                                                               \
      sum[0] += expression;                                                                    \
    }                                                                                          \
    float result = sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));                           \
    if (i < n) {                                                                               \
      const vf x = load_part(in + i, n - i);                                                   \
      vf last = expression;                                                                    \
      float part[LANES];                                                                       \
      memcpy(part, &last, sizeof part);                                                        \
      for (size_t j = 0; j < n - i; j++) result += part[j];                                    \
    }                                                                                          \
    return result;                                                                             \
  }                                                                                            \
  static double name(size_t n, const float *in, float p) {                                     \
    double total = 0;                                                                          \
    for (size_t i = 0; i < n; i += 1024)                                                       \
      total += name##_block(n - i < 1024 ? n - i : 1024, in + i, p);                           \
    return total;                                                                              \
  }

BLOCK_SUM(f32_sum, x)
BLOCK_SUM(f32_sum_squares, (x - p) * (x - p))
BLOCK_SUM(f32_sum_abs, magnitude(x))
#undef BLOCK_SUM

#define EXTREME(name, start, choose)                                                           \
  static double name(size_t n, const float *in, float p) {                                     \
    (void)p;                                                                                   \
    vf best[4] = {splat(start), splat(start), splat(start), splat(start)};                     \
    size_t i = 0;                                                                              \
    for (; i + 4 * LANES <= n; i += 4 * LANES)                                                 \
      UNROLL for (int v = 0; v < 4; v++) best[v] = choose(best[v], load(in + i + v * LANES));  \
    for (; i + LANES <= n; i += LANES) best[0] = choose(best[0], load(in + i));                \
    vf all = choose(choose(best[0], best[1]), choose(best[2], best[3]));                       \
    float part[LANES];                                                                         \
    memcpy(part, &all, sizeof part);                                                           \
    vf result = splat(start);                                                                  \
    for (int j = 0; j < LANES; j++) result = choose(result, splat(part[j]));                   \
    for (; i < n; i++) result = choose(result, splat(in[i]));                                  \
    return result[0];                                                                          \
  }

EXTREME(f32_minimum, INFINITY, min_nan)
EXTREME(f32_maximum, -INFINITY, max_nan)
#undef EXTREME

static void f32_normalize(
    size_t rows, size_t n, const float *in, bool centers, double epsilon,
    const float *scale, const float *shift, float *out,
    float *means, float *inverses) {
  for (size_t row = 0; row < rows; row++, in += n, out += n) {
    const double mean = centers ? f32_sum(n, in, 0) / (double)n : 0;
    const float middle = (float)mean;
    // What rounding the mean to float left over is taken back.
    const double rest = mean - middle;
    double variance = f32_sum_squares(n, in, middle) / (double)n - rest * rest;
    if (variance < 0) variance = 0;
    const double inverse = 1 / sqrt(variance + epsilon);
    const vf factor = splat((float)inverse), left = splat((float)(-rest * inverse));
    if (means) means[row] = middle;
    if (inverses) inverses[row] = (float)inverse;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
      vf y = (load(in + i) - middle) * factor + left;
      if (scale) y *= load(scale + i);
      if (shift) y += load(shift + i);
      store(out + i, y);
    }
    if (i < n) {
      vf y = (load_part(in + i, n - i) - middle) * factor + left;
      if (scale) y *= load_part(scale + i, n - i);
      if (shift) y += load_part(shift + i, n - i);
      store_part(out + i, y, n - i);
    }
  }
}

static void f32_unit_rows(
    size_t rows, size_t n, const float *in, ptrdiff_t ldi, float least, float *out,
    ptrdiff_t ldo) {
  for (size_t row = 0; row < rows; row++, in += ldi, out += ldo) {
    // Squares of floats overflow and vanish where norms do not.
    vd sum = (vd)0.0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
      const vd x = __builtin_convertvector(load(in + i), vd);
      sum += x * x;
    }
    if (i < n) {
      const vd x = __builtin_convertvector(load_part(in + i, n - i), vd);
      sum += x * x;
    }
    const float norm = (float)sqrt(sum_lanes_d(&sum));
    const vf divisor = splat(norm < least ? least : norm);
    for (i = 0; i + LANES <= n; i += LANES) store(out + i, load(in + i) / divisor);
    if (i < n) store_part(out + i, load_part(in + i, n - i) / divisor, n - i);
  }
}

// The largest of n values; which one where some are NaN is left open.
INLINE float largest_of(size_t n, const float *in) {
  vf best[2] = {splat(-INFINITY), splat(-INFINITY)};
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES)
    UNROLL for (int v = 0; v < 2; v++) best[v] = max_second(best[v], load(in + i + v * LANES));
  for (; i + LANES <= n; i += LANES) best[0] = max_second(best[0], load(in + i));
  if (i < n) best[1] = max_second(best[1], first_lanes(load_part(in + i, n - i), n - i, -INFINITY));
  return max_lanes(max_second(best[0], best[1]));
}

// exp(x) for x <= 0, but 0 where the result would be no normal number: many masked scores are such,
// and those are slow to compute with.
INLINE vf exp_or_zero_v(vf x) {
  return select_f(x < -87.0f, splat(0.0f), exp_v(max_second(splat(-87.0f), x)));
}

// The exponentials of n values less `largest`, and their sum. NaN anywhere makes the sum NaN. The
// part of a vector at the end is left in `last`: a store of it could not be read back at once.
INLINE double exponentials(
    size_t n, const float *in, float largest, bool keeps, float *out, vf *last) {
  // In double precision: where one term is much the largest, every addition to it would lose a bit.
  vd sum = (vd)0.0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    const vf a = load(in + i) - largest, b = load(in + i + LANES) - largest;
    const vf ea = exp_or_zero_v(a), eb = exp_or_zero_v(b);
    store(out + i, keeps ? a : ea);
    store(out + i + LANES, keeps ? b : eb);
    sum += __builtin_convertvector(ea + eb, vd);
  }
  for (; i + LANES <= n; i += LANES) {
    const vf a = load(in + i) - largest, e = exp_or_zero_v(a);
    store(out + i, keeps ? a : e);
    sum += __builtin_convertvector(e, vd);
  }
  if (i < n) {
    const vf a = load_part(in + i, n - i) - largest;
    const vf e = first_lanes(exp_or_zero_v(a), n - i, 0);
    *last = keeps ? a : e;
    sum += __builtin_convertvector(e, vd);
  }
  return sum_lanes_d(&sum);
}

static void f32_softmax(size_t n, const float *in, bool logarithm, float *out) {
  vf last = splat(0);
  const double total = exponentials(n, in, largest_of(n, in), logarithm, out, &last);
  const float factor = logarithm ? 1.0f : (float)(1.0 / total);
  const float term = logarithm ? (float)-log(total) : 0.0f;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(out + i, load(out + i) * factor + term);
  if (i < n) store_part(out + i, last * factor + term, n - i);
}

static void f32_pool(
    size_t n, size_t taps, const float *in, const ptrdiff_t *offsets, bool sum, float scale,
    float *out) {
  assert(taps > 0 && offsets && out);
  for (size_t x = 0; x < n; x += LANES) {
    const float *p = in + x;
    vf value = load(p + offsets[0]);
    if (sum) {
      for (size_t t = 1; t < taps; t++) value += load(p + offsets[t]);
      value *= scale;
    } else {
      for (size_t t = 1; t < taps; t++) value = max_nan(value, load(p + offsets[t]));
    }
    if (n - x >= LANES) store(out + x, value);
    else store_part(out + x, value, n - x);
  }
}

static void f32_max_pool_2x2(size_t n, const float *row0, const float *row1, float *out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vf left = max_nan(load(row0 + 2 * i), load(row1 + 2 * i));
    const vf right = max_nan(load(row0 + 2 * i + LANES), load(row1 + 2 * i + LANES));
    store(out + i, max_nan(EVEN(left, right), ODD(left, right)));
  }
  for (; i < n; i++) {
    const float *a = row0 + 2 * i, *b = row1 + 2 * i;
    const vf top = max_nan(splat(a[0]), splat(a[1]));
    out[i] = max_nan(top, max_nan(splat(b[0]), splat(b[1])))[0];
  }
}

static void f32_mean_pool_2x2(size_t n, const float *row0, const float *row1, float *out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vf left = load(row0 + 2 * i) + load(row1 + 2 * i);
    const vf right = load(row0 + 2 * i + LANES) + load(row1 + 2 * i + LANES);
    store(out + i, (EVEN(left, right) + ODD(left, right)) * 0.25f);
  }
  for (; i < n; i++) {
    const float *a = row0 + 2 * i, *b = row1 + 2 * i;
    out[i] = ((a[0] + b[0]) + (a[1] + b[1])) * 0.25f;
  }
}

static void f32_take(size_t n, size_t step, const float *in, float *out) {
  size_t i = 0;
  if (step == 1) {
    memcpy(out, in, n * sizeof *out);
    return;
  }
#define PAIR(p) EVEN(load(p), load((p) + LANES))
#define FOUR(p) EVEN(PAIR(p), PAIR((p) + 2 * LANES))
  // The last vector would read some elements too many.
  if (step == 2)
    for (; i + LANES < n; i += LANES) store(out + i, PAIR(in + 2 * i));
  if (step == 4)
    for (; i + LANES < n; i += LANES) store(out + i, FOUR(in + 4 * i));
  if (step == 8)
    for (; i + LANES < n; i += LANES)
      store(out + i, EVEN(FOUR(in + 8 * i), FOUR(in + 8 * i + 4 * LANES)));
#undef PAIR
#undef FOUR
  if (step == 2 && i < n) {
    // All but the element behind the last.
    const size_t seen = 2 * (n - i) - 1;
    const float *p = in + 2 * i;
    const vf a = seen < LANES ? load_part(p, seen) : load(p);
    const vf b = seen <= LANES ? splat(0) : load_part(p + LANES, seen - LANES);
    const vf v = EVEN(a, b);
    if (n - i < LANES) store_part(out + i, v, n - i);
    else store(out + i, v);
    return;
  }
  for (; i < n; i++) out[i] = in[i * step];
}

static void f32_interleave(
    size_t n, size_t step, const float *in, ptrdiff_t in_stride, float *out) {
  size_t i = 0;
  if (step == 2)
    for (; i + LANES <= n; i += LANES) {
      const vf a = load(in + i), b = load(in + in_stride + i);
      store(out + 2 * i, LOW(a, b));
      store(out + 2 * i + LANES, HIGH(a, b));
    }
  if (step == 4)
    for (; i + LANES <= n; i += LANES) {
      const vf a = load(in + i), b = load(in + in_stride + i);
      const vf c = load(in + 2 * in_stride + i), d = load(in + 3 * in_stride + i);
      const vf ac = LOW(a, c), bd = LOW(b, d), ac1 = HIGH(a, c), bd1 = HIGH(b, d);
      store(out + 4 * i, LOW(ac, bd));
      store(out + 4 * i + LANES, HIGH(ac, bd));
      store(out + 4 * i + 2 * LANES, LOW(ac1, bd1));
      store(out + 4 * i + 3 * LANES, HIGH(ac1, bd1));
    }
  for (; i < n; i++)
    for (size_t s = 0; s < step; s++) out[i * step + s] = in[(ptrdiff_t)s * in_stride + (ptrdiff_t)i];
}

// One of the two results between x and its neighbour; a share of 0 looks at x alone.
INLINE vf between(const float *x, float share, size_t n) {
  const vf a = n < LANES ? load_part(x, n) : load(x);
  if (share == 0) return a;
  const vf b = n < LANES ? load_part(x + 1, n) : load(x + 1);
  return a * (1 - share) + b * share;
}

static void f32_upsample_2x(
    size_t n, const float *even, float even_share, const float *odd, float odd_share, float *out) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t left = n - i;
    const vf a = between(even + i, even_share, left), b = between(odd + i, odd_share, left);
    const vf low = LOW(a, b), high = HIGH(a, b);
    float *o = out + 2 * i;
    if (left >= LANES) {
      store(o, low);
      store(o + LANES, high);
    } else if (2 * left > LANES) {
      store(o, low);
      store_part(o + LANES, high, 2 * left - LANES);
    } else if (2 * left == LANES) {
      store(o, low);
    } else {
      store_part(o, low, 2 * left);
    }
  }
}
