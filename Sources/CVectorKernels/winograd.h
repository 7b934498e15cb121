// Room: CVectorKernels. Winograd's transforms for 3 x 3 convolutions, many tiles side by side.
//
// A tile of m x m outputs is A^T [(G g G^T) * (B^T d B)] A: (m + 2)^2 products in place of 9 m^2.
// The interpolation points are 0, +-3/4, +-3/2 and infinity for m = 4 and 0, +-1 and infinity for
// m = 2: with those all factors below are exact in float, and the error stays that of a direct sum.
// Symmetric points share the even and the odd part of their polynomials.

INLINE void winograd_in_6(vf v[6]) {
  const vf d0 = v[0], d1 = v[1], d2 = v[2], d3 = v[3], d4 = v[4], d5 = v[5];
  const vf even_near = d4 - d2 * 2.25f, odd_near = d3 - d1 * 2.25f;
  const vf even_far = d4 - d2 * 0.5625f, odd_far = d3 - d1 * 0.5625f;
  v[0] = d0 * 1.265625f + (d4 - d2 * 2.8125f);
  v[1] = odd_near * 0.75f + even_near;
  v[2] = even_near - odd_near * 0.75f;
  v[3] = odd_far * 1.5f + even_far;
  v[4] = even_far - odd_far * 1.5f;
  v[5] = d1 * 1.265625f + (d5 - d3 * 2.8125f);
}

INLINE void winograd_out_6(vf v[6]) {
  const vf even_near = v[1] + v[2], odd_near = v[1] - v[2];
  const vf even_far = v[3] + v[4], odd_far = v[3] - v[4];
  v[0] = v[0] + even_near + even_far;
  v[1] = odd_near * 0.75f + odd_far * 1.5f;
  v[2] = even_near * 0.5625f + even_far * 2.25f;
  v[3] = odd_near * 0.421875f + (odd_far * 3.375f + v[5]);
}

INLINE void winograd_in_4(vf v[4]) {
  const vf d0 = v[0], d1 = v[1], d2 = v[2], d3 = v[3];
  v[0] = d0 - d2;
  v[1] = d1 + d2;
  v[2] = d2 - d1;
  v[3] = d3 - d1;
}

INLINE void winograd_out_4(vf v[4]) {
  const vf even = v[1] + v[2], odd = v[1] - v[2];
  v[0] = v[0] + even;
  v[1] = odd + v[3];
}

// Every m-th of the values from `in` on, for each of the m + 2 columns of n tiles side by side.
INLINE void winograd_split(
    const int m, size_t n, const float *in, float *out, ptrdiff_t column_stride) {
  for (size_t t = 0; t < n; t += LANES, in += m * LANES, out += LANES) {
    // The last two columns are the next tile's first.
    if (m == 4) {
      const vf a = load(in), b = load(in + LANES), c = load(in + 2 * LANES);
      const vf d = load(in + 3 * LANES);
      const vf ab = EVEN(a, b), cd = EVEN(c, d), ab1 = ODD(a, b), cd1 = ODD(c, d);
      store(out, EVEN(ab, cd));
      store(out + column_stride, EVEN(ab1, cd1));
      store(out + 2 * column_stride, ODD(ab, cd));
      store(out + 3 * column_stride, ODD(ab1, cd1));
      const vf e = load(in + 4), f = load(in + LANES + 4), g = load(in + 2 * LANES + 4);
      const vf h = load(in + 3 * LANES + 4);
      store(out + 4 * column_stride, EVEN(EVEN(e, f), EVEN(g, h)));
      store(out + 5 * column_stride, EVEN(ODD(e, f), ODD(g, h)));
    } else {
      const vf a = load(in), b = load(in + LANES), c = load(in + 2), d = load(in + LANES + 2);
      store(out, EVEN(a, b));
      store(out + column_stride, ODD(a, b));
      store(out + 2 * column_stride, EVEN(c, d));
      store(out + 3 * column_stride, ODD(c, d));
    }
  }
}

// Zeros, then n values, then zeros up to `length`.
INLINE void winograd_pad(
    size_t before, size_t n, size_t length, const float *in, float *line) {
  for (size_t i = 0; i < before; i++) line[i] = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(line + before + i, load(in + i));
  if (i < n) store(line + before + i, load_part(in + i, n - i));
  for (i = before + n; i < length; i += LANES) store(line + i, splat(0));
}

// The `seen` values that lie `step` apart from column x of a row on, zero outside it, then zeros.
INLINE void winograd_line(
    const float *row, ptrdiff_t width, ptrdiff_t x, ptrdiff_t step, ptrdiff_t seen, ptrdiff_t read,
    float *line) {
  const ptrdiff_t before = x < 0 ? (-x + step - 1) / step : 0;
  const ptrdiff_t inside = width <= x ? 0 : (width - x + step - 1) / step;
  const ptrdiff_t from = before < seen ? before : seen;
  const ptrdiff_t to = inside < from ? from : inside < seen ? inside : seen;
  if (step == 1 || from == to) {
    winograd_pad((size_t)from, (size_t)(to - from), (size_t)read, row + x + from, line);
    return;
  }
  const float *p = row + x + from * step;
  for (ptrdiff_t i = 0; i < from; i++) line[i] = 0;
  for (ptrdiff_t i = from; i < to; i++, p += step) line[i] = *p;
  for (ptrdiff_t i = to; i < read; i += LANES) store(line + i, splat(0));
}

INLINE void winograd_split_tiles(
    const int m, const squall_winograd *shape, const float *plane, size_t first, size_t n,
    float *line, float *out, ptrdiff_t stride) {
  const int side = m + 2;
  const ptrdiff_t height = (ptrdiff_t)shape->height, width = (ptrdiff_t)shape->width;
  const ptrdiff_t step = shape->step_x;
  for (size_t done = 0; done < n;) {
    const size_t row = (first + done) / shape->columns, column = (first + done) % shape->columns;
    const size_t left = shape->columns - column, count = left < n - done ? left : n - done;
    const ptrdiff_t x = step * (ptrdiff_t)(m * column) - shape->left;
    const ptrdiff_t seen = (ptrdiff_t)(m * count) + 2;
    const ptrdiff_t read = m * (ptrdiff_t)((count + LANES - 1) / LANES * LANES) + 4;
    for (int i = 0; i < side; i++) {
      const ptrdiff_t y = shape->step_y * ((ptrdiff_t)(m * row) + i) - shape->top;
      const float *source = line;
      if (!plane || y < 0 || y >= height) winograd_pad(0, 0, (size_t)read, line, line);
      else if (step == 1 && x >= 0 && x + seen <= width && y * width + x + read <= height * width)
        source = plane + y * width + x;
      else winograd_line(plane + y * width, width, x, step, seen, read, line);
      winograd_split(m, count, source, out + i * side * stride + done, stride);
    }
    done += count;
  }
}

static void f32_winograd_split(
    const squall_winograd *shape, const float *plane, size_t first, size_t n, float *line,
    float *out, ptrdiff_t stride) {
  assert(shape && shape->columns > 0 && line && out && (shape->m == 2 || shape->m == 4));
  if (shape->m == 4) winograd_split_tiles(4, shape, plane, first, n, line, out, stride);
  else winograd_split_tiles(2, shape, plane, first, n, line, out, stride);
}

INLINE void winograd_in(const int side, size_t n, const float *in, ptrdiff_t in_stride, float *out,
    ptrdiff_t out_stride) {
  for (size_t t = 0; t < n; t += LANES) {
    vf d[6][6];
    UNROLL for (int j = 0; j < side; j++) {
      vf v[6];
      UNROLL for (int i = 0; i < side; i++) v[i] = load(in + (i * side + j) * in_stride + t);
      if (side == 6) winograd_in_6(v);
      else winograd_in_4(v);
      UNROLL for (int i = 0; i < side; i++) d[i][j] = v[i];
    }
    UNROLL for (int i = 0; i < side; i++) {
      if (side == 6) winograd_in_6(d[i]);
      else winograd_in_4(d[i]);
      UNROLL for (int j = 0; j < side; j++) store(out + (i * side + j) * out_stride + t, d[i][j]);
    }
  }
}

static void f32_winograd_in(
    size_t m, size_t n, const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride) {
  assert((m == 2 || m == 4) && in && out);
  if (m == 4) winograd_in(6, n, in, in_stride, out, out_stride);
  else winograd_in(4, n, in, in_stride, out, out_stride);
}

// The m values of each of a vector of tiles, tile after tile.
INLINE void winograd_join(const int m, const vf *v, float *out) {
  if (m == 4) {
    const vf a = LOW(v[0], v[2]), b = HIGH(v[0], v[2]);
    const vf c = LOW(v[1], v[3]), d = HIGH(v[1], v[3]);
    store(out, LOW(a, c));
    store(out + LANES, HIGH(a, c));
    store(out + 2 * LANES, LOW(b, d));
    store(out + 3 * LANES, HIGH(b, d));
  } else {
    store(out, LOW(v[0], v[1]));
    store(out + LANES, HIGH(v[0], v[1]));
  }
}

INLINE void winograd_out(const int side, size_t n, const float *in, ptrdiff_t in_stride, float bias,
    float *out, ptrdiff_t out_stride) {
  for (size_t t = 0; t < n; t += LANES) {
    vf d[4][6];
    UNROLL for (int j = 0; j < side; j++) {
      vf v[6];
      UNROLL for (int i = 0; i < side; i++) v[i] = load(in + (i * side + j) * in_stride + t);
      if (side == 6) winograd_out_6(v);
      else winograd_out_4(v);
      UNROLL for (int i = 0; i < side - 2; i++) d[i][j] = v[i];
    }
    UNROLL for (int i = 0; i < side - 2; i++) {
      if (side == 6) winograd_out_6(d[i]);
      else winograd_out_4(d[i]);
      UNROLL for (int j = 0; j < side - 2; j++) d[i][j] += bias;
      winograd_join(side - 2, d[i], out + i * out_stride + (side - 2) * t);
    }
  }
}

static void f32_winograd_out(
    size_t m, size_t n, const float *in, ptrdiff_t in_stride, float bias, float *out,
    ptrdiff_t out_stride) {
  assert((m == 2 || m == 4) && in && out);
  if (m == 4) winograd_out(6, n, in, in_stride, bias, out, out_stride);
  else winograd_out(4, n, in, in_stride, bias, out, out_stride);
}

// One row of results, `step` apart in the plane.
INLINE void winograd_finish(
    size_t n, float *in, ptrdiff_t step, const float *residual, float *out,
    const squall_epilogue *e) {
  if (step == 1) {
    f32_finish(n, in, residual, out, e);
    return;
  }
  if (residual)
    for (size_t x = 0; x < n; x++) in[x] += residual[(ptrdiff_t)x * step];
  f32_finish(n, in, NULL, in, e);
  for (size_t x = 0; x < n; x++) out[(ptrdiff_t)x * step] = in[x];
}

static void f32_winograd_join(
    const squall_winograd *shape, size_t first, size_t n, float *in, ptrdiff_t stride,
    const float *residual, float *plane, const squall_epilogue *e) {
  assert(shape && shape->columns > 0 && in && plane && e);
  const ptrdiff_t m = (ptrdiff_t)shape->m;
  const ptrdiff_t height = (ptrdiff_t)shape->out_height, width = (ptrdiff_t)shape->out_width;
  for (size_t done = 0; done < n;) {
    const size_t row = (first + done) / shape->columns, column = (first + done) % shape->columns;
    const size_t left = shape->columns - column, count = left < n - done ? left : n - done;
    const ptrdiff_t x = shape->phase_x + shape->step_x * m * (ptrdiff_t)column;
    const ptrdiff_t inside = x < width ? (width - x + shape->step_x - 1) / shape->step_x : 0;
    const ptrdiff_t wanted = m * (ptrdiff_t)count, seen = inside < wanted ? inside : wanted;
    for (ptrdiff_t i = 0; i < m && seen > 0; i++) {
      const ptrdiff_t y = shape->phase_y + shape->step_y * (m * (ptrdiff_t)row + i);
      if (y >= height) break;
      const ptrdiff_t place = y * width + x;
      winograd_finish(
          (size_t)seen, in + i * stride + m * (ptrdiff_t)done, shape->step_x,
          residual ? residual + place : NULL, plane + place, e);
    }
    done += count;
  }
}

// 1 / N of each point, N being the product of its distances from the others, goes to the weights.
INLINE void winograd_weights_6(double v[6], double a, double b, double c) {
  const double near = (a + c * 0.5625) * (-1 / 1.8984375), near_odd = b * (-0.75 / 1.8984375);
  const double far = (a + c * 2.25) * (1 / 7.59375), far_odd = b * (1.5 / 7.59375);
  v[0] = a * (1 / 1.265625);
  v[1] = near + near_odd;
  v[2] = near - near_odd;
  v[3] = far + far_odd;
  v[4] = far - far_odd;
  v[5] = c;
}

INLINE void winograd_weights_4(double v[4], double a, double b, double c) {
  v[0] = a;
  v[1] = (a + b + c) / 2;
  v[2] = (a - b + c) / 2;
  v[3] = c;
}

// Windows of the weights whose rows lie `row_step` apart, their taps `tap_step`. What becomes of some is
// put together first: the places of one window's points share a few sets of the cache.
#define WINOGRAD_WINDOWS 16
INLINE void winograd_weights(
    const int side, const size_t rows, size_t panel_rows, size_t depth, const float *in,
    ptrdiff_t row_step, const ptrdiff_t tap_step, float *out, ptrdiff_t out_stride) {
  float values[36][WINOGRAD_WINDOWS * MR];
  for (size_t first = 0; first < depth; first += WINOGRAD_WINDOWS) {
    const size_t count = depth - first < WINOGRAD_WINDOWS ? depth - first : WINOGRAD_WINDOWS;
    for (size_t k = 0; k < count; k++) {
      for (size_t r = 0; r < rows; r++) {
        const float *g = in + (ptrdiff_t)r * row_step + 9 * (ptrdiff_t)(first + k) * tap_step;
        double line[3][6];
        UNROLL for (int i = 0; i < 3; i++) {
          const double a = g[3 * i * tap_step], b = g[(3 * i + 1) * tap_step];
          const double c = g[(3 * i + 2) * tap_step];
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
    ptrdiff_t tap_step, float *out, ptrdiff_t out_stride) {
  assert((m == 2 || m == 4) && rows <= panel_rows && panel_rows <= MR && in && out);
  // Weights that are in whole panels already are vectors.
  const bool in_panels = rows == MR && panel_rows == MR && row_step == 1 && tap_step == MR;
  if (m == 4 && in_panels) winograd_weights(6, MR, MR, depth, in, 1, MR, out, out_stride);
  else if (m == 4)
    winograd_weights(6, rows, panel_rows, depth, in, row_step, tap_step, out, out_stride);
  else winograd_weights(4, rows, panel_rows, depth, in, row_step, tap_step, out, out_stride);
}
