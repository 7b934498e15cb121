// Room: CVectorKernels. Products of bytes in 32-bit integers, exact on every path.
//
// Four bytes to a lane: unsigned in the vectors, signed in the words that are broadcast. Where the
// processor has no such product, 16-bit pairs are multiplied; nothing saturates on the way.

INLINE vi dot_quads(vi sum, vi a, int32_t w) {
#if defined(SQUALL_VNNI)
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, _mm512_set1_epi32(w));
#elif defined(__x86_64__)
  const vi low_bytes = splat_i(0x00ff00ff);
  const vi even = a & low_bytes, odd = (vi)((vu)a >> 8) & low_bytes;
  // Bytes 0 and 2, 1 and 3, as signed 16-bit numbers.
  const uint32_t u = (uint32_t)w;
  const vi w_even = splat_i(
      (int32_t)((uint16_t)(int8_t)u | (uint32_t)(uint16_t)(int8_t)(u >> 16) << 16));
  const vi w_odd = splat_i(
      (int32_t)((uint16_t)(int8_t)(u >> 8) | (uint32_t)(uint16_t)(int8_t)(u >> 24) << 16));
#if LANES == 16
  return sum + (vi)_mm512_madd_epi16((__m512i)even, (__m512i)w_even) +
         (vi)_mm512_madd_epi16((__m512i)odd, (__m512i)w_odd);
#elif LANES == 8
  return sum + (vi)_mm256_madd_epi16((__m256i)even, (__m256i)w_even) +
         (vi)_mm256_madd_epi16((__m256i)odd, (__m256i)w_odd);
#else
  return sum + (vi)_mm_madd_epi16((__m128i)even, (__m128i)w_even) +
         (vi)_mm_madd_epi16((__m128i)odd, (__m128i)w_odd);
#endif
#else
  const vi byte = splat_i(255);
  const uint32_t u = (uint32_t)w;
  return sum + (a & byte) * (int32_t)(int8_t)u +
         ((vi)((vu)a >> 8) & byte) * (int32_t)(int8_t)(u >> 8) +
         ((vi)((vu)a >> 16) & byte) * (int32_t)(int8_t)(u >> 16) +
         (vi)((vu)a >> 24) * (int32_t)(int8_t)(u >> 24);
#endif
}

INLINE void integer_tile(
    const int rows, const int vectors, size_t live_rows, size_t k, const int32_t *w,
    const uint32_t *in, const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo) {
  vi acc[INTEGER_ROWS][MAX_VECTORS];
  UNROLL for (int m = 0; m < rows; m++)
    UNROLL for (int v = 0; v < vectors; v++) acc[m][v] = splat_i(w[m]);
  for (size_t i = 0; i < k; i++) {
    const uint32_t *p = in + offsets[i];
    w += rows;
    vi a[MAX_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) memcpy(&a[v], p + v * LANES, sizeof(vi));
    UNROLL for (int m = 0; m < rows; m++) {
      UNROLL for (int v = 0; v < vectors; v++) acc[m][v] = dot_quads(acc[m][v], a[v], w[m]);
    }
  }
  UNROLL for (int m = 0; m < rows; m++) {
    if ((size_t)m >= live_rows) break;
    UNROLL for (int v = 0; v < vectors; v++)
      memcpy(out + m * ldo + v * LANES, &acc[m][v], sizeof(vi));
  }
}

// A function for each number of rows, so that each loop has the registers to itself.
#define INTEGER_STRIP(rows) INTEGER_STRIP_(rows)
#define INTEGER_STRIP_(rows)                                                                   \
  static __attribute__((noinline)) void integer_strip_##rows(                                  \
      size_t live_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,          \
      const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo) {                                 \
    size_t x = 0;                                                                              \
    for (; x + (MAX_VECTORS - 1) * LANES < n; x += MAX_VECTORS * LANES)                        \
      integer_tile(rows, MAX_VECTORS, live_rows, k, panel, in + x, offsets, out + x, ldo);     \
    for (; x + LANES < n; x += 2 * LANES)                                                      \
      integer_tile(rows, 2, live_rows, k, panel, in + x, offsets, out + x, ldo);               \
    for (; x < n; x += LANES)                                                                  \
      integer_tile(rows, 1, live_rows, k, panel, in + x, offsets, out + x, ldo);               \
  }
INTEGER_STRIP(1)
INTEGER_STRIP(2)
INTEGER_STRIP(4)
#if INTEGER_ROWS > 4
INTEGER_STRIP(INTEGER_ROWS)
#endif

static void s32_igemm(
    size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
    const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo) {
  assert(rows > 0 && rows <= panel_rows && panel_rows <= INTEGER_ROWS);
  switch (panel_rows) {
    case 1: integer_strip_1(rows, n, k, panel, in, offsets, out, ldo); break;
    case 2: integer_strip_2(rows, n, k, panel, in, offsets, out, ldo); break;
    case 4: integer_strip_4(rows, n, k, panel, in, offsets, out, ldo); break;
#if INTEGER_ROWS > 4
    default: {
#define INTEGER_CALL(rows) INTEGER_CALL_(rows)
#define INTEGER_CALL_(count) integer_strip_##count
      INTEGER_CALL(INTEGER_ROWS)(rows, n, k, panel, in, offsets, out, ldo);
    }
#endif
  }
}
