// Room: CVectorKernels. Between 32-bit floats and the narrower formats, and between layouts.

INLINE vf half_to_float_v(vh h) {
#if LANES == 16 && defined(__x86_64__)
  return (vf)_mm512_cvtph_ps((__m256i)h);
#elif LANES == 8 && defined(__x86_64__)
  return (vf)_mm256_cvtph_ps((__m128i)h);
#else
  const vi wide = __builtin_convertvector(h, vi);
  const vi sign = (wide & 0x8000) << 16;
  const vi m = wide & 0x7fff;
  const vi normal = (m << 13) + 0x38000000;
  const vi special = (m << 13) | 0x7f800000;
  const vi quiet = (m > 0x7c00) ? special | 0x400000 : special;
  const vi small = bits(to_float(m) * 0x1p-24f);
  const vi value = (m < 0x400) ? small : ((m >= 0x7c00) ? quiet : normal);
  return from_bits(value | sign);
#endif
}

INLINE vh float_to_half_v(vf x) {
#if LANES == 16 && defined(__x86_64__)
  return (vh)_mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif LANES == 8 && defined(__x86_64__)
  return (vh)_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  const vi all = bits(x);
  const vi sign = (all >> 16) & 0x8000;
  const vi m = all & 0x7fffffff;
  const vi rebiased = m - 0x38000000;
  const vi normal = (rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13;
  // Adding 1.5 * 2^-1 in units of 2^-24 rounds a subnormal result by the addition itself.
  const vi small = bits(magnitude(x) + 0.5f) - 0x3f000000;
  const vi nan = 0x7e00 | ((m >> 13) & 0x3ff);
  const vi top = (m > 0x7f800000) ? nan : splat_i(0x7c00);
  const vi value = (m >= 0x47800000) ? top : ((m < 0x38800000) ? small : normal);
  return __builtin_convertvector(value | sign, vh);
#endif
}

INLINE vf brain_to_float_v(vh h) {
  return from_bits(__builtin_convertvector(h, vi) << 16);
}

INLINE vh float_to_brain_v(vf x) {
  const vi all = bits(x);
  const vu rounded = (vu)(all + 0x7fff + ((all >> 16) & 1)) >> 16;
  const vu quiet = ((vu)all >> 16) | 0x40;
  const vi is_nan = x != x;
  return __builtin_convertvector(is_nan ? quiet : rounded, vh);
}

#define WIDEN(name, convert)                                                                   \
  static void name(size_t n, const uint16_t *in, float *out) {                                 \
    size_t i = 0;                                                                              \
    for (; i + LANES <= n; i += LANES) store(out + i, convert(*(const vh_any *)(in + i)));     \
    if (i < n) {                                                                               \
      vh last = (vh)(0);                                                                       \
      memcpy(&last, in + i, (n - i) * sizeof *in);                                             \
      store_part(out + i, convert(last), n - i);                                               \
    }                                                                                          \
  }

#define NARROW(name, convert)                                                                  \
  static void name(size_t n, const float *in, uint16_t *out) {                                 \
    size_t i = 0;                                                                              \
    for (; i + LANES <= n; i += LANES) *(vh_any *)(out + i) = convert(load(in + i));           \
    if (i < n) {                                                                               \
      const vh last = convert(load_part(in + i, n - i));                                       \
      memcpy(out + i, &last, (n - i) * sizeof *out);                                           \
    }                                                                                          \
  }

WIDEN(f16_to_f32, half_to_float_v)
WIDEN(bf16_to_f32, brain_to_float_v)
NARROW(f32_to_f16, float_to_half_v)
NARROW(f32_to_bf16, float_to_brain_v)
#undef WIDEN
#undef NARROW

// Rounds to the nearest even whole number and limits it; NaN becomes 0.
INLINE vi quantized(vf x, float scale, int32_t zero, int32_t low, int32_t high) {
  vf v = x / scale;
  // ±2^22 is beyond every limit and keeps the rounding trick exact.
  v = max_second(splat(-0x1p22f), min_second(splat(0x1p22f), v));
  v = select_f(v != v, splat(0.0f), v);
  const vf magic = splat(0x1.8p23f);
  const vi whole = to_int((v + magic) - magic) + zero;
  const vi limited = (whole < low) ? splat_i(low) : whole;
  return (limited > high) ? splat_i(high) : limited;
}

#define QUANTIZE(name, type, vector, low, high)                                                \
  static void name(size_t n, const float *in, float scale, int32_t zero, type *out) {          \
    for (size_t i = 0; i < n; i += LANES) {                                                    \
      const size_t count = n - i < LANES ? n - i : LANES;                                      \
      const vf x = count < LANES ? load_part(in + i, count) : load(in + i);                    \
      const vector narrow =                                                                    \
          __builtin_convertvector(quantized(x, scale, zero, low, high), vector);               \
      if (count == LANES) memcpy(out + i, &narrow, LANES);                                     \
      else memcpy(out + i, &narrow, count);                                                    \
    }                                                                                          \
  }

#define DEQUANTIZE(name, type, vector)                                                         \
  static void name(size_t n, const type *in, float scale, int32_t zero, float *out) {          \
    for (size_t i = 0; i < n; i += LANES) {                                                    \
      const size_t count = n - i < LANES ? n - i : LANES;                                      \
      vector narrow = (vector)(0);                                                             \
      if (count == LANES) memcpy(&narrow, in + i, LANES);                                      \
      else memcpy(&narrow, in + i, count);                                                     \
      const vf x = to_float(__builtin_convertvector(narrow, vi) - zero) * scale;               \
      if (count == LANES) store(out + i, x);                                                   \
      else store_part(out + i, x, count);                                                      \
    }                                                                                          \
  }

QUANTIZE(f32_to_u8, uint8_t, vb, 0, 255)
QUANTIZE(f32_to_s8, int8_t, vsb, -128, 127)
DEQUANTIZE(u8_to_f32, uint8_t, vb)
DEQUANTIZE(s8_to_f32, int8_t, vsb)
#undef QUANTIZE
#undef DEQUANTIZE

typedef uint32_t v4u __attribute__((ext_vector_type(4)));
typedef uint32_t v4u_any __attribute__((ext_vector_type(4), aligned(4)));

// Four by four: pairs of rows interleaved, then pairs of pairs.
INLINE void transpose_4x4(
    const uint32_t *r0, const uint32_t *r1, const uint32_t *r2, const uint32_t *r3, uint32_t *out,
    ptrdiff_t os) {
  const v4u a = *(const v4u_any *)r0, b = *(const v4u_any *)r1;
  const v4u c = *(const v4u_any *)r2, d = *(const v4u_any *)r3;
  const v4u ac0 = __builtin_shufflevector(a, c, 0, 4, 1, 5);
  const v4u ac1 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
  const v4u bd0 = __builtin_shufflevector(b, d, 0, 4, 1, 5);
  const v4u bd1 = __builtin_shufflevector(b, d, 2, 6, 3, 7);
  *(v4u_any *)out = __builtin_shufflevector(ac0, bd0, 0, 4, 1, 5);
  *(v4u_any *)(out + os) = __builtin_shufflevector(ac0, bd0, 2, 6, 3, 7);
  *(v4u_any *)(out + 2 * os) = __builtin_shufflevector(ac1, bd1, 0, 4, 1, 5);
  *(v4u_any *)(out + 3 * os) = __builtin_shufflevector(ac1, bd1, 2, 6, 3, 7);
}

// Rows are `is` apart, or where `offsets` says.
INLINE void transpose(
    size_t rows, size_t columns, const uint32_t *in, ptrdiff_t is, const ptrdiff_t *offsets,
    uint32_t *out, ptrdiff_t os) {
#define ROW(q) (in + (offsets ? offsets[q] : (ptrdiff_t)(q) * is))
#define FOUR(q, c, to) transpose_4x4(ROW(q) + (c), ROW((q) + 1) + (c), ROW((q) + 2) + (c), ROW((q) + 3) + (c), to, os)
  size_t r = 0;
  // Sixteen rows at a time fill a cache line of every output row.
  for (; r + 16 <= rows; r += 16) {
    size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
      uint32_t *to = out + (ptrdiff_t)c * os + (ptrdiff_t)r;
      for (size_t q = 0; q < 16; q += 4) FOUR(r + q, c, to + q);
    }
    for (; c < columns; c++)
      for (size_t q = r; q < r + 16; q++) out[(ptrdiff_t)c * os + (ptrdiff_t)q] = ROW(q)[c];
  }
  for (; r + 4 <= rows; r += 4) {
    uint32_t *to = out + (ptrdiff_t)r;
    size_t c = 0;
    for (; c + 4 <= columns; c += 4) FOUR(r, c, to + (ptrdiff_t)c * os);
    for (; c < columns; c++)
      for (size_t q = 0; q < 4; q++) to[(ptrdiff_t)c * os + (ptrdiff_t)q] = ROW(r + q)[c];
  }
  for (size_t c = 0; c < columns; c++)
    for (size_t q = r; q < rows; q++) out[(ptrdiff_t)c * os + (ptrdiff_t)q] = ROW(q)[c];
#undef FOUR
#undef ROW
}

static void b32_transpose(
    size_t rows, size_t columns, const uint32_t *in, ptrdiff_t is, uint32_t *out, ptrdiff_t os) {
  transpose(rows, columns, in, is, NULL, out, os);
}

static void b32_transpose_rows(
    size_t rows, size_t columns, const uint32_t *in, const ptrdiff_t *offsets, uint32_t *out,
    ptrdiff_t os) {
  transpose(rows, columns, in, 0, offsets, out, os);
}
