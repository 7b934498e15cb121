// Room: CVectorKernels. Tables of bytes with AVX-512's instruction for them.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

// One unknown word here and clang drops all of it.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi"))), apply_to = function)

void squall_u8_table_vbmi(size_t n, const uint8_t *x, const uint8_t *table, uint8_t *out);

void squall_u8_table_vbmi(size_t n, const uint8_t *x, const uint8_t *table, uint8_t *out) {
  const __m512i a = _mm512_loadu_si512(table), b = _mm512_loadu_si512(table + 64);
  const __m512i c = _mm512_loadu_si512(table + 128), d = _mm512_loadu_si512(table + 192);
  for (size_t i = 0; i < n; i += 64) {
    const __mmask64 inside = n - i < 64 ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
    const __m512i v = _mm512_maskz_loadu_epi8(inside, x + i);
    // The seven low bits choose among 128 entries, the high bit which half.
    const __m512i low = _mm512_permutex2var_epi8(a, v, b);
    const __m512i high = _mm512_permutex2var_epi8(c, v, d);
    const __m512i found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), low, high);
    _mm512_mask_storeu_epi8(out + i, inside, found);
  }
}
#pragma clang attribute pop
#endif
