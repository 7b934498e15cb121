// Room: CVectorKernels. The integer product with AVX-512's instruction for it.
#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 16
#define MAX_VECTORS 3
#define INTEGER_ROWS 8
#define SQUALL_VNNI 1

// One unknown word here and clang drops all of it.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma"))), \
    apply_to = function)
#include "lanes.h"
// After the vectors.
#include "integer_products.h"

void squall_s32_igemm_vnni(
    size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
    const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo);

void squall_s32_igemm_vnni(
    size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
    const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo) {
  s32_igemm(rows, panel_rows, n, k, panel, in, offsets, out, ldo);
}
#pragma clang attribute pop
#endif
