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
    UNROLL for (int v = 0; v < vectors; v++) acc[m][v] = splat(w[m]);
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
  for (; x + MAX_VECTORS * LANES <= n; x += MAX_VECTORS * LANES) TILE(MAX_VECTORS, false, LANES);
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

// Depthwise: the weights of up to nine taps stay in registers along the row.
INLINE void depthwise_row(
    const size_t taps, size_t n, const float *w, float bias, const float *in,
    const ptrdiff_t *offsets, float *out, const float *residual, const squall_epilogue *e) {
  // Known tap counts unroll, and their weights stay in registers.
  vf held[9];
  const bool holds = taps <= 9;
  if (holds)
    for (size_t t = 0; t < taps; t++) held[t] = splat(w[t]);
  for (size_t x = 0; x < n; x += 2 * LANES) {
    vf first = splat(bias), second = first;
    const float *p = in + x;
    const bool two = n - x > LANES;
    if (two) {
      for (size_t t = 0; t < taps; t++) {
        const vf s = holds ? held[t] : splat(w[t]);
        first += s * load(p + offsets[t]);
        second += s * load(p + offsets[t] + LANES);
      }
    } else {
      for (size_t t = 0; t < taps; t++) first += splat(w[t]) * load(p + offsets[t]);
    }
    const size_t left = n - x;
    const float *r = residual ? residual + x : NULL;
    if (left >= 2 * LANES) {
      if (r) first += load(r), second += load(r + LANES);
      store(out + x, activate(first, e));
      store(out + x + LANES, activate(second, e));
      continue;
    }
    if (left >= LANES) {
      if (r) first += load(r);
      store(out + x, activate(first, e));
      if (left > LANES) {
        if (r) second += load_part(r + LANES, left - LANES);
        store_part(out + x + LANES, activate(second, e), left - LANES);
      }
    } else {
      if (r) first += load_part(r, left);
      store_part(out + x, activate(first, e), left);
    }
  }
}

static void f32_depthwise(
    size_t n, size_t taps, const float *w, float bias, const float *in, const ptrdiff_t *offsets,
    float *out, const float *residual, const squall_epilogue *e) {
  assert(w && in && offsets && out && e);
  if (taps == 9) depthwise_row(9, n, w, bias, in, offsets, out, residual, e);
  else depthwise_row(taps, n, w, bias, in, offsets, out, residual, e);
  if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(1, n, out, 0, e);
}

// A strip of columns, down all rows: each input row is read once and added to the three output rows
// that it touches.
INLINE void depthwise_3x3_strip(
    const int vectors, size_t rows, size_t tail, const float *w, float bias, const float *in,
    ptrdiff_t pitch, float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr,
    const squall_epilogue *e) {
  vf k[9];
  UNROLL for (int i = 0; i < 9; i++) k[i] = splat(w[i]);
  vf upper[MR][MAX_VECTORS], lower[2];
  UNROLL for (int v = 0; v < vectors; v++) upper[0][v] = lower[v] = splat(bias);
  for (size_t i = 0; i < rows + 2; i++, in += pitch) {
    UNROLL for (int v = 0; v < vectors; v++) {
      const vf a = load(in + v * LANES), b = load(in + v * LANES + 1);
      const vf c = load(in + v * LANES + 2);
      vf done = upper[0][v], next = lower[v], first = splat(bias);
      done += k[6] * a;
      next += k[3] * a;
      first += k[0] * a;
      done += k[7] * b;
      next += k[4] * b;
      first += k[1] * b;
      done += k[8] * c;
      next += k[5] * c;
      first += k[2] * c;
      upper[1][v] = done;
      upper[0][v] = next;
      lower[v] = first;
    }
    if (i < 2) continue;
    finish_tile(1, vectors, 1, upper + 1, out, 0, residual, 0, tail, e);
    out += ldo;
    if (residual) residual += ldr;
  }
}

static void f32_depthwise_3x3(
    size_t rows, size_t n, const float *w, float bias, const float *in, ptrdiff_t pitch,
    float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr, const squall_epilogue *e) {
  assert(w && in && out && e);
  size_t x = 0;
#define STRIP(vectors, tail)                                                                   \
  depthwise_3x3_strip(                                                                         \
      vectors, rows, tail, w, bias, in + x, pitch, out + x, ldo,                               \
      residual ? residual + x : NULL, ldr, e)
  for (; x + 2 * LANES <= n; x += 2 * LANES) STRIP(2, LANES);
  if (n - x > LANES) STRIP(2, n - x - LANES);
  else if (n > x) STRIP(1, n - x);
#undef STRIP
  if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(rows, n, out, ldo, e);
}

// Some rows and vectors of a depthwise convolution with at least as many taps above each other: each
// vector of input is read once for all the rows that it touches.
INLINE void depthwise_block(
    const int rows, const int vectors, size_t taps_y, size_t taps_x, size_t tail, const float *w,
    float bias, const float *in, ptrdiff_t pitch, float *out, ptrdiff_t ldo, const float *residual,
    ptrdiff_t ldr, const squall_epilogue *e) {
  vf acc[MR][MAX_VECTORS];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = splat(bias);
#define ROW(i, low, high)                                                                      \
  for (size_t j = 0; j < taps_x; j++) {                                                        \
    vf x[MAX_VECTORS];                                                                         \
    UNROLL for (int v = 0; v < vectors; v++)                                                   \
      x[v] = load(in + (ptrdiff_t)(i) * pitch + (ptrdiff_t)j + v * LANES);                     \
    UNROLL for (int r = low; r <= high; r++) {                                                 \
      const vf s = splat(w[((i) - (size_t)r) * taps_x + j]);                                   \
      UNROLL for (int v = 0; v < vectors; v++) acc[r][v] += s * x[v];                          \
    }                                                                                          \
  }
  UNROLL for (int i = 0; i < rows - 1; i++) ROW((size_t)i, 0, i)
  for (size_t i = (size_t)rows - 1; i < taps_y; i++) ROW(i, 0, rows - 1)
  UNROLL for (int q = 1; q < rows; q++) ROW(taps_y - 1 + (size_t)q, q, rows - 1)
#undef ROW
  finish_tile(rows, vectors, rows, acc, out, ldo, residual, ldr, tail, e);
}

static void f32_depthwise_rows(
    size_t taps_y, size_t taps_x, size_t rows, size_t n, const float *w, float bias,
    const float *in, ptrdiff_t pitch, float *out, ptrdiff_t ldo, const float *residual,
    ptrdiff_t ldr, const squall_epilogue *e) {
  assert(taps_y > 0 && taps_x > 0 && w && in && out && e);
  size_t y = 0;
#define BLOCK(rows, vectors, tail)                                                             \
  depthwise_block(                                                                             \
      rows, vectors, taps_y, taps_x, tail, w, bias, in + (ptrdiff_t)y * pitch + x, pitch,      \
      out + (ptrdiff_t)y * ldo + x, ldo, residual ? residual + (ptrdiff_t)y * ldr + x : NULL,  \
      ldr, e)
#define LINE(rows)                                                                             \
  do {                                                                                         \
    size_t x = 0;                                                                              \
    for (; x + 2 * LANES <= n; x += 2 * LANES) BLOCK(rows, 2, LANES);                          \
    if (n - x > LANES) BLOCK(rows, 2, n - x - LANES);                                          \
    else if (n > x) BLOCK(rows, 1, n - x);                                                     \
  } while (0)
  if (taps_y >= 4)
    for (; y + 4 <= rows; y += 4) LINE(4);
  for (; y < rows; y++) LINE(1);
#undef LINE
#undef BLOCK
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
