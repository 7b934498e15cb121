// Room: CVectorKernels. Fourier transforms for one element type: fourier.h says which.

#define FIXED(name) NAMED(FT(fixed), _, name)
#define ANY(name) NAMED(FT(any), _, name)
#define ONE(name) NAMED(FT(one), _, name)

typedef T FT(unaligned) __attribute__((ext_vector_type(VECTOR_WIDTH), aligned(sizeof(T))));

// Vectors, the small radices: everything unrolled.
#define FN FIXED
#define V VECTOR
#define WIDTH VECTOR_WIDTH
#define UNROLL_SMALL UNROLL
INLINE V FN(get)(const T *p) { return *(const FT(unaligned) *)p; }
INLINE void FN(put)(T *p, V v) { *(FT(unaligned) *)p = v; }
#include "fourier_passes.h"
#undef FN
#undef UNROLL_SMALL

// Vectors, any radix.
#define FN ANY
#define UNROLL_SMALL
INLINE V FN(get)(const T *p) { return *(const FT(unaligned) *)p; }
INLINE void FN(put)(T *p, V v) { *(FT(unaligned) *)p = v; }
#include "fourier_passes.h"
#undef FN
#undef V
#undef WIDTH

// What is left over, one at a time.
#define FN ONE
#define V T
#define WIDTH 1
INLINE V FN(get)(const T *p) { return *p; }
INLINE void FN(put)(T *p, V v) { *p = v; }
#include "fourier_passes.h"
#undef FN
#undef V
#undef WIDTH
#undef UNROLL_SMALL

#include "fourier_lines.h"

#undef FIXED
#undef ANY
#undef ONE
#undef T
#undef VECTOR
#undef VECTOR_WIDTH
#undef FOURIER_NAME
#undef FOURIER_SINGLE
