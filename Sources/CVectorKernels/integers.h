// Room: CVectorKernels. Bytes and 32-bit sums: packing before a product, quantising after it.

#if LANES == 16 && defined(__x86_64__)
// In a file of its own, since its instructions are not part of this variant.
void squall_s32_igemm_vnni(
    size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
    const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo);

static void s32_igemm_best(
    size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
    const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo) {
  if (__builtin_cpu_supports("avx512vnni"))
    squall_s32_igemm_vnni(rows, panel_rows, n, k, panel, in, offsets, out, ldo);
  else
    s32_igemm(rows, panel_rows, n, k, panel, in, offsets, out, ldo);
}
#else
#define s32_igemm_best s32_igemm
#endif

static void u8_table(size_t n, const uint8_t *x, const uint8_t *table, uint8_t *out) {
  for (size_t i = 0; i < n; i++) out[i] = table[x[i]];
}

#if LANES == 16 && defined(__x86_64__)
void squall_u8_table_vbmi(size_t n, const uint8_t *x, const uint8_t *table, uint8_t *out);

static void u8_table_best(size_t n, const uint8_t *x, const uint8_t *table, uint8_t *out) {
  if (__builtin_cpu_supports("avx512vbmi")) squall_u8_table_vbmi(n, x, table, out);
  else u8_table(n, x, table, out);
}
#else
#define u8_table_best u8_table
#endif

static void u8_quads(
    size_t n, const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d,
    uint32_t flip, uint32_t *out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vb v[4];
    memcpy(&v[0], a + i, LANES);
    memcpy(&v[1], b + i, LANES);
    memcpy(&v[2], c + i, LANES);
    memcpy(&v[3], d + i, LANES);
    const vu quads = __builtin_convertvector(v[0], vu) | __builtin_convertvector(v[1], vu) << 8 |
                     __builtin_convertvector(v[2], vu) << 16 |
                     __builtin_convertvector(v[3], vu) << 24;
    const vu result = quads ^ (vu)(flip);
    memcpy(out + i, &result, sizeof result);
  }
  for (; i < n; i++)
    out[i] = (a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24) ^ flip;
}

// round_even(x) + zero inside low...high; low for NaN. Only whole numbers below 2^22 come out.
INLINE vi quantized_between(vf x, vf zero, vf low, vf high) {
  const vf magic = splat(12582912.0f);  // 1.5 * 2^23 leaves no bits for a fraction.
  const vf least = low - zero, most = high - zero;
  vf v = x > least ? x : least;
  v = v < most ? v : most;
  const vf sum = v + magic;
  return to_int((sum - magic) + zero);
}

// The first n <= LANES sums and what belongs to them; a step of 0 repeats the first of add and scale.
INLINE vf scaled_sums(
    const int32_t *x, const int32_t *add, const float *scale, size_t step, size_t n) {
  vi sum = splat_i(0), shift = splat_i(0);
  vf factor = splat(0);
  // Lengths that the compiler knows are single moves.
  if (n == LANES) memcpy(&sum, x, LANES * 4);
  else memcpy(&sum, x, n * 4);
  if (!step) {
    shift = splat_i(add[0]);
    factor = splat(scale[0]);
  } else if (n == LANES) {
    memcpy(&shift, add, LANES * 4);
    memcpy(&factor, scale, LANES * 4);
  } else {
    memcpy(&shift, add, n * 4);
    memcpy(&factor, scale, n * 4);
  }
  return to_float(sum + shift) * factor;
}

static void s32_to_q8(
    size_t n, const int32_t *x, const int32_t *add, const float *scale, size_t step, int32_t zero,
    int32_t low, int32_t high, uint8_t *out) {
  const vf z = splat((float)zero), l = splat((float)low), h = splat((float)high);
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const vf value = scaled_sums(x + i, add + (step ? i : 0), scale + (step ? i : 0), step, count);
    const vsb narrow = __builtin_convertvector(quantized_between(value, z, l, h), vsb);
    if (count == LANES) memcpy(out + i, &narrow, LANES);
    else memcpy(out + i, &narrow, count);
  }
}

static void s32_to_f32(
    size_t n, const int32_t *x, const int32_t *add, const float *scale, size_t step, float *out) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const vf value = scaled_sums(x + i, add + (step ? i : 0), scale + (step ? i : 0), step, count);
    if (count == LANES) store(out + i, value);
    else store_part(out + i, value, count);
  }
}

// The larger of neighbours and of those of another row; `flip` is 0x80 for signed bytes, else 0.
static void u8_max_2x2(
    size_t n, const uint8_t *restrict a, const uint8_t *restrict b, uint8_t flip,
    uint8_t *restrict out) {
  for (size_t i = 0; i < n; i++) {
    const uint8_t w = a[2 * i] ^ flip, x = a[2 * i + 1] ^ flip;
    const uint8_t y = b[2 * i] ^ flip, z = b[2 * i + 1] ^ flip;
    const uint8_t above = w > x ? w : x, below = y > z ? y : z;
    out[i] = (above > below ? above : below) ^ flip;
  }
}

INLINE vf bytes_above(const uint8_t *p, size_t count, bool is_signed, vf zero) {
  vb bytes = (vb)(0);
  if (count == LANES) memcpy(&bytes, p, LANES);
  else memcpy(&bytes, p, count);
  vsb signed_bytes;
  memcpy(&signed_bytes, &bytes, sizeof bytes);
  const vi wide = is_signed ? __builtin_convertvector(signed_bytes, vi)
                            : (vi)__builtin_convertvector(bytes, vu);
  return to_float(wide) - zero;
}

static void q8_combine(
    size_t n, squall_q8_operation operation, const squall_q8_operand *a,
    const squall_q8_operand *b, const squall_q8_result *result, uint8_t *out) {
  const vf az = splat((float)a->zero), bz = splat((float)b->zero);
  const vf as = splat(a->scale), bs = splat(b->scale), rs = splat(result->scale);
  const vf z = splat((float)result->zero);
  const vf l = splat((float)result->low), h = splat((float)result->high);
  const vf a0 = bytes_above(a->bytes, 1, a->is_signed, az)[0] * as;
  const vf b0 = bytes_above(b->bytes, 1, b->is_signed, bz)[0] * bs;
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const vf x = a->step ? bytes_above(a->bytes + i, count, a->is_signed, az) * as : a0;
    const vf y = b->step ? bytes_above(b->bytes + i, count, b->is_signed, bz) * bs : b0;
    vf value;
    switch (operation) {
      case SQUALL_Q8_ADD: {
        // Not fused: the product has been rounded, as when both are dequantised first.
        value = x + y;
        break;
      }
      case SQUALL_Q8_SUB: value = x - y; break;
      default: value = x * y; break;
    }
    const vsb narrow =
        __builtin_convertvector(quantized_between(value / rs, z, l, h), vsb);
    if (count == LANES) memcpy(out + i, &narrow, LANES);
    else memcpy(out + i, &narrow, count);
  }
}
