// Room: CVectorKernels. What the taps of a window see of a plane, with what stands outside it.

// The results of one row that see the inside of the plane, from first to end, where result x looks at
// column `shift + x step`.
INLINE void inside_span(
    ptrdiff_t width, ptrdiff_t shift, ptrdiff_t step, ptrdiff_t count, ptrdiff_t *first,
    ptrdiff_t *end) {
  *first = shift >= 0 ? 0 : (-shift + step - 1) / step;
  *end = shift >= width ? 0 : (width - shift - 1) / step + 1;
  if (*end > count) *end = count;
  if (*first > *end) *first = *end;
}

// Rows and columns of one band, or of some whose elements take turns in the plane, `next` apart.
typedef struct band_part {
  ptrdiff_t rows, columns;
  const float *in;  // What the first column of the first row sees, outside the plane perhaps.
  ptrdiff_t in_pitch;
  ptrdiff_t low, high;  // The elements that are there, counted from that one.
  float *out;
  ptrdiff_t pitch, next;
} band_part;

// One vector of every row, every element or, with two bands, every second; all are there, or those
// from low to high - 1.
INLINE void band_vectors(
    const int bands, const bool whole, const band_part *p, ptrdiff_t x, ptrdiff_t low,
    ptrdiff_t high, vf none, size_t tail) {
  const float *in = p->in + bands * x;
  float *out = p->out + x;
  for (ptrdiff_t r = 0; r < p->rows; r++, in += p->in_pitch, out += p->pitch) {
    vf a = whole ? load(in) : load_between(in, low, high, none);
    if (bands == 2) {
      const float *more = in + LANES;
      const vf b = whole ? load(more) : load_between(more, low - LANES, high - LANES, none);
      const vf odd = ODD(a, b);
      a = EVEN(a, b);
      if (p->next != 0) {
        if (tail < LANES) store_part(out + p->next, odd, tail);
        else store(out + p->next, odd);
      }
    }
    if (tail < LANES) store_part(out, a, tail);
    else store(out, a);
  }
}

// Columns outside, rows inside: what is there of each vector is the same for all rows.
INLINE void band_rows(const int bands, const band_part *p, vf none) {
  for (ptrdiff_t x = 0; x < p->columns; x += LANES) {
    const size_t tail = p->columns - x < LANES ? (size_t)(p->columns - x) : LANES;
    const ptrdiff_t low = p->low - bands * x, high = p->high - bands * x;
    if (low <= 0 && high >= bands * LANES && tail == LANES)
      band_vectors(bands, true, p, x, low, high, none, LANES);
    else band_vectors(bands, false, p, x, low, high, none, tail);
  }
}

// Vectors of elements whose places are alike modulo `phases`, 4 or 8, of as many vectors in a row: even
// and odd ones, then those of each half.
INLINE void band_vector(const int phases, const float *in, float *out, ptrdiff_t next) {
  vf v[8], w[8];
  UNROLL for (int i = 0; i < phases; i++) v[i] = load(in + i * LANES);
#define HALVES(from, to, first, count)                                                         \
  UNROLL for (int q = 0; q < (count) / 2; q++) {                                               \
    to[(first) + q] = EVEN(from[(first) + 2 * q], from[(first) + 2 * q + 1]);                  \
    to[(first) + (count) / 2 + q] = ODD(from[(first) + 2 * q], from[(first) + 2 * q + 1]);     \
  }
  if (phases == 8) {
    HALVES(v, w, 0, 8)
    HALVES(w, v, 0, 4)
    HALVES(w, v, 4, 4)
    UNROLL for (int i = 0; i < 8; i += 2) HALVES(v, w, i, 2)
    const int order[8] = {0, 4, 2, 6, 1, 5, 3, 7};
    UNROLL for (int i = 0; i < 8; i++) store(out + order[i] * next, w[i]);
  } else {
    HALVES(v, w, 0, 4)
    UNROLL for (int i = 0; i < 4; i += 2) HALVES(w, v, i, 2)
    const int order[4] = {0, 2, 1, 3};
    UNROLL for (int i = 0; i < 4; i++) store(out + order[i] * next, v[i]);
  }
#undef HALVES
}

// Columns from first to end of all phases, all of whose elements are there.
static void band_inside(
    ptrdiff_t bands, ptrdiff_t step, ptrdiff_t first, ptrdiff_t end, const float *in, float *out,
    ptrdiff_t next) {
  if (bands == step && (step == 4 || step == 8) && end - first >= LANES) {
    for (ptrdiff_t x = first;;) {
      if (step == 4) band_vector(4, in + 4 * x, out + x, next);
      else band_vector(8, in + 8 * x, out + x, next);
      if (x + LANES == end) return;
      // The last vector may overlap the one before.
      x = x + 2 * LANES <= end ? x + LANES : end - LANES;
    }
  }
  b32_transpose(
      (size_t)(end - first), (size_t)bands, (const uint32_t *)(in + first * step), step,
      (uint32_t *)(out + first), next);
}

// As many bands as there are phases, so that the plane is read once: columns to rows.
static void band_phases(
    ptrdiff_t bands, const band_part *p, ptrdiff_t step, float none) {
  // Columns all of whose phases are there.
  ptrdiff_t first = p->low <= 0 ? 0 : (p->low + step - 1) / step;
  ptrdiff_t end = p->high < bands ? 0 : (p->high - bands) / step + 1;
  end = end > p->columns ? p->columns : end;
  first = first > end ? end : first;
  for (ptrdiff_t r = 0; r < p->rows; r++) {
    const float *in = p->in + r * p->in_pitch;
    float *out = p->out + r * p->pitch;
    for (ptrdiff_t b = 0; b < bands; b++)
      for (ptrdiff_t x = 0; x < p->columns; x++) {
        if (x == first) x = end;
        if (x >= p->columns) break;
        const ptrdiff_t i = x * step + b;
        out[b * p->next + x] = i >= p->low && i < p->high ? in[i] : none;
      }
    if (first < end) band_inside(bands, step, first, end, in, out, p->next);
  }
}

static void fill_rows(ptrdiff_t rows, ptrdiff_t columns, vf none, float *out, ptrdiff_t pitch) {
  for (; rows > 0; rows--, out += pitch) {
    ptrdiff_t x = 0;
    for (; x + LANES <= columns; x += LANES) store(out + x, none);
    if (x < columns) store_part(out + x, none, (size_t)(columns - x));
  }
}

static void f32_bands(
    const squall_bands *s, const float *plane, ptrdiff_t top, ptrdiff_t left, size_t rows,
    size_t columns, float padding, float *out) {
  assert(s && s->starts_y && s->starts_x && out);
  const ptrdiff_t height = (ptrdiff_t)s->height, width = (ptrdiff_t)s->width;
  const ptrdiff_t lines = (ptrdiff_t)rows, bands = (ptrdiff_t)s->bands_x, step = s->stride_x;
  const vf none = splat(padding);
  for (size_t a = 0; a < s->bands_y; a++) {
    const ptrdiff_t y = top * s->stride_y + s->starts_y[a];
    ptrdiff_t first = 0, end = 0, count;
    if (plane) inside_span(height, y, s->stride_y, lines, &first, &end);
    for (ptrdiff_t b = 0; b < bands; b += count, out += count * s->band_stride) {
      // Bands that begin beside each other.
      const ptrdiff_t most = step == 1 ? 1 : step == 2 ? 2 : bands - b;
      for (count = 1; count < most && b + count < bands; count++)
        if (s->starts_x[b + count] != s->starts_x[b] + count) break;
      for (ptrdiff_t i = 0; i < count; i++) {
        float *band = out + i * s->band_stride;
        fill_rows(first, (ptrdiff_t)columns, none, band, s->pitch);
        fill_rows(lines - end, (ptrdiff_t)columns, none, band + end * s->pitch, s->pitch);
      }
      if (first == end) continue;
      const ptrdiff_t shift = left * step + s->starts_x[b];
      const band_part part = {
        end - first, (ptrdiff_t)columns, plane + (y + first * s->stride_y) * width + shift,
        s->stride_y * width, -shift, width - shift, out + first * s->pitch, s->pitch,
        count > 1 ? s->band_stride : 0
      };
      if (step == 1) band_rows(1, &part, none);
      else if (step == 2) band_rows(2, &part, none);
      else band_phases(count, &part, step, padding);
    }
  }
}

INLINE void join_rows(
    const int vectors, ptrdiff_t columns, ptrdiff_t column, ptrdiff_t n, const float *in,
    ptrdiff_t pitch, float *out) {
  // The first row may begin in the middle, the last end there.
  in += column;
  for (ptrdiff_t left = columns - column; n > 0; n -= left, out += left, left = columns) {
    if (vectors > 0) {
      UNROLL for (int v = 0; v < vectors; v++) store(out + v * LANES, load(in + v * LANES));
    } else {
      const ptrdiff_t some = left < n ? left : n;
      for (ptrdiff_t x = 0; x < some; x += LANES) store(out + x, load(in + x));
    }
    in += pitch - (columns - left);
  }
}

static void f32_join_rows(
    size_t taps, const ptrdiff_t *offsets, size_t columns, size_t column, size_t n,
    const float *in, ptrdiff_t pitch, float *out, ptrdiff_t stride) {
  assert(offsets && in && out && column < columns);
  const ptrdiff_t wide = (ptrdiff_t)columns, from = (ptrdiff_t)column, count = (ptrdiff_t)n;
  for (size_t t = 0; t < taps; t++, out += stride) {
    const float *row = in + offsets[t];
    if (wide <= LANES) join_rows(1, wide, from, count, row, pitch, out);
    else if (wide <= 2 * LANES) join_rows(2, wide, from, count, row, pitch, out);
    else join_rows(0, wide, from, count, row, pitch, out);
  }
}

// Rows of n elements of some channels, to others or added to them.
INLINE void move_rows(
    const bool add, size_t channels, size_t rows, size_t n, const float *in, ptrdiff_t in_plane,
    ptrdiff_t in_pitch, float *out, ptrdiff_t out_plane, ptrdiff_t out_pitch) {
  assert(in && out);
  const size_t whole = n / LANES * LANES, tail = n - whole;
  for (size_t c = 0; c < channels; c++, in += in_plane, out += out_plane) {
    const float *from = in;
    float *to = out;
    for (size_t r = 0; r < rows; r++, from += in_pitch, to += out_pitch) {
      for (size_t x = 0; x < whole; x += LANES)
        store(to + x, add ? load(to + x) + load(from + x) : load(from + x));
      if (tail == 0) continue;
      const vf last = load_part(from + whole, tail);
      store_part(to + whole, add ? load_part(to + whole, tail) + last : last, tail);
    }
  }
}

static void f32_pack_rows(
    size_t channels, size_t rows, size_t n, const float *in, ptrdiff_t in_plane,
    ptrdiff_t in_pitch, float *out, ptrdiff_t out_plane) {
  move_rows(false, channels, rows, n, in, in_plane, in_pitch, out, out_plane, (ptrdiff_t)n);
}

static void f32_add_rows(
    size_t channels, size_t rows, size_t n, const float *in, ptrdiff_t in_plane, float *out,
    ptrdiff_t out_plane, ptrdiff_t out_pitch) {
  move_rows(true, channels, rows, n, in, in_plane, (ptrdiff_t)n, out, out_plane, out_pitch);
}
