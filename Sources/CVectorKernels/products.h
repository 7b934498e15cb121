// Room: CVectorKernels. Matrix products and convolutions: register tiles of MR rows by some vectors.

INLINE vf activate(vf v, const squall_epilogue *e) {
  switch (e->activation) {
    case SQUALL_ACTIVATION_RELU: return max_second(splat(0.0f), v);
    case SQUALL_ACTIVATION_LEAKY_RELU: return select_f(v < 0.0f, v * e->p, v);
    case SQUALL_ACTIVATION_CLIP: return min_second(splat(e->q), max_second(splat(e->p), v));
    default: return v;
  }
}

// Adds the residual, activates and stores one tile. `tail` is how many lanes of the last vector
// count; LANES when all do.
INLINE void finish_tile(
    const int rows, const int vectors, size_t live_rows, vf acc[MR][MAX_VECTORS], float *out,
    ptrdiff_t ldo, const float *residual, ptrdiff_t ldr, size_t tail, const squall_epilogue *e) {
  UNROLL for (int m = 0; m < rows; m++) {
    if ((size_t)m >= live_rows) break;
    UNROLL for (int v = 0; v < vectors; v++) {
      vf value = acc[m][v];
      const bool part = v == vectors - 1 && tail < LANES;
      if (residual) {
        const float *r = residual + m * ldr + v * LANES;
        value += part ? load_part(r, tail) : load(r);
      }
      value = activate(value, e);
      float *o = out + m * ldo + v * LANES;
      if (part) store_part(o, value, tail);
      else store(o, value);
    }
  }
}

INLINE void reload_tile(
    const int rows, const int vectors, size_t live_rows, vf acc[MR][MAX_VECTORS], const float *out,
    ptrdiff_t ldo, size_t tail) {
  UNROLL for (int m = 0; m < rows; m++) {
    if ((size_t)m >= live_rows) break;
    UNROLL for (int v = 0; v < vectors; v++) {
      const float *o = out + m * ldo + v * LANES;
      acc[m][v] = v == vectors - 1 && tail < LANES ? load_part(o, tail) : load(o);
    }
  }
}

// The rounding error of one long chain of additions grows with its length, that of pieces with the
// root of it: chains end after this many products, and their sums are added up on the side.
#define CHAIN 32

// Functions that are too long for the tile run over its rows while these are in the first cache.
static void activate_rows(
    size_t rows, size_t n, float *out, ptrdiff_t ldo, const squall_epilogue *e);

INLINE void igemm_chain(
    const int rows, const int vectors, const bool masked, size_t k, const float *w,
    const float *in, const ptrdiff_t *offsets, size_t tail, vf acc[MR][MAX_VECTORS]) {
  for (size_t i = 0; i < k; i++) {
    const float *p = in + offsets[i];
    w += rows;
    // Weights are read once for a few strips, from far away; processors stop at the end of a page.
    __builtin_prefetch(w + 64 * rows);
    vf b[MAX_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++)
      b[v] = masked && v == vectors - 1 ? load_part(p + v * LANES, tail) : load(p + v * LANES);
    UNROLL for (int m = 0; m < rows; m++) {
      const vf a = splat(w[m]);
      UNROLL for (int v = 0; v < vectors; v++) acc[m][v] += a * b[v];
    }
  }
}

INLINE void add_chain(
    const int rows, const int vectors, vf acc[MR][MAX_VECTORS], vf total[MR][MAX_VECTORS]) {
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++) {
      total[m][v] += acc[m][v];
      acc[m][v] = splat(0);
    }
}

INLINE void igemm_tile(
    const int rows, const int vectors, const bool masked, size_t live_rows, size_t k,
    const float *w, const float *in, const ptrdiff_t *offsets, float *out, ptrdiff_t ldo,
    const float *residual, ptrdiff_t ldr, size_t tail, const squall_epilogue *e) {
  vf acc[MR][MAX_VECTORS];
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++) acc[m][v] = splat(e->from_zero ? 0 : w[m]);
  // Where the next tile's results go: rows are planes apart, and short sums wait for each line.
  UNROLL for (int m = 0; m < rows; m++) {
    if ((size_t)m >= live_rows) break;
    UNROLL for (int v = 0; v < vectors; v++)
      __builtin_prefetch(out + m * ldo + (MAX_VECTORS + v) * LANES, 1);
  }
  if (e->accumulate) reload_tile(rows, vectors, live_rows, acc, out, ldo, tail);
  if (k <= CHAIN) {
    igemm_chain(rows, vectors, masked, k, w, in, offsets, tail, acc);
    finish_tile(rows, vectors, live_rows, acc, out, ldo, residual, ldr, tail, e);
    return;
  }
  // What the sum starts from may be most of it already: it joins the pieces, not the first chain.
  vf total[MR][MAX_VECTORS];
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++) {
      total[m][v] = acc[m][v];
      acc[m][v] = splat(0);
    }
  for (size_t i = 0; i < k; i += CHAIN) {
    const size_t length = k - i < CHAIN ? k - i : CHAIN;
    igemm_chain(rows, vectors, masked, length, w + i * rows, in, offsets + i, tail, acc);
    add_chain(rows, vectors, acc, total);
  }
  finish_tile(rows, vectors, live_rows, total, out, ldo, residual, ldr, tail, e);
}

// One strip of n positions: full tiles, then what is left.
INLINE void igemm_strip(
    const int rows, size_t live_rows, size_t n, size_t k, const float *panel, const float *in,
    const ptrdiff_t *offsets, float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr,
    bool readable_tail, const squall_epilogue *e) {
#define TILE(vectors, masked, tail)                                                             \
  igemm_tile(rows, vectors, masked, live_rows, k, panel, in + x, offsets, out + x, ldo,         \
             residual ? residual + x : NULL, ldr, tail, e)
  size_t x = 0;
#if MAX_VECTORS == 3
  // Two and two are faster than three and one.
  const size_t rest = n % (3 * LANES);
  const size_t end = n > 3 * LANES && rest > 0 && rest <= LANES ? n - 3 * LANES : n;
#else
  const size_t end = n;
#endif
  for (; x + MAX_VECTORS * LANES <= end; x += MAX_VECTORS * LANES) TILE(MAX_VECTORS, false, LANES);
  if (end < n) {
    TILE(2, false, LANES);
    x += 2 * LANES;
  }
  const size_t left = n - x;
  if (left == 0) return;
  const size_t whole = (left + LANES - 1) / LANES;
  const size_t tail = left - (whole - 1) * LANES;
  if (readable_tail || tail == LANES) {
    switch (whole) {
      case 1: TILE(1, false, tail); break;
      default: TILE(2, false, tail); break;
#if MAX_VECTORS == 3
      case 3: TILE(3, false, tail); break;
#endif
    }
  } else {
    switch (whole) {
      case 1: TILE(1, true, tail); break;
      default: TILE(2, true, tail); break;
#if MAX_VECTORS == 3
      case 3: TILE(3, true, tail); break;
#endif
    }
  }
#undef TILE
}

// A function each, so that each loop has the registers to itself.
#define STRIP(rows) STRIP_(rows)
#define STRIP_(rows)                                                                           \
  static __attribute__((noinline)) void igemm_strip_##rows(                                    \
      size_t live_rows, size_t n, size_t k, const float *panel, const float *in,               \
      const ptrdiff_t *offsets, float *out, ptrdiff_t ldo, const float *residual,              \
      ptrdiff_t ldr, bool readable_tail, const squall_epilogue *e) {                           \
    igemm_strip(                                                                               \
        rows, live_rows, n, k, panel, in, offsets, out, ldo, residual, ldr, readable_tail, e); \
  }
STRIP(1)
STRIP(2)
STRIP(4)
#if MR > 4
STRIP(MR)
#endif
#undef STRIP
#undef STRIP_

static void f32_igemm(
    size_t rows, size_t panel_rows, size_t n, size_t k, const float *panel, const float *in,
    const ptrdiff_t *offsets, float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr,
    bool readable_tail, const squall_epilogue *e) {
  assert(rows > 0 && rows <= panel_rows && panel_rows <= MR);
  assert(panel && in && out && e && (k == 0 || offsets));
#define STRIP_(r)                                                                             \
  igemm_strip_##r(rows, n, k, panel, in, offsets, out, ldo, residual, ldr, readable_tail, e)
#define STRIP(r) STRIP_(r)
  switch (panel_rows) {
    case 1: STRIP(1); break;
    case 2: STRIP(2); break;
    case 4: STRIP(4); break;
#if MR > 4
    case MR: STRIP(MR); break;
#endif
    default: assert(false); return;
  }
#undef STRIP
#undef STRIP_
  if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(rows, n, out, ldo, e);
}

static void f32_finish(
    size_t n, const float *in, const float *residual, float *out, const squall_epilogue *e) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vf value = load(in + i);
    if (residual) value += load(residual + i);
    store(out + i, activate(value, e));
  }
  if (i < n) {
    vf value = load_part(in + i, n - i);
    if (residual) value += load_part(residual + i, n - i);
    store_part(out + i, activate(value, e), n - i);
  }
  if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(1, n, out, 0, e);
}

// Rows of n elements of some channels, each scaled, shifted and activated.
INLINE void scale_rows(
    const bool shifted, size_t channels, size_t n, const float *in, ptrdiff_t in_stride,
    const float *scales, const float *shifts, float *out, ptrdiff_t out_stride,
    const squall_epilogue *e) {
  const size_t whole = n / LANES * LANES, tail = n - whole;
#define SCALED(x) activate(shifted ? (x) * scale + shift : (x) * scale, e)
  for (size_t c = 0; c < channels; c++) {
    const vf scale = splat(scales[c]), shift = splat(shifted ? shifts[c] : 0);
    const float *from = in + (ptrdiff_t)c * in_stride;
    float *to = out + (ptrdiff_t)c * out_stride;
    for (size_t x = 0; x < whole; x += LANES) store(to + x, SCALED(load(from + x)));
    if (tail > 0) store_part(to + whole, SCALED(load_part(from + whole, tail)), tail);
    if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(1, n, to, 0, e);
  }
#undef SCALED
}

static void f32_scale_rows(
    size_t channels, size_t n, const float *in, ptrdiff_t in_stride, const float *scales,
    const float *shifts, float *out, ptrdiff_t out_stride, const squall_epilogue *e) {
  assert(in && scales && out && e);
  if (shifts)
    scale_rows(true, channels, n, in, in_stride, scales, shifts, out, out_stride, e);
  else scale_rows(false, channels, n, in, in_stride, scales, shifts, out, out_stride, e);
}

static float f32_dot(size_t n, const float *a, const float *b) {
  vf s0 = splat(0), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    s0 += load(a + i) * load(b + i);
    s1 += load(a + i + LANES) * load(b + i + LANES);
    s2 += load(a + i + 2 * LANES) * load(b + i + 2 * LANES);
    s3 += load(a + i + 3 * LANES) * load(b + i + 3 * LANES);
  }
  for (; i + LANES <= n; i += LANES) s0 += load(a + i) * load(b + i);
  if (i < n) s1 += load_part(a + i, n - i) * load_part(b + i, n - i);
  return sum_lanes((s0 + s1) + (s2 + s3));
}
