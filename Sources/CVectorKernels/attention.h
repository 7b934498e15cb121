// Room: CVectorKernels. Attention's weights: exponentials of scaled scores with what is added to them.

// exp(x) for x <= 0, but 0 where the result would be no normal number: those are slow to compute
// with, and masks make many of them. NaN stays NaN.
INLINE vf weight_v(vf x) {
  const vf y = x * 0x1.715476p0f;
  const vf magic = splat(0x1.8p23f);
  const vf shifted = y + magic;
  const vf n = shifted - magic;
  const vf p = exp2_part_v(y - n);
#if LANES == 16 && defined(__x86_64__)
  // Not less: NaN, too.
  const __mmask16 counts = _mm512_cmp_ps_mask((__m512)y, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ);
  return (vf)_mm512_maskz_scalef_ps(counts, (__m512)p, (__m512)n);
#else
  return select_f(y < -126.0f, splat(0.0f), from_bits(bits(p) + (bits(shifted) << 23)));
#endif
}

// `n` scores of one row (all of a vector, or fewer), scaled, with what the terms add; the lanes that
// are missing are -infinity.
INLINE vf adjusted_scores(
    size_t n, const float *scores, float scale, size_t terms, const float *const *term,
    const ptrdiff_t *steps, size_t row, size_t first) {
  const bool whole = n >= LANES;
  vf s = (whole ? load(scores + first) : load_part(scores + first, n)) * scale;
  for (size_t t = 0; t < terms; t++) {
    const float *own = term[t] + (ptrdiff_t)row * steps[t] + first;
    s += whole ? load(own) : load_part(own, n);
  }
  return whole ? s : first_lanes(s, n, -INFINITY);
}

// Rows shorter than a vector: several are read before the first is written, for a load waits for
// stores whose lanes reach over it.
static void short_attention_weights(
    size_t rows, size_t n, float *scores, float scale, size_t terms, const float *const *term,
    const ptrdiff_t *steps, float *inverses) {
  enum { AT_ONCE = 8 };
  for (size_t row = 0; row < rows; row += AT_ONCE, scores += AT_ONCE * n) {
    const size_t count = rows - row < AT_ONCE ? rows - row : AT_ONCE;
    vf s[AT_ONCE];
    for (size_t r = 0; r < count; r++)
      s[r] = adjusted_scores(n, scores + r * n, scale, terms, term, steps, row + r, 0);
    for (size_t r = 0; r < count; r++) {
      const vf e = first_lanes(weight_v(s[r] - max_lanes(s[r])), n, 0);
      store_part(scores + r * n, e, n);
      inverses[row + r] = 1.0f / sum_lanes(e);
    }
  }
}

static void f32_attention_weights(
    size_t rows, size_t n, float *scores, float scale, size_t terms,
    const float *const *term, const ptrdiff_t *steps, float *inverses) {
  if (n < LANES)
    return short_attention_weights(rows, n, scores, scale, terms, term, steps, inverses);
  const size_t whole = n / LANES * LANES, left = n - whole;
  for (size_t row = 0; row < rows; row++, scores += n) {
    // What is left of a row is taken with the vector that ends there, before it is overwritten: no
    // store reaches into the next row.
    vf end = splat(-INFINITY);
    if (left > 0)
      end = adjusted_scores(LANES, scores, scale, terms, term, steps, row, n - LANES);
    vf best = end;
    for (size_t i = 0; i < whole; i += LANES) {
      const vf s = adjusted_scores(LANES, scores, scale, terms, term, steps, row, i);
      store(scores + i, s);
      best = max_second(best, s);
    }
    const float largest = max_lanes(best);
    // Sums of a few in floats, of all in doubles: where one term is much the largest, every addition
    // to it would lose a bit.
    vd sum = (vd)0.0;
    size_t i = 0;
    for (; i + 4 * LANES <= whole; i += 4 * LANES) {
      vf e[4];
      UNROLL for (int v = 0; v < 4; v++) {
        e[v] = weight_v(load(scores + i + v * LANES) - largest);
        store(scores + i + v * LANES, e[v]);
      }
      sum += __builtin_convertvector((e[0] + e[1]) + (e[2] + e[3]), vd);
    }
    vf rest = splat(0);
    for (; i < whole; i += LANES) {
      const vf e = weight_v(load(scores + i) - largest);
      store(scores + i, e);
      rest += e;
    }
    if (left > 0) {
      const vf e = weight_v(end - largest);
      store(scores + n - LANES, e);
      rest += last_lanes(e, left);
    }
    sum += __builtin_convertvector(rest, vd);
    inverses[row] = (float)(1.0 / sum_lanes_d(&sum));
  }
}
