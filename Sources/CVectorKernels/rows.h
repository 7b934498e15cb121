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

static void f32_softmax(size_t n, const float *in, bool logarithm, float *out) {
  const float largest = (float)f32_maximum(n, in, 0);
  // In double precision: where one term is much the largest, every addition to it would lose a bit.
  vd sum = (vd)0.0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    const vf a = load(in + i) - largest, b = load(in + i + LANES) - largest;
    const vf ea = exp_v(a), eb = exp_v(b);
    store(out + i, logarithm ? a : ea);
    store(out + i + LANES, logarithm ? b : eb);
    sum += __builtin_convertvector(ea + eb, vd);
  }
  for (; i + LANES <= n; i += LANES) {
    const vf a = load(in + i) - largest, e = exp_v(a);
    store(out + i, logarithm ? a : e);
    sum += __builtin_convertvector(e, vd);
  }
  double total = 0;
  for (int lane = 0; lane < LANES; lane++) total += sum[lane];
  if (i < n) {
    const vf a = load_part(in + i, n - i) - largest, e = exp_v(a);
    store_part(out + i, logarithm ? a : e, n - i);
    float part[LANES];
    memcpy(part, &e, sizeof part);
    for (size_t j = 0; j < n - i; j++) total += part[j];
  }
  const float scale = logarithm ? (float)-log(total) : (float)(1.0 / total);
  if (logarithm) f32_affine(n, out, out, 1.0f, scale);
  else f32_affine(n, out, out, scale, 0.0f);
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

static void f32_take(size_t n, size_t step, const float *in, float *out) {
  size_t i = 0;
  if (step == 1) {
    memcpy(out, in, n * sizeof *out);
    return;
  }
  if (step == 2) {
    // The last vector would read one element too many.
    for (; i + LANES < n; i += LANES)
      store(out + i, EVEN(load(in + 2 * i), load(in + 2 * i + LANES)));
  }
  for (; i < n; i++) out[i] = in[i * step];
}
