// Room: CVectorKernels. Vectors of one width, for the sources that every variant compiles.
//
// A variant defines LANES (4, 8 or 16) and includes the sources in one file, between attributes that
// name its instruction set. `a * b + c` in one expression becomes a fused multiply-add where the
// variant has one (clang's default contraction).
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "include/squall_kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef double vd __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));
typedef uint32_t vu __attribute__((ext_vector_type(LANES)));
typedef uint16_t vh __attribute__((ext_vector_type(LANES)));
typedef uint8_t vb __attribute__((ext_vector_type(LANES)));
typedef int8_t vsb __attribute__((ext_vector_type(LANES)));
typedef float vf_any __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint16_t vh_any __attribute__((ext_vector_type(LANES), aligned(2)));
typedef uint8_t vb_any __attribute__((ext_vector_type(LANES), aligned(1)));

INLINE vf splat(float x) { return (vf)(x); }
INLINE vi splat_i(int32_t x) { return (vi)(x); }
INLINE vf load(const float *p) { return *(const vf_any *)p; }
INLINE void store(float *p, vf v) { *(vf_any *)p = v; }
INLINE vi bits(vf x) {
  vi r;
  memcpy(&r, &x, sizeof r);
  return r;
}
INLINE vf from_bits(vi x) {
  vf r;
  memcpy(&r, &x, sizeof r);
  return r;
}
INLINE vf to_float(vi x) { return __builtin_convertvector(x, vf); }
// Truncates; the caller sees to it that the value fits.
INLINE vi to_int(vf x) { return __builtin_convertvector(x, vi); }
INLINE vf select_f(vi mask, vf a, vf b) { return mask ? a : b; }
INLINE vf magnitude(vf x) { return from_bits(bits(x) & splat_i(0x7fffffff)); }
INLINE vf with_sign_of(vf x, vf sign) {
  return from_bits((bits(x) & splat_i(0x7fffffff)) | (bits(sign) & splat_i((int32_t)0x80000000)));
}
// The second operand where either is NaN: exactly the processor's instruction.
INLINE vf max_second(vf a, vf b) { return a > b ? a : b; }
INLINE vf min_second(vf a, vf b) { return a < b ? a : b; }

// The first n < LANES (n > 0) elements; the others are 0 and not read.
INLINE vf load_part(const float *p, size_t n) {
#if LANES == 16 && defined(__x86_64__)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif LANES == 8 && defined(__x86_64__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
  return (vf)_mm256_maskload_ps(p, mask);
#else
  vf v = splat(0);
  v[0] = p[0];
  if (n > 1) v[1] = p[1];
  if (n > 2) v[2] = p[2];
  return v;
#endif
}

// Elements low to high - 1, as far as the vector goes; the others are `other` and not read.
INLINE vf load_between(const float *p, ptrdiff_t low, ptrdiff_t high, vf other) {
  low = low < 0 ? 0 : low;
  high = high > LANES ? LANES : high;
#if LANES == 16 && defined(__x86_64__)
  const uint32_t mask = high > low ? (1u << high) - (1u << low) : 0;
  return (vf)_mm512_mask_loadu_ps((__m512)other, (__mmask16)mask, p);
#elif LANES == 8 && defined(__x86_64__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i from = _mm256_cmpgt_epi32(lane, _mm256_set1_epi32((int)(low < 8 ? low : 8) - 1));
  const __m256i to = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(high > 0 ? high : 0)), lane);
  const __m256i mask = _mm256_and_si256(from, to);
  return (vf)_mm256_blendv_ps(
      (__m256)other, _mm256_maskload_ps(p, mask), _mm256_castsi256_ps(mask));
#else
  for (ptrdiff_t i = low; i < high; i++) other[i] = p[i];
  return other;
#endif
}

// v's first n lanes; the others become `other`.
INLINE vf first_lanes(vf v, size_t n, float other) {
#if LANES == 16 && defined(__x86_64__)
  return (vf)_mm512_mask_mov_ps((__m512)splat(other), (__mmask16)((1u << n) - 1), (__m512)v);
#else
  vi lane;
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return select_f(lane < splat_i((int32_t)n), v, splat(other));
#endif
}

// v's last n lanes (n < LANES); the others become 0.
INLINE vf last_lanes(vf v, size_t n) {
#if LANES == 16 && defined(__x86_64__)
  return (vf)_mm512_maskz_mov_ps((__mmask16)(0xffffu << (LANES - n)), (__m512)v);
#else
  vi lane;
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return select_f(lane < splat_i(LANES - (int32_t)n), splat(0.0f), v);
#endif
}

INLINE void store_part(float *p, vf v, size_t n) {
#if LANES == 16 && defined(__x86_64__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif LANES == 8 && defined(__x86_64__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
  _mm256_maskstore_ps(p, mask, (__m256)v);
#else
  p[0] = v[0];
  if (n > 1) p[1] = v[1];
  if (n > 2) p[2] = v[2];
#endif
}

// Even and odd elements of the 2 LANES elements in a, b.
#if LANES == 4
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7)
#elif LANES == 8
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#else
#define EVEN(a, b) \
  __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) \
  __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#endif

// The element behind each of a, whose last is followed by b's first.
#if LANES == 4
#define NEXT(a, b) __builtin_shufflevector(a, b, 1, 2, 3, 4)
#elif LANES == 8
#define NEXT(a, b) __builtin_shufflevector(a, b, 1, 2, 3, 4, 5, 6, 7, 8)
#else
#define NEXT(a, b) \
  __builtin_shufflevector(a, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
#endif

// The elements of a and b in turn: the first LANES of them, the last.
#if LANES == 4
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#elif LANES == 8
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#endif

// The sum of a vector's lanes by a tree, halves first.
#define QUARTER_SUM(v) (((v)[0] + (v)[2]) + ((v)[1] + (v)[3]))
#define HALF_SUM(v)                                                                             \
  ({                                                                                            \
    const __auto_type quarter = __builtin_shufflevector(v, v, 0, 1, 2, 3) +                     \
                                __builtin_shufflevector(v, v, 4, 5, 6, 7);                      \
    QUARTER_SUM(quarter);                                                                       \
  })
#if LANES == 16
#define LANE_SUM(v)                                                                             \
  ({                                                                                            \
    const __auto_type half = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +            \
                             __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);       \
    HALF_SUM(half);                                                                             \
  })
#elif LANES == 8
#define LANE_SUM(v) HALF_SUM(v)
#else
#define LANE_SUM(v) QUARTER_SUM(v)
#endif

INLINE float sum_lanes(vf v) { return LANE_SUM(v); }
INLINE double sum_lanes_d(const vd *sum) {
  const vd v = *sum;
  return LANE_SUM(v);
}

// The largest lane; which one where some are NaN is left open.
INLINE float max_lanes(vf v) {
#if LANES == 16
  v = max_second(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  v = max_second(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3));
  v = max_second(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1));
  v = max_second(v, __builtin_shufflevector(v, v, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0));
#elif LANES == 8
  v = max_second(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3));
  v = max_second(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 2, 3, 0, 1));
  v = max_second(v, __builtin_shufflevector(v, v, 1, 0, 1, 0, 1, 0, 1, 0));
#else
  v = max_second(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
  v = max_second(v, __builtin_shufflevector(v, v, 1, 0, 1, 0));
#endif
  return v[0];
}
