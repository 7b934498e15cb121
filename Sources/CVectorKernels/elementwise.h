// Room: CVectorKernels. Functions of one, two and three values along a row.

#define UNARY(name, expression)                                                                \
  static void name(size_t n, const float *in, float *out, float p, float q) {                  \
    (void)p, (void)q;                                                                          \
    size_t i = 0;                                                                              \
    for (; i + LANES <= n; i += LANES) {                                                       \
      const vf x = load(in + i);                                                               \
      store(out + i, expression);                                                              \
    }                                                                                          \
    if (i < n) {                                                                               \
      const vf x = load_part(in + i, n - i);                                                   \
      store_part(out + i, expression, n - i);                                                  \
    }                                                                                          \
  }

// Functions left to libm: their argument reduction is not worth a vector version here.
#define LIBM(name, expression)                                                                 \
  static void name(size_t n, const float *in, float *out, float p, float q) {                  \
    (void)p, (void)q;                                                                          \
    for (size_t i = 0; i < n; i++) {                                                           \
      const float x = in[i];                                                                   \
      out[i] = expression;                                                                     \
    }                                                                                          \
  }

UNARY(f32_abs, magnitude(x))
UNARY(f32_neg, -x)
UNARY(f32_square, x * x)
UNARY(f32_sqrt, __builtin_elementwise_sqrt(x))
UNARY(f32_reciprocal, splat(1.0f) / x)
UNARY(f32_floor, __builtin_elementwise_floor(x))
UNARY(f32_ceil, __builtin_elementwise_ceil(x))
UNARY(f32_round_even, __builtin_elementwise_roundeven(x))
UNARY(f32_trunc, __builtin_elementwise_trunc(x))
UNARY(f32_sign, select_f(x > 0.0f, splat(1.0f), select_f(x < 0.0f, splat(-1.0f), x)))
UNARY(f32_relu, max_second(splat(0.0f), x))
UNARY(f32_leaky_relu, select_f(x < 0.0f, x * p, x))
UNARY(f32_clip, min_second(splat(q), max_second(splat(p), x)))
UNARY(f32_affine, x * p + q)
UNARY(f32_exp, exp_v(x))
UNARY(f32_expm1, expm1_v(x))
UNARY(f32_log, log_v(x))
UNARY(f32_log2, log2_v(x))
UNARY(f32_log10, log10_v(x))
UNARY(f32_log1p, log1p_v(x))
UNARY(f32_tanh, tanh_v(x))
UNARY(f32_erf, erf_v(x))
UNARY(f32_sigmoid, sigmoid_v(x))
UNARY(f32_silu, silu_v(x, p))
UNARY(f32_gelu, gelu_v(x))
UNARY(f32_gelu_tanh, gelu_tanh_v(x))
UNARY(f32_softplus, softplus_v(x))
UNARY(f32_mish, mish_v(x))
UNARY(f32_elu, select_f(x < 0.0f, expm1_v(x) * p, x))
UNARY(f32_hard_sigmoid, min_second(splat(1.0f), max_second(splat(0.0f), x * p + q)))
UNARY(f32_hard_swish,
      x * min_second(splat(1.0f), max_second(splat(0.0f), x * (1.0f / 6.0f) + 0.5f)))
LIBM(f32_sin, sinf(x))
LIBM(f32_cos, cosf(x))
LIBM(f32_pow_scalar, powf(x, p))
#undef UNARY
#undef LIBM

INLINE vf min_nan(vf a, vf b) { return select_f(a != a, a, min_second(a, b)); }
INLINE vf max_nan(vf a, vf b) { return select_f(a != a, a, max_second(a, b)); }

#define BINARY(name, expression)                                                               \
  static void name(                                                                            \
      size_t n, const float *pa, size_t a_step, const float *pb, size_t b_step, float *out) {  \
    size_t i = 0;                                                                              \
    if (a_step && b_step) {                                                                    \
      for (; i + LANES <= n; i += LANES) {                                                     \
        const vf a = load(pa + i), b = load(pb + i);                                           \
        store(out + i, expression);                                                            \
      }                                                                                        \
    } else if (a_step) {                                                                       \
      const vf b = n > 0 ? splat(*pb) : splat(0);                                              \
      for (; i + LANES <= n; i += LANES) {                                                     \
        const vf a = load(pa + i);                                                             \
        store(out + i, expression);                                                            \
      }                                                                                        \
    } else {                                                                                   \
      const vf a = n > 0 ? splat(*pa) : splat(0);                                              \
      const vf only = !b_step && n > 0 ? splat(*pb) : splat(0);                                \
      for (; i + LANES <= n; i += LANES) {                                                     \
        const vf b = b_step ? load(pb + i) : only;                                             \
        store(out + i, expression);                                                            \
      }                                                                                        \
    }                                                                                          \
    if (i < n) {                                                                               \
      const vf a = a_step ? load_part(pa + i, n - i) : splat(*pa);                             \
      const vf b = b_step ? load_part(pb + i, n - i) : splat(*pb);                             \
      store_part(out + i, expression, n - i);                                                  \
    }                                                                                          \
  }

BINARY(f32_add, a + b)
BINARY(f32_sub, a - b)
BINARY(f32_mul, a *b)
BINARY(f32_div, a / b)
BINARY(f32_min, min_nan(a, b))
BINARY(f32_max, max_nan(a, b))
#undef BINARY

static void f32_pow(
    size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = powf(a[i * a_step], b[i * b_step]);
}

// The compiler vectorises these as they stand.
#define COMPARE(name, operation)                                                               \
  static void name(                                                                            \
      size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out) {  \
    if (a_step && b_step) {                                                                    \
      for (size_t i = 0; i < n; i++) out[i] = a[i] operation b[i];                             \
    } else if (a_step) {                                                                       \
      for (size_t i = 0; i < n; i++) out[i] = a[i] operation *b;                               \
    } else {                                                                                   \
      for (size_t i = 0; i < n; i++) out[i] = *a operation b[i * b_step];                      \
    }                                                                                          \
  }

COMPARE(f32_eq, ==)
COMPARE(f32_ne, !=)
COMPARE(f32_lt, <)
COMPARE(f32_le, <=)
COMPARE(f32_gt, >)
COMPARE(f32_ge, >=)
#undef COMPARE

static void f32_fma(
    size_t n, const float *a, size_t a_step, const float *b, size_t b_step, const float *c,
    size_t c_step, float *out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vf va = a_step ? load(a + i) : splat(*a);
    const vf vb = b_step ? load(b + i) : splat(*b);
    const vf vc = c_step ? load(c + i) : splat(*c);
    store(out + i, va * vb + vc);
  }
  if (i < n) {
    const vf va = a_step ? load_part(a + i, n - i) : splat(*a);
    const vf vb = b_step ? load_part(b + i, n - i) : splat(*b);
    const vf vc = c_step ? load_part(c + i, n - i) : splat(*c);
    store_part(out + i, va * vb + vc, n - i);
  }
}

static void f32_axpy(size_t n, float s, const float *x, float *out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(out + i, load(x + i) * s + load(out + i));
  if (i < n) {
    const vf result = load_part(x + i, n - i) * s + load_part(out + i, n - i);
    store_part(out + i, result, n - i);
  }
}

static void f32_select(
    size_t n, const uint8_t *mask, const float *a, size_t a_step, const float *b, size_t b_step,
    float *out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vb m = *(const vb_any *)(mask + i);
    const vi chosen = __builtin_convertvector(m, vi) != 0;
    const vf va = a_step ? load(a + i) : splat(*a);
    const vf vb = b_step ? load(b + i) : splat(*b);
    store(out + i, select_f(chosen, va, vb));
  }
  for (; i < n; i++) out[i] = mask[i] ? a[i * a_step] : b[i * b_step];
}

static void f32_lerp(size_t n, const float *a, const float *b, float t, float *out) {
  const float s = 1.0f - t;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(out + i, load(a + i) * s + load(b + i) * t);
  if (i < n) {
    const vf result = load_part(a + i, n - i) * s + load_part(b + i, n - i) * t;
    store_part(out + i, result, n - i);
  }
}
