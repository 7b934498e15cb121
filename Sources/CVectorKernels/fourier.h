// Room: CVectorKernels. Fourier transforms of many signals at a time, one a lane.

// Radices are below this: the squares of larger ones cost more than Bluestein's way.
#define MOST_RADIX 128
// Signals and rows that are transposed at a time.
#define BLOCK 16
#define NOINLINE __attribute__((noinline))
#define JOIN3(a, b, c) a##b##c
#define NAMED(a, b, c) JOIN3(a, b, c)
#define FT(name) NAMED(FOURIER_NAME, _fourier_, name)

#define FOURIER_SINGLE 1
#define FOURIER_NAME f32
#define T float
#define VECTOR vf
#define VECTOR_WIDTH LANES
#include "fourier_type.h"

typedef double fourier_doubles __attribute__((ext_vector_type(LANES / 2)));

#define FOURIER_SINGLE 0
#define FOURIER_NAME f64
#define T double
#define VECTOR fourier_doubles
#define VECTOR_WIDTH (LANES / 2)
#include "fourier_type.h"
