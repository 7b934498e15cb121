// Room: CVectorKernels. Which variants the processor can run, and which one is used.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "include/squall_kernels.h"

extern const squall_kernels squall_kernels_baseline;
#if defined(__x86_64__)
extern const squall_kernels squall_kernels_avx2;
extern const squall_kernels squall_kernels_avx512;
extern const squall_bf16_products squall_bf16_products_avx512;
#endif

size_t squall_kernels_count(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 1;
  // GCC and clang know F16C under this name only since recently; every AVX2 processor has it.
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
    return 2;
  return 3;
#else
  return 1;
#endif
}

const squall_kernels *squall_kernels_at(size_t index) {
#if defined(__x86_64__)
  static const squall_kernels *const variants[] = {
      &squall_kernels_baseline, &squall_kernels_avx2, &squall_kernels_avx512};
#else
  static const squall_kernels *const variants[] = {&squall_kernels_baseline};
#endif
  const size_t count = squall_kernels_count();
  return variants[index < count ? index : count - 1];
}

const squall_bf16_products *squall_bf16_products_known(void) {
#if defined(__x86_64__)
  if (squall_kernels_count() == 3 && __builtin_cpu_supports("avx512bf16"))
    return &squall_bf16_products_avx512;
#endif
  return NULL;
}

const squall_kernels *squall_kernels_chosen(void) {
  static _Atomic(const squall_kernels *) chosen;
  const squall_kernels *known = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (known) return known;
  size_t index = squall_kernels_count() - 1;
  const char *wanted = getenv("SQUALL_SIMD");
  for (size_t i = 0; wanted && i < index; i++)
    if (strcmp(wanted, squall_kernels_at(i)->name) == 0) index = i;
  known = squall_kernels_at(index);
  atomic_store_explicit(&chosen, known, memory_order_relaxed);
  return known;
}
