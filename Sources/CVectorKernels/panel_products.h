// Room: CVectorKernels. Matrix products with a packed right-hand side: register tiles of MR rows by
// the vectors of a panel.

// What a product adds to a sum; the source may be told another.
#ifndef PRODUCT_STEP
#define PRODUCT_STEP(sum, x, w) ((sum) + (x) * (w))
#endif

// Adds up one tile. Weights come from far away and are read once for all rows, so each tile fetches
// a part of the weights that are wanted after these: `step` bytes for each of its k.
INLINE void gemm_chain(
    const int rows, const int vectors, size_t k, const float *a, ptrdiff_t lda, const float *w,
    const char *next, size_t step, vf acc[MR][MAX_VECTORS]) {
  const bool dense = step > 64;
  for (size_t i = 0; i < k; i++) {
    __builtin_prefetch(next, 0, 2);
    if (dense) {
      UNROLL for (int v = 1; v < MAX_VECTORS; v++) __builtin_prefetch(next + v * 64, 0, 2);
    }
    next += step;
    w += vectors * LANES;
    vf b[MAX_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) b[v] = load(w + v * LANES);
    UNROLL for (int m = 0; m < rows; m++) {
      const vf s = splat(a[m * lda + (ptrdiff_t)i]);
      UNROLL for (int v = 0; v < vectors; v++) acc[m][v] = PRODUCT_STEP(acc[m][v], s, b[v]);
    }
  }
}

// What has a residual, an activation or columns that are missing, vector by vector: rare enough for
// a loop.
INLINE void finish_vectors(
    const int rows, const int vectors, vf acc[MR][MAX_VECTORS], float *out, ptrdiff_t ldo,
    const float *residual, ptrdiff_t ldr, size_t tail, const squall_epilogue *e) {
  float sums[MR * MAX_VECTORS * LANES];
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++) store(sums + (m * vectors + v) * LANES, acc[m][v]);
  const float *sum = sums;
  for (int m = 0; m < rows; m++, out += ldo) {
    for (int v = 0; v < vectors; v++, sum += LANES) {
      const bool part = v == vectors - 1 && tail < LANES;
      float *o = out + v * LANES;
      vf value = load(sum);
      if (e->accumulate) value += part ? load_part(o, tail) : load(o);
      if (residual) {
        const float *r = residual + m * ldr + v * LANES;
        value += part ? load_part(r, tail) : load(r);
      }
      value = activate(value, e);
      if (part) store_part(o, value, tail);
      else store(o, value);
    }
  }
}

INLINE void gemm_tile(
    const int rows, const int vectors, size_t k, const float *a, ptrdiff_t lda, const float *w,
    float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr, size_t tail, const char *next,
    size_t step, const squall_epilogue *e) {
  vf acc[MR][MAX_VECTORS];
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++)
      acc[m][v] = e->accumulate ? splat(0) : load(w + v * LANES);
  gemm_chain(rows, vectors, k, a, lda, w, next, step, acc);
  const bool acts =
      e->activation > SQUALL_ACTIVATION_NONE && e->activation < SQUALL_ACTIVATION_UNARY;
  if (tail < LANES || residual || acts) {
    finish_vectors(rows, vectors, acc, out, ldo, residual, ldr, tail, e);
    return;
  }
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++) {
      float *o = out + m * ldo + v * LANES;
      if (e->accumulate) acc[m][v] += load(o);
      store(o, acc[m][v]);
    }
}

// One row has one accumulator a vector, and would wait for each addition: four, by k modulo 4.
INLINE void gemv_tile(
    const int vectors, size_t k, const float *a, const float *w, float *out, const float *residual,
    size_t tail, const char *next, size_t step, const squall_epilogue *e) {
  vf acc[MR][MAX_VECTORS], part[4][MAX_VECTORS];
  UNROLL for (int v = 0; v < vectors; v++) {
    acc[0][v] = load(w + v * LANES);
    UNROLL for (int u = 0; u < 4; u++) part[u][v] = splat(0);
  }
  if (e->accumulate) reload_tile(1, vectors, 1, acc, out, 0, tail);
  w += vectors * LANES;
  size_t i = 0;
  for (; i + 4 <= k; i += 4, w += 4 * vectors * LANES, next += 4 * step)
    UNROLL for (int u = 0; u < 4; u++) {
      UNROLL for (int v = 0; v < vectors; v++) {
        __builtin_prefetch(next + (u * vectors + v) * 64, 0, 2);
        const vf b = load(w + (u * vectors + v) * LANES);
        part[u][v] = PRODUCT_STEP(part[u][v], splat(a[i + u]), b);
      }
    }
  for (; i < k; i++, w += vectors * LANES)
    UNROLL for (int v = 0; v < vectors; v++) part[0][v] = PRODUCT_STEP(part[0][v], splat(a[i]), load(w + v * LANES));
  UNROLL for (int v = 0; v < vectors; v++)
    acc[0][v] += (part[0][v] + part[1][v]) + (part[2][v] + part[3][v]);
  finish_tile(1, vectors, 1, acc, out, 0, residual, 0, tail, e);
}

INLINE void gemm_panel(
    const int vectors, size_t rows, size_t n, size_t k, const float *a, ptrdiff_t lda,
    const float *panel, float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr,
    const char *next, size_t next_bytes, const squall_epilogue *e) {
  const size_t tail = n - (size_t)(vectors - 1) * LANES;
  // Evenly over all k of all tiles; the same line is asked for again rather than left out.
  const size_t steps = k * ((rows + MR - 1) / MR);
  const size_t step = steps == 0 ? 0 : (next_bytes + steps - 1) / steps;
#define TILE(r)                                                                        \
  do {                                                                                 \
    gemm_tile(r, vectors, k, a, lda, panel, out, ldo, residual, ldr, tail, next, step, e); \
    a += (r) * lda;                                                                    \
    out += (r) * ldo;                                                                  \
    if (residual) residual += (r) * ldr;                                               \
    next += k * step;                                                                  \
  } while (0)
  // A row has the same bits in whatever tile it is, unless it is alone.
  if (rows == 1) return gemv_tile(vectors, k, a, panel, out, residual, tail, next, step, e);
  for (; rows >= MR; rows -= MR) {
#if MR > 6
    // One row more than a tile: a tile of one would wait for its additions.
    if (rows == MR + 1) {
      TILE(5);
      rows -= 5;
      break;
    }
#endif
    TILE(MR);
  }
  switch (rows) {
#if MR > 6
    case 7: TILE(7); break;
    case 6: TILE(6); break;
#endif
#if MR > 4
    case 5: TILE(5); break;
    case 4: TILE(4); break;
#endif
    case 3: TILE(3); break;
    case 2: TILE(2); break;
    case 1: TILE(1); break;
    default: break;
  }
#undef TILE
}

#define PANEL(vectors)                                                                         \
  static __attribute__((noinline)) void gemm_panel_##vectors(                                  \
      size_t rows, size_t n, size_t k, const float *a, ptrdiff_t lda, const float *panel,      \
      float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr, const char *next,       \
      size_t next_bytes, const squall_epilogue *e) {                                           \
    gemm_panel(                                                                                \
        vectors, rows, n, k, a, lda, panel, out, ldo, residual, ldr, next, next_bytes, e);     \
  }
PANEL(1)
PANEL(2)
#if MAX_VECTORS == 3
PANEL(3)
#endif
#undef PANEL

static void f32_gemm(
    size_t rows, size_t vectors, size_t n, size_t k, const float *a, ptrdiff_t lda,
    const float *panel, float *out, ptrdiff_t ldo, const float *residual, ptrdiff_t ldr,
    const void *next, size_t next_bytes, const squall_epilogue *e) {
  assert(vectors >= 1 && vectors <= MAX_VECTORS && n > (vectors - 1) * LANES);
  assert(n <= vectors * LANES && panel && out && e && next);
#define PANEL(v) \
  gemm_panel_##v(rows, n, k, a, lda, panel, out, ldo, residual, ldr, next, next_bytes, e)
  switch (vectors) {
    case 1: PANEL(1); break;
    default: PANEL(2); break;
#if MAX_VECTORS == 3
    case 3: PANEL(3); break;
#endif
  }
#undef PANEL
  if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(rows, n, out, ldo, e);
}
