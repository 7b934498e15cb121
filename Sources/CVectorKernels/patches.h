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

// `out[x] = in[x step]` for first <= x < end, `none` for the other x < n. Whole vectors are written:
// what lies behind comes later.
INLINE void patch_row(
    ptrdiff_t n, ptrdiff_t step, ptrdiff_t first, ptrdiff_t end, const float *in, vf none,
    float *out) {
  if (step == 1) {
    for (ptrdiff_t x = 0; x < n; x += LANES) {
      const bool whole = first <= x && x + LANES <= end;
      store(out + x, whole ? load(in + x) : load_between(in + x, first - x, end - x, none));
    }
    return;
  }
  if (step == 2) {
    for (ptrdiff_t x = 0; x < n; x += LANES) {
      if (first <= x && x + LANES < end) {
        const vf a = load(in + 2 * x), b = load(in + 2 * x + LANES);
        store(out + x, EVEN(a, b));
        continue;
      }
      // All but the element behind the last.
      const ptrdiff_t low = 2 * (first - x), high = 2 * (end - x) - 1;
      const vf a = load_between(in + 2 * x, low, high, none);
      const vf b = load_between(in + 2 * x + LANES, low - LANES, high - LANES, none);
      store(out + x, EVEN(a, b));
    }
    return;
  }
  for (ptrdiff_t x = 0; x < first; x += LANES) store(out + x, none);
  if (first < end) f32_take((size_t)(end - first), (size_t)step, in + first * step, out + first);
  for (ptrdiff_t x = end; x < n; x += LANES) store(out + x, none);
}

static void f32_patches(
    const squall_patches *s, const float *plane, size_t first_tap, size_t taps, size_t first,
    size_t n, float *out, ptrdiff_t stride) {
  assert(s && s->columns > 0 && s->taps_x > 0 && out);
  const ptrdiff_t columns = (ptrdiff_t)s->columns, count = (ptrdiff_t)n;
  const ptrdiff_t height = (ptrdiff_t)s->height, width = (ptrdiff_t)s->width;
  const ptrdiff_t row = (ptrdiff_t)first / columns, column = (ptrdiff_t)first % columns;
  const vf none = splat(0);
  for (size_t t = first_tap; t < first_tap + taps; t++, out += stride) {
    const ptrdiff_t shift = (ptrdiff_t)(t % s->taps_x) * s->dilation_x - s->left;
    ptrdiff_t y = row * s->stride_y + (ptrdiff_t)(t / s->taps_x) * s->dilation_y - s->top;
    ptrdiff_t low, high;
    inside_span(width, shift, s->stride_x, columns, &low, &high);
    // The first row may begin in the middle, the last end there.
    ptrdiff_t begin = column;
    for (ptrdiff_t done = 0; done < count; y += s->stride_y, begin = 0) {
      const ptrdiff_t left = columns - begin, some = left < count - done ? left : count - done;
      const ptrdiff_t from = low > begin ? low - begin : 0;
      const ptrdiff_t to = high - begin < some ? high - begin : some;
      const bool sees = plane && y >= 0 && y < height && from < to;
      patch_row(
          some, s->stride_x, sees ? from : 0, sees ? to : 0,
          sees ? plane + y * width + shift + begin * s->stride_x : out, none, out + done);
      done += some;
    }
  }
}

static void f32_bands(
    const squall_bands *s, const float *plane, ptrdiff_t top, ptrdiff_t left, size_t rows,
    size_t columns, float padding, float *out) {
  assert(s && s->starts_y && s->starts_x && out);
  const ptrdiff_t height = (ptrdiff_t)s->height, width = (ptrdiff_t)s->width;
  const ptrdiff_t count = (ptrdiff_t)columns;
  const vf none = splat(padding);
  for (size_t a = 0; a < s->bands_y; a++)
    for (size_t b = 0; b < s->bands_x; b++, out += s->band_stride) {
      const ptrdiff_t shift = left * s->stride_x + s->starts_x[b];
      ptrdiff_t first, end;
      inside_span(width, shift, s->stride_x, count, &first, &end);
      for (ptrdiff_t line = 0; line < (ptrdiff_t)rows; line++) {
        const ptrdiff_t y = (top + line) * s->stride_y + s->starts_y[a];
        const bool sees = plane && y >= 0 && y < height && first < end;
        patch_row(
            count, s->stride_x, sees ? first : 0, sees ? end : 0,
            sees ? plane + y * width + shift : out, none, out + line * s->pitch);
      }
    }
}
