// Room: CVectorKernels. Weights of 3 x 3 windows at Winograd's points: G g G^T of each window g.
//
// Points are those of winograd.h. 1 / N of each, N being the product of its distances from the others,
// goes to the weights: in double precision where they are kept, in float where they are made anew in
// each run, which adds a few hundredths to the error of a sum of many products.

#define WINOGRAD_WEIGHTS(name, value, number)                                                   \
  INLINE void name##_6(value v[6], value a, value b, value c) {                                 \
    const value near = (c * (number)0.5625 + a) * (number)(-1 / 1.8984375);                     \
    const value far = (c * (number)2.25 + a) * (number)(1 / 7.59375);                           \
    v[0] = a * (number)(1 / 1.265625);                                                          \
    v[1] = near - b * (number)(0.75 / 1.8984375);                                               \
    v[2] = b * (number)(0.75 / 1.8984375) + near;                                               \
    v[3] = b * (number)(1.5 / 7.59375) + far;                                                   \
    v[4] = far - b * (number)(1.5 / 7.59375);                                                   \
    v[5] = c;                                                                                   \
  }                                                                                             \
  INLINE void name##_4(value v[6], value a, value b, value c) {                                 \
    v[0] = a;                                                                                   \
    v[1] = (a + c + b) * (number)0.5;                                                           \
    v[2] = (a + c - b) * (number)0.5;                                                           \
    v[3] = c;                                                                                   \
  }
WINOGRAD_WEIGHTS(winograd_weights, double, double)
WINOGRAD_WEIGHTS(winograd_windows, vf, float)
#undef WINOGRAD_WEIGHTS

// What becomes of some windows is put together first: the places of one window's points share a few
// sets of the cache.
#define WINOGRAD_WINDOWS 16
INLINE void winograd_keep(
    const int side, size_t rows, size_t panel_rows, size_t depth, const float *in,
    ptrdiff_t row_step, float *out, ptrdiff_t out_stride) {
  float values[36][WINOGRAD_WINDOWS * MR];
  for (size_t first = 0; first < depth; first += WINOGRAD_WINDOWS) {
    const size_t count = depth - first < WINOGRAD_WINDOWS ? depth - first : WINOGRAD_WINDOWS;
    for (size_t k = 0; k < count; k++) {
      for (size_t r = 0; r < rows; r++) {
        const float *g = in + (ptrdiff_t)r * row_step + 9 * (ptrdiff_t)(first + k);
        double line[3][6];
        UNROLL for (int i = 0; i < 3; i++) {
          const double a = g[3 * i], b = g[3 * i + 1], c = g[3 * i + 2];
          if (side == 6) winograd_weights_6(line[i], a, b, c);
          else winograd_weights_4(line[i], a, b, c);
        }
        UNROLL for (int j = 0; j < side; j++) {
          double v[6];
          if (side == 6) winograd_weights_6(v, line[0][j], line[1][j], line[2][j]);
          else winograd_weights_4(v, line[0][j], line[1][j], line[2][j]);
          UNROLL for (int i = 0; i < side; i++)
            values[i * side + j][k * panel_rows + r] = (float)v[i];
        }
      }
      for (int p = 0; p < side * side; p++)
        for (size_t r = rows; r < panel_rows; r++) values[p][k * panel_rows + r] = 0;
    }
    for (int p = 0; p < side * side; p++)
      memcpy(
          out + p * out_stride + (ptrdiff_t)(first * panel_rows), values[p],
          count * panel_rows * sizeof(float));
  }
}

static void f32_winograd_weights(
    size_t m, size_t rows, size_t panel_rows, size_t depth, const float *in, ptrdiff_t row_step,
    float *out, ptrdiff_t out_stride) {
  assert((m == 2 || m == 4) && rows <= panel_rows && panel_rows <= MR && in && out);
  if (m == 4) winograd_keep(6, rows, panel_rows, depth, in, row_step, out, out_stride);
  else winograd_keep(4, rows, panel_rows, depth, in, row_step, out, out_stride);
}

// A panel's rows of one window, or, with `pair`, of that and the next, `step` further.
INLINE vf winograd_load_rows(const bool pair, size_t rows, const float *in, ptrdiff_t step) {
#if LANES == 16 && MR == 8
  typedef float half_any __attribute__((ext_vector_type(8), aligned(4)));
  if (pair) {
    const half_any a = *(const half_any *)in, b = *(const half_any *)(in + step);
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  }
#endif
  return rows == LANES ? load(in) : load_part(in, rows);
}

// One vector of windows at all points. What lies behind its rows is written over with `whole`.
INLINE void winograd_expand_rows(
    const int side, const bool pair, const bool whole, size_t rows, const float *in,
    ptrdiff_t step, const ptrdiff_t *taps, float *out, ptrdiff_t out_stride) {
  vf line[3][6];
  UNROLL for (int i = 0; i < 3; i++) {
    vf g[3];
    UNROLL for (int j = 0; j < 3; j++) {
      const ptrdiff_t tap = taps[3 * i + j];
      g[j] = tap < 0 ? splat(0) : winograd_load_rows(pair, rows, in + tap, step);
    }
    if (side == 6) winograd_windows_6(line[i], g[0], g[1], g[2]);
    else winograd_windows_4(line[i], g[0], g[1], g[2]);
  }
  UNROLL for (int j = 0; j < side; j++) {
    vf v[6];
    if (side == 6) winograd_windows_6(v, line[0][j], line[1][j], line[2][j]);
    else winograd_windows_4(v, line[0][j], line[1][j], line[2][j]);
    UNROLL for (int i = 0; i < side; i++) {
      float *target = out + (i * side + j) * out_stride;
      if (pair || whole) store(target, v[i]);
      else store_part(target, v[i], rows);
    }
  }
}

INLINE void winograd_expand(
    const int side, size_t rows, size_t depth, const float *in, ptrdiff_t step,
    const ptrdiff_t *taps, float *out, ptrdiff_t out_stride) {
  size_t k = 0;
#if LANES == 16 && MR == 8
  if (rows == MR)
    for (; k + 2 <= depth; k += 2, in += 2 * step, out += 2 * MR)
      winograd_expand_rows(side, true, true, MR, in, step, taps, out, out_stride);
#else
  // The next window's rows are written afterwards.
  if (rows == MR)
    for (; k * MR + LANES <= depth * MR; k++, in += step, out += MR)
      winograd_expand_rows(side, false, true, MR, in, step, taps, out, out_stride);
#endif
  for (; k < depth; k++, in += step, out += rows)
    winograd_expand_rows(side, false, false, rows, in, step, taps, out, out_stride);
}

static void f32_winograd_expand(
    size_t m, size_t panel_rows, size_t depth, const float *in, ptrdiff_t step,
    const ptrdiff_t *taps, float *out, ptrdiff_t out_stride) {
  assert((m == 2 || m == 4) && panel_rows > 0 && panel_rows <= MR && in && taps && out);
  ptrdiff_t places[9];
  for (int i = 0; i < 9; i++) places[i] = taps[i] * (ptrdiff_t)panel_rows;
  step *= (ptrdiff_t)panel_rows;
  if (m == 4) winograd_expand(6, panel_rows, depth, in, step, places, out, out_stride);
  else winograd_expand(4, panel_rows, depth, in, step, places, out, out_stride);
}
