// Room: CVectorKernels. The AVX-512 variant.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 16
#define MR 8
#define INTEGER_ROWS 8
#define MAX_VECTORS 3
#define VARIANT_NAME "avx512"
#define VARIANT_TABLE squall_kernels_avx512

// One unknown word here and clang drops all of it: the tests look at the speed of the result.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)
#include "variant.h"
#pragma clang attribute pop
#endif
