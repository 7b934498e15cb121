// Room: CVectorKernels. Signals to and from the planes that Fourier passes work on.
//
// Included for each element type T; FT names a function. A plane holds rows of `lanes` elements, one
// of each signal; a signal's elements lie `row_step` apart in the tensor, the signals `lane_step`.

static void FT(transpose)(
    size_t rows, size_t columns, const T *in, ptrdiff_t in_stride, T *out, ptrdiff_t out_stride) {
#if FOURIER_SINGLE
  b32_transpose(rows, columns, (const uint32_t *)in, in_stride, (uint32_t *)out, out_stride);
#else
  for (size_t c = 0; c < columns; c++)
    for (size_t r = 0; r < rows; r++)
      out[(ptrdiff_t)c * out_stride + (ptrdiff_t)r] = in[(ptrdiff_t)r * in_stride + (ptrdiff_t)c];
#endif
}

static void FT(load)(
    size_t rows, size_t lanes, size_t width, const void *input, ptrdiff_t row_step,
    ptrdiff_t lane_step, size_t pitch, void *real, void *imaginary) {
  const T *in = input;
  T *re = real, *im = imaginary;
  if (lane_step == (ptrdiff_t)width) {
    for (size_t row = 0; row < rows; row++, in += row_step, re += pitch, im += pitch) {
      if (width == 1) {
        memcpy(re, in, lanes * sizeof *re);
      } else {
        for (size_t l = 0; l < lanes; l++) re[l] = in[2 * l], im[l] = in[2 * l + 1];
      }
    }
    return;
  }
  if (row_step == (ptrdiff_t)width && lanes >= 4) {
    if (width == 1) {
      FT(transpose)(lanes, rows, in, lane_step, re, (ptrdiff_t)pitch);
      return;
    }
    for (size_t row = 0; row < rows; row += BLOCK) {
      const size_t count = rows - row < BLOCK ? rows - row : BLOCK;
      for (size_t lane = 0; lane < lanes; lane += BLOCK) {
        const size_t wide = lanes - lane < BLOCK ? lanes - lane : BLOCK;
        T a[BLOCK * BLOCK], b[BLOCK * BLOCK];
        for (size_t l = 0; l < wide; l++) {
          const T *line = in + (ptrdiff_t)(lane + l) * lane_step + 2 * row;
          T *x = a + l * BLOCK, *y = b + l * BLOCK;
          for (size_t i = 0; i < count; i++) x[i] = line[2 * i], y[i] = line[2 * i + 1];
        }
        FT(transpose)(wide, count, a, BLOCK, re + row * pitch + lane, (ptrdiff_t)pitch);
        FT(transpose)(wide, count, b, BLOCK, im + row * pitch + lane, (ptrdiff_t)pitch);
      }
    }
    return;
  }
  for (size_t row = 0; row < rows; row++, re += pitch, im += pitch) {
    const T *line = in + (ptrdiff_t)row * row_step;
    for (size_t l = 0; l < lanes; l++) {
      re[l] = line[(ptrdiff_t)l * lane_step];
      if (width == 2) im[l] = line[(ptrdiff_t)l * lane_step + 1];
    }
  }
}

static void FT(store)(
    size_t rows, size_t lanes, size_t width, const void *real, const void *imaginary, size_t pitch,
    double scale, bool conjugate, void *output, ptrdiff_t row_step, ptrdiff_t lane_step) {
  const T *re = real, *im = imaginary;
  T *out = output;
  const T s = (T)scale, t = conjugate ? -s : s;
  if (lane_step == (ptrdiff_t)width) {
    for (size_t row = 0; row < rows; row++, out += row_step, re += pitch, im += pitch) {
      if (width == 1)
        for (size_t l = 0; l < lanes; l++) out[l] = re[l] * s;
      else
        for (size_t l = 0; l < lanes; l++) out[2 * l] = re[l] * s, out[2 * l + 1] = im[l] * t;
    }
    return;
  }
  if (row_step == (ptrdiff_t)width && lanes >= 4) {
    for (size_t row = 0; row < rows; row += BLOCK) {
      const size_t count = rows - row < BLOCK ? rows - row : BLOCK;
      for (size_t lane = 0; lane < lanes; lane += BLOCK) {
        const size_t wide = lanes - lane < BLOCK ? lanes - lane : BLOCK;
        T a[BLOCK * BLOCK], b[BLOCK * BLOCK];
        FT(transpose)(count, wide, re + row * pitch + lane, (ptrdiff_t)pitch, a, BLOCK);
        if (width == 2)
          FT(transpose)(count, wide, im + row * pitch + lane, (ptrdiff_t)pitch, b, BLOCK);
        for (size_t l = 0; l < wide; l++) {
          T *line = out + (ptrdiff_t)(lane + l) * lane_step + width * row;
          const T *x = a + l * BLOCK, *y = b + l * BLOCK;
          if (width == 1)
            for (size_t i = 0; i < count; i++) line[i] = x[i] * s;
          else
            for (size_t i = 0; i < count; i++) line[2 * i] = x[i] * s, line[2 * i + 1] = y[i] * t;
        }
      }
    }
    return;
  }
  for (size_t row = 0; row < rows; row++, re += pitch, im += pitch) {
    T *line = out + (ptrdiff_t)row * row_step;
    for (size_t l = 0; l < lanes; l++) {
      line[(ptrdiff_t)l * lane_step] = re[l] * s;
      if (width == 2) line[(ptrdiff_t)l * lane_step + 1] = im[l] * t;
    }
  }
}

// Each row times a complex number of its own, or a real one.
static void FT(turn)(
    size_t rows, size_t lanes, const void *weights, bool is_real, void *real, void *imaginary) {
  const T *w = weights;
  T *re = real, *im = imaginary;
  for (size_t row = 0; row < rows; row++, re += lanes, im += lanes) {
    if (is_real) {
      const T a = w[row];
      for (size_t l = 0; l < lanes; l++) re[l] *= a;
      continue;
    }
    const T a = w[2 * row], b = w[2 * row + 1];
    for (size_t l = 0; l < lanes; l++) {
      const T x = re[l], y = im[l];
      re[l] = x * a - y * b;
      im[l] = x * b + y * a;
    }
  }
}

#define PASS(name)                                                                             \
  static void FT(name)(                                                                        \
      const squall_fourier_stage *stage, size_t count, const void *re, const void *im,         \
      void *out_re, void *out_im) {                                                            \
    const size_t rest = count / VECTOR_WIDTH * VECTOR_WIDTH;                                   \
    assert(stage->radix >= 2 && stage->radix < MOST_RADIX);                                    \
    if (rest > 0) switch (stage->radix) {                                                      \
        case 2: FT(fixed_##name##_pass)(2, stage, 0, count, re, im, out_re, out_im); break;    \
        case 3: FT(fixed_##name##_pass)(3, stage, 0, count, re, im, out_re, out_im); break;    \
        case 4: FT(fixed_##name##_pass)(4, stage, 0, count, re, im, out_re, out_im); break;    \
        case 5: FT(fixed_##name##_pass)(5, stage, 0, count, re, im, out_re, out_im); break;    \
        case 7: FT(fixed_##name##_pass)(7, stage, 0, count, re, im, out_re, out_im); break;    \
        case 8: FT(fixed_##name##_pass)(8, stage, 0, count, re, im, out_re, out_im); break;    \
        default:                                                                               \
          FT(any_##name##_pass)(stage->radix, stage, 0, count, re, im, out_re, out_im);        \
      }                                                                                        \
    if (rest < count)                                                                          \
      FT(one_##name##_pass)(stage->radix, stage, rest, count, re, im, out_re, out_im);         \
  }

PASS(complex)
PASS(forward)
PASS(backward)
#undef PASS
