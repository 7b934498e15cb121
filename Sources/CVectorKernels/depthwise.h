// Room: CVectorKernels. Depthwise convolution: along rows, or with a channel in each lane.

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
    const int rows, const int vectors, size_t taps_y, size_t taps_x, ptrdiff_t step, size_t tail,
    const float *w, float bias, const float *in, ptrdiff_t pitch, float *out, ptrdiff_t ldo,
    const float *residual, ptrdiff_t ldr, const squall_epilogue *e) {
  vf acc[MR][MAX_VECTORS];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = splat(bias);
#define ROW(i, low, high)                                                                      \
  for (size_t j = 0; j < taps_x; j++) {                                                        \
    vf x[MAX_VECTORS];                                                                         \
    UNROLL for (int v = 0; v < vectors; v++)                                                   \
      x[v] = load(in + (ptrdiff_t)(i) * pitch + (ptrdiff_t)j * step + v * LANES);              \
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
    size_t taps_y, size_t taps_x, ptrdiff_t step, size_t rows, size_t n, const float *w,
    float bias, const float *in, ptrdiff_t pitch, float *out, ptrdiff_t ldo, const float *residual,
    ptrdiff_t ldr, const squall_epilogue *e) {
  assert(taps_y > 0 && taps_x > 0 && w && in && out && e);
  size_t y = 0;
#define BLOCK(rows, vectors, tail)                                                             \
  depthwise_block(                                                                             \
      rows, vectors, taps_y, taps_x, step, tail, w, bias, in + (ptrdiff_t)y * pitch + x,       \
      pitch, out + (ptrdiff_t)y * ldo + x, ldo,                                                \
      residual ? residual + (ptrdiff_t)y * ldr + x : NULL, ldr, e)
#define LINE(rows)                                                                             \
  do {                                                                                         \
    size_t x = 0;                                                                              \
    for (; x + 2 * LANES <= n; x += 2 * LANES) BLOCK(rows, 2, LANES);                          \
    if (n - x > LANES) BLOCK(rows, 2, n - x - LANES);                                          \
    else if (n > x) BLOCK(rows, 1, n - x);                                                     \
  } while (0)
  if (taps_y >= 4)
    for (; y + 4 <= rows; y += 4) LINE(4);
  if (taps_y == 3)
    for (; y + 3 <= rows; y += 3) LINE(3);
  for (; y < rows; y++) LINE(1);
#undef LINE
#undef BLOCK
  if (e->activation >= SQUALL_ACTIVATION_UNARY) activate_rows(rows, n, out, ldo, e);
}

// LANES rows of LANES values to columns: rows of the one half between those of the other, until
// every row has met every other.
INLINE void transpose_lanes(vf v[LANES]) {
  UNROLL for (int stage = 1; stage < LANES; stage *= 2) {
    vf w[LANES];
    UNROLL for (int i = 0; i < LANES / 2; i++) {
      w[2 * i] = LOW(v[i], v[i + LANES / 2]);
      w[2 * i + 1] = HIGH(v[i], v[i + LANES / 2]);
    }
    UNROLL for (int i = 0; i < LANES; i++) v[i] = w[i];
  }
}

static void f32_to_lanes(
    size_t channels, size_t n, const float *in, ptrdiff_t in_stride, float *out) {
  assert(channels > 0 && channels <= LANES && in && out);
  for (size_t x = 0; x < n; x += LANES) {
    const size_t left = n - x < LANES ? n - x : LANES;
    vf v[LANES];
    UNROLL for (int c = 0; c < LANES; c++) {
      const float *p = in + c * in_stride + x;
      v[c] = (size_t)c >= channels ? splat(0) : left < LANES ? load_part(p, left) : load(p);
    }
    transpose_lanes(v);
    UNROLL for (int i = 0; i < LANES; i++)
      if ((size_t)i < left) store(out + (x + (size_t)i) * LANES, v[i]);
  }
}

static void f32_from_lanes(
    size_t channels, size_t n, const float *in, float *out, ptrdiff_t out_stride) {
  assert(channels > 0 && channels <= LANES && in && out);
  for (size_t x = 0; x < n; x += LANES) {
    const size_t left = n - x < LANES ? n - x : LANES;
    vf v[LANES];
    UNROLL for (int i = 0; i < LANES; i++)
      v[i] = (size_t)i < left ? load(in + (x + (size_t)i) * LANES) : splat(0);
    transpose_lanes(v);
    UNROLL for (int c = 0; c < LANES; c++) {
      if ((size_t)c >= channels) break;
      float *p = out + c * out_stride + x;
      if (left < LANES) store_part(p, v[c], left);
      else store(p, v[c]);
    }
  }
}

// Some columns of one row, a channel in each lane.
INLINE void depthwise_columns(
    const int columns, const squall_lane_window *window, const float *w, vf bias, const float *in,
    float *out) {
  vf acc[8];
  UNROLL for (int c = 0; c < columns; c++) acc[c] = bias;
  for (size_t i = 0; i < window->taps_y; i++)
    for (size_t j = 0; j < window->taps_x; j++, w += LANES) {
      const float *p = in + (ptrdiff_t)i * window->tap_row + (ptrdiff_t)j * window->tap_column;
      const vf s = load(w);
      UNROLL for (int c = 0; c < columns; c++) acc[c] += s * load(p + c * window->column_step);
    }
  UNROLL for (int c = 0; c < columns; c++) store(out + c * LANES, acc[c]);
}

static void f32_depthwise_lanes(
    const squall_lane_window *window, size_t rows, size_t columns, const float *w, const float *in,
    float *out) {
  assert(window && w && in && out);
  const vf bias = load(w);
  w += LANES;
  for (size_t y = 0; y < rows; y++, in += window->row_step) {
    for (size_t x = 0; x < columns;) {
      const size_t left = columns - x, blocks = (left + 7) / 8;
      const size_t count = (left + blocks - 1) / blocks;
      const float *p = in + (ptrdiff_t)x * window->column_step;
      switch (count) {
#define COLUMNS(n) case n: depthwise_columns(n, window, w, bias, p, out); break
        COLUMNS(1);
        COLUMNS(2);
        COLUMNS(3);
        COLUMNS(4);
        COLUMNS(5);
        COLUMNS(6);
        COLUMNS(7);
        COLUMNS(8);
#undef COLUMNS
        default: return;
      }
      x += count;
      out += count * LANES;
    }
  }
}
