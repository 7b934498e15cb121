// Room: CVectorKernels. The AVX2 and FMA variant.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 8
#define MR 6
#define INTEGER_ROWS 4
#define MAX_VECTORS 2
#define VARIANT_NAME "avx2"
#define VARIANT_TABLE squall_kernels_avx2

// One unknown word here and clang drops all of it: the tests look at the speed of the result.
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "variant.h"
#pragma clang attribute pop
#endif
