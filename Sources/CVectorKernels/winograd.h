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

// Every m-th of the values from `in` on, for each of the m + 2 columns of n tiles side by side. The last
// two columns are the next tile's first; nobody comes after the last.
INLINE void winograd_columns(
    const int m, size_t n, const float *in, float *out, ptrdiff_t stride) {
  vf v[4], last[2] = {splat(0), splat(0)};
  for (size_t t = 0; t < n; t += LANES, in += m * LANES, out += LANES) {
    if (m == 4) {
      const vf a = load(in), b = load(in + LANES), c = load(in + 2 * LANES);
      const vf d = load(in + 3 * LANES);
      const vf ab = EVEN(a, b), cd = EVEN(c, d), ab1 = ODD(a, b), cd1 = ODD(c, d);
      v[0] = EVEN(ab, cd);
      v[1] = EVEN(ab1, cd1);
      v[2] = ODD(ab, cd);
      v[3] = ODD(ab1, cd1);
    } else {
      const vf a = load(in), b = load(in + LANES);
      v[0] = EVEN(a, b);
      v[1] = ODD(a, b);
    }
    UNROLL for (int j = 0; j < m; j++) store(out + j * stride, v[j]);
    UNROLL for (int j = 0; j < 2; j++) {
      if (t > 0) store(out + (m + j) * stride - LANES, NEXT(last[j], v[j]));
      last[j] = v[j];
    }
  }
  UNROLL for (int j = 0; j < 2; j++) store(out + (m + j) * stride - LANES, NEXT(last[j], last[j]));
}

// Values that lie in rows of a plane, zero outside it: `rows` rows from row y and column x on, `n` of
// each, steps apart.
typedef struct winograd_area {
  ptrdiff_t rows, n, y, x;
} winograd_area;

static float *winograd_take(
    const squall_winograd *shape, const float *plane, winograd_area a, ptrdiff_t row_step,
    float *line) {
  const ptrdiff_t width = (ptrdiff_t)shape->width, height = (ptrdiff_t)shape->height;
  const ptrdiff_t step = shape->step_x;
  float *const end = line + a.rows * a.n;
  for (; a.rows > 0 && (!plane || a.y < 0); a.rows--, a.y += row_step, line += a.n)
    memset(line, 0, (size_t)a.n * sizeof(float));
  const ptrdiff_t below = a.y < height ? (height - 1 - a.y) / row_step + 1 : 0;
  const ptrdiff_t rows = below < a.rows ? below : a.rows;
  memset(line + rows * a.n, 0, (size_t)((a.rows - rows) * a.n) * sizeof(float));
  if (rows == 0) return end;
  const float *in = plane + a.y * width + a.x;
  if (step > 1) {
    // The elements that are there are the same ones in all rows.
    const ptrdiff_t before = a.x >= 0 ? 0 : (-a.x + step - 1) / step;
    const ptrdiff_t inside = a.x < width ? (width - 1 - a.x) / step + 1 : 0;
    const ptrdiff_t low = before < a.n ? before : a.n, high = inside < a.n ? inside : a.n;
    for (ptrdiff_t r = 0; r < rows; r++, in += row_step * width, line += a.n) {
      for (ptrdiff_t i = 0; i < low; i++) line[i] = 0;
      for (ptrdiff_t i = low; i < high; i++) line[i] = in[i * step];
      for (ptrdiff_t i = high > low ? high : low; i < a.n; i++) line[i] = 0;
    }
    return end;
  }
  // Vectors that are there row by row; what is there of the others is the same for all rows.
  const ptrdiff_t most = a.n - LANES < width - a.x - LANES ? a.n - LANES : width - a.x - LANES;
  const ptrdiff_t first = a.x >= 0 ? 0 : (-a.x + LANES - 1) / LANES * LANES;
  const ptrdiff_t last = most < first ? first : (most - first) / LANES * LANES + first + LANES;
  for (ptrdiff_t r = 0; r < rows; r++)
    for (ptrdiff_t i = first; i < last; i += LANES)
      store(line + r * a.n + i, load(in + r * row_step * width + i));
  for (ptrdiff_t i = 0; i < a.n; i += LANES) {
    if (i == first) i = last;
    if (i >= a.n) break;
    const size_t tail = (size_t)(a.n - i) < LANES ? (size_t)(a.n - i) : LANES;
    const ptrdiff_t low = -a.x - i, high = width - a.x - i;
    for (ptrdiff_t r = 0; r < rows; r++) {
      const vf v = load_between(in + r * row_step * width + i, low, high, splat(0));
      if (tail == LANES) store(line + r * a.n + i, v);
      else store_part(line + r * a.n + i, v, tail);
    }
  }
  return end;
}

// Rows of tiles are joined, so that vectors are full however short they are; what the last tile of a
// row shares with no other is put in afterwards. Where there are several, the last two rows that a row
// of tiles sees are the first two of the next.
INLINE void winograd_split_tiles(
    const int m, const squall_winograd *shape, const float *plane, size_t first, size_t n,
    float *line, float *out, ptrdiff_t stride) {
  const int side = m + 2;
  const ptrdiff_t height = (ptrdiff_t)shape->height, width = (ptrdiff_t)shape->width;
  const ptrdiff_t step = shape->step_x, columns = (ptrdiff_t)shape->columns, all = (ptrdiff_t)n;
  const ptrdiff_t read = m * ((all + LANES - 1) / LANES * LANES);
  const ptrdiff_t row = (ptrdiff_t)first / columns, column = (ptrdiff_t)first % columns;
  const ptrdiff_t begin = column > 0 ? columns - column : 0;
  const ptrdiff_t left = step * m * column - shape->left, next_row = shape->step_y * m;
  const bool shares = all > columns;
  const bool inside = column + all <= columns && step == 1 && left >= 0 && left + read <= width;
  for (int i = 0; i < side; i++) {
    if (shares && i >= m) break;
    float *target = out + i * side * stride;
    ptrdiff_t y = shape->step_y * (m * row + i) - shape->top;
    if (inside && plane && y >= 0 && y < height) {
      winograd_columns(m, n, plane + y * width + left, target, stride);
    } else {
      const ptrdiff_t tiles = shares && i < 2 ? all + columns : all;
      const ptrdiff_t part = begin < tiles ? begin : tiles, rows = (tiles - part) / columns;
      float *end = line;
      if (part > 0) end = winograd_take(shape, plane, (winograd_area){1, m * part, y, left}, 1, end);
      if (part > 0) y += next_row;
      end = winograd_take(
          shape, plane, (winograd_area){rows, m * columns, y, -shape->left}, next_row, end);
      const ptrdiff_t rest = tiles - part - rows * columns;
      if (rest > 0)
        end = winograd_take(
            shape, plane, (winograd_area){1, m * rest, y + rows * next_row, -shape->left}, 1, end);
      for (ptrdiff_t k = 0; k < m * LANES; k += LANES) store(end + k, splat(0));
      winograd_columns(m, n, line, target, stride);
      if (shares && i < 2)
        winograd_columns(m, n, line + m * columns, target + m * side * stride, stride);
    }
  }
  ptrdiff_t y = shape->step_y * m * row - shape->top, count = begin > 0 ? begin : columns, x = left;
  for (ptrdiff_t done = 0; done < all; y += next_row, count = columns, x = -shape->left) {
    count = count < all - done ? count : all - done;
    done += count;
    x += m * count * step;
    const bool one = x >= 0 && x < width, other = x + step >= 0 && x + step < width;
    float *last = out + m * stride + done - 1;
    for (int i = 0; i < side; i++, last += side * stride) {
      const ptrdiff_t place = y + shape->step_y * i;
      const bool seen = plane && place >= 0 && place < height;
      last[0] = seen && one ? plane[place * width + x] : 0;
      last[stride] = seen && other ? plane[place * width + x + step] : 0;
    }
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
