// Room: CVectorKernels. What multiply-adds reach when nothing but arithmetic is in the way.

static float f32_ceiling(size_t rounds, float factor, float term) {
  vf sums[SQUALL_CEILING_SUMS];
  UNROLL
  for (int i = 0; i < SQUALL_CEILING_SUMS; i++) sums[i] = splat((float)i);
  const vf a = splat(factor), b = splat(term);
  for (size_t round = 0; round < rounds; round++) {
    UNROLL
    for (int i = 0; i < SQUALL_CEILING_SUMS; i++) sums[i] = sums[i] * a + b;
  }
  vf total = sums[0];
  UNROLL
  for (int i = 1; i < SQUALL_CEILING_SUMS; i++) total += sums[i];
  return total[0];
}
