// Room: CVectorKernels. What multiply-adds reach when nothing but arithmetic is in the way.

// Enough that no sum waits for its last addition, and few enough that all stay in registers.
#define CEILING_SUMS 12

static float f32_ceiling(size_t rounds, float factor, float term) {
  vf sums[CEILING_SUMS];
  UNROLL
  for (int i = 0; i < CEILING_SUMS; i++) sums[i] = splat((float)i);
  const vf a = splat(factor), b = splat(term);
  for (size_t round = 0; round < rounds; round++) {
    UNROLL
    for (int i = 0; i < CEILING_SUMS; i++) sums[i] = sums[i] * a + b;
  }
  vf total = sums[0];
  UNROLL
  for (int i = 1; i < CEILING_SUMS; i++) total += sums[i];
  return total[0];
}
