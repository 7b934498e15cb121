// Room: CVectorKernels. The variant that every processor of the target runs: SSE2, or NEON.
#if defined(__aarch64__)
#define LANES 4
#define MR 8
#define INTEGER_ROWS 4
#define MAX_VECTORS 3
#define VARIANT_NAME "neon"
#else
#define LANES 4
#define MR 4
#define INTEGER_ROWS 4
#define MAX_VECTORS 2
#define VARIANT_NAME "baseline"
#endif
#define VARIANT_TABLE squall_kernels_baseline
#include "variant.h"
