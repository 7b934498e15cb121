// Room: CVectorKernels. Products of numbers rounded to bfloat16, with AVX-512's instruction for them.
#include "include/squall_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 16
#define MR 8
#define MAX_VECTORS 3

// One unknown word here and clang drops all of it.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include "lanes.h"
// After the vectors. A word is a pair of numbers, both of which it adds.
#define PRODUCT_STEP(sum, x, w) \
  ((vf)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(w)))
#include "functions.h"
#include "products.h"
#include "panel_products.h"
#pragma clang diagnostic pop

extern const squall_kernels squall_kernels_avx512;

static void activate_rows(
    size_t rows, size_t n, float *out, ptrdiff_t ldo, const squall_epilogue *e) {
  const squall_unary_function function =
      squall_kernels_avx512.f32_unary[e->activation - SQUALL_ACTIVATION_UNARY];
  for (; rows > 0; rows--, out += ldo) function(n, out, out, e->p, e->q);
}

// 16 numbers as bfloat16, to nearest even.
INLINE __m256i rounded(vf x) { return (__m256i)_mm512_cvtneps_pbh((__m512)x); }

static void round_rows(
    size_t rows, size_t n, const float *in, ptrdiff_t ldi, uint32_t *out, ptrdiff_t ldo) {
  for (size_t row = 0; row < rows; row++, in += ldi, out += ldo) {
    uint16_t *o = (uint16_t *)out;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
      _mm256_storeu_si256((__m256i *)(o + i), rounded(load(in + i)));
    if (i < n) {
      // An odd number's neighbour is 0.
      const size_t left = n - i, all = (left + 1) / 2 * 2;
      _mm256_mask_storeu_epi16(
          o + i, (__mmask16)((1u << all) - 1), rounded(load_part(in + i, left)));
    }
  }
}

static void pair_rows(size_t n, const float *first, const float *second, uint32_t *out) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const vf a = load_part(first + i, count);
    const vf b = second ? load_part(second + i, count) : splat(0);
    const __m512i low = _mm512_cvtepu16_epi32(rounded(a));
    const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded(b)), 16);
    _mm512_mask_storeu_epi32(
        out + i, (__mmask16)((1u << count) - 1), _mm512_or_si512(low, high));
  }
}

extern const squall_bf16_products squall_bf16_products_avx512;
const squall_bf16_products squall_bf16_products_avx512 = {
    .gemm = f32_gemm, .round_rows = round_rows, .pair_rows = pair_rows};
#pragma clang attribute pop
#endif
