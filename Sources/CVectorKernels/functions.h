// Room: CVectorKernels. Functions of one vector: exponentials, logarithms and what nets make of them.

// exp of what lies between -104 and 89 or is NaN: 2^n exp(r), |r| <= ln 2 / 2, a polynomial for exp(r),
// and 2^n in two factors, so that subnormal results are rounded once.
INLINE vf exp_limited_v(vf x) {
#if LANES == 16 && defined(__x86_64__)
  const vf n = (vf)_mm512_roundscale_ps((__m512)(x * 0x1.715476p0f), 8);
#else
  const vf magic = splat(0x1.8p23f);
  const vf n = x * 0x1.715476p0f + magic - magic;
#endif
  // ln 2 in a part of few bits, so that n times it is exact also without fused multiply-add.
  vf r = x - n * 0x1.62e4p-1f;
  r = r - n * 0x1.7f7d1cp-20f;
  const vf s = r * r;
  const vf high = r * 0x1.6850e4p-10f + 0x1.123bccp-7f, low = r * 0x1.555b98p-5f + 0x1.55548ep-3f;
  vf p = high * s + low;
  p = p * r + 0x1.fffff8p-2f;
  p = p * s + r;
#if LANES == 16 && defined(__x86_64__)
  // Rounds subnormal results once, and passes NaN on.
  return (vf)_mm512_scalef_ps((__m512)(p + 1.0f), (__m512)n);
#else
  const vi whole = to_int(n);
  const vi half = whole >> 1;
  const vf scale1 = from_bits((half + 127) << 23);
  const vf scale2 = from_bits((whole - half + 127) << 23);
  const vf result = (p + 1.0f) * scale1 * scale2;
  return select_f(x != x, x, result);
#endif
}

INLINE vf exp_v(vf x) {
  return exp_limited_v(max_second(splat(-104.0f), min_second(splat(89.0f), x)));
}

// exp(-|x|).
INLINE vf exp_below_v(vf x) { return exp_limited_v(max_second(splat(-104.0f), -magnitude(x))); }

// exp(x) - 1: by exp's reduction, keeping the leading 1 apart; for small |x| the polynomial itself.
INLINE vf expm1_v(vf x) {
  const vf limited = max_second(splat(-30.0f), min_second(splat(89.0f), x));
  const vf magic = splat(0x1.8p23f);
  const vf shifted = limited * 0x1.715476p0f + magic;
  const vf n = shifted - magic;
  vf r = limited - n * 0x1.62e4p-1f;
  r = r - n * 0x1.7f7d1cp-20f;
  vf p = splat(0x1.6850e4p-10f);
  p = p * r + 0x1.123bccp-7f;
  p = p * r + 0x1.555b98p-5f;
  p = p * r + 0x1.55548ep-3f;
  p = p * r + 0x1.fffff8p-2f;
  p = p * r * r + r;
  const vi whole = to_int(n);
  const vi half = whole >> 1;
  const vf scale1 = from_bits((half + 127) << 23);
  const vf scale2 = from_bits((whole - half + 127) << 23);
  const vf scale = scale1 * scale2;
  // scale p + (scale - 1); for n = 128 scale itself overflows, and the 1 no longer counts.
  const vf small = p * scale + (scale - 1.0f);
  const vf large = (p + 1.0f) * scale1 * scale2;
  const vf result = select_f(n > 100.0f, large, small);
  return select_f(magnitude(x) < 0x1p-24f, x, select_f(x != x, x, result));
}

// log's core: x = 2^e (1 + f), 1 + f in [2/3, 4/3); the caller has made x normal and positive.
typedef struct log_parts {
  vf e, f;
} log_parts;

INLINE log_parts log_split(vf x) {
  const vi is_small = x < 0x1p-126f;
  const vf normal = select_f(is_small, x * 0x1p23f, x);
  const vi raw = bits(normal) - 0x3f2aaaab;
  const vi exponent = raw >> 23;
  log_parts parts;
  parts.f = from_bits(bits(normal) - (exponent << 23)) - 1.0f;
  parts.e = to_float(exponent) - select_f(is_small, splat(23.0f), splat(0.0f));
  return parts;
}

// log(1 + f) - f for f in [-1/3, 1/3].
INLINE vf log_tail(vf f) {
  const vf s = f * f;
  vf p = splat(-0.130310059f);
  vf t = splat(0.140869141f);
  p = p * s - 0.121483512f;
  t = t * s + 0.139814854f;
  p = p * s - 0.166846126f;
  t = t * s + 0.200120345f;
  p = p * s - 0.249996200f;
  p = t * f + p;
  p = p * f + 0.333331972f;
  p = p * f - 0.500000000f;
  return p * s;
}

// Zero, negative, infinite and NaN arguments of a logarithm.
INLINE vf log_special(vf x, vf result) {
  const vf infinity = splat(INFINITY);
  result = select_f(x == infinity, infinity, result);
  result = select_f(x == 0.0f, -infinity, result);
  result = select_f(x < 0.0f, splat(NAN), result);
  return select_f(x != x, x, result);
}

INLINE vf log_v(vf x) {
  const log_parts parts = log_split(x);
  const vf small = parts.e * -0x1.05c610p-29f + log_tail(parts.f);
  const vf result = parts.e * 0x1.62e430p-1f + (small + parts.f);
  return log_special(x, result);
}

INLINE vf log2_v(vf x) {
  const log_parts parts = log_split(x);
  const vf tail = log_tail(parts.f);
  // log2(e) = 1 + 0.4427 keeps f itself exact.
  const vf scaled = tail * 0x1.715476p0f + parts.f * 0x1.c551d9p-2f;
  return log_special(x, parts.e + (parts.f + scaled));
}

INLINE vf log10_v(vf x) {
  const log_parts parts = log_split(x);
  const vf natural = parts.f + log_tail(parts.f);
  const vf scaled = natural * 0x1.bcb7b2p-2f;
  // log10(2) in two parts, the first short enough for e times it to be exact.
  const vf high = parts.e * 0x1.344p-2f;
  const vf low = parts.e * 0x1.3509f8p-18f;
  return log_special(x, high + (scaled + low));
}

// log(1 + x) = log(w) x / (w - 1), w = 1 + x rounded: the quotient undoes the rounding of w.
INLINE vf log1p_v(vf x) {
  const vf w = x + 1.0f;
  const vf d = w - 1.0f;
  const vf ratio = log_v(w) * (x / d);
  vf result = select_f(d == 0.0f, x, ratio);
  result = select_f(magnitude(x) < 0x1p-25f, x, result);
  result = select_f(x == INFINITY, splat(INFINITY), result);
  result = select_f(x == -1.0f, splat(-INFINITY), result);
  return select_f(x != x, x, result);
}

// Near 0 a polynomial in x^2; beyond, 1 - 2 / (exp(2|x|) + 1), whose second part has bits to spare.
INLINE vf tanh_v(vf x) {
  const vf m = min_second(splat(10.0f), magnitude(x));
  const vf s = x * x;
  vf p = splat(-0x1.830bfcp-8f);
  p = p * s + 0x1.54e01ap-6f;
  p = p * s - 0x1.b89edap-5f;
  p = p * s + 0x1.1109dcp-3f;
  p = p * s - 0x1.55553ep-2f;
  const vf near = p * (s * x) + x;
  const vf far = 1.0f - 2.0f / (exp_v(m + m) + 1.0f);
  return select_f(x != x, x, with_sign_of(select_f(m < 0.6f, near, far), x));
}

INLINE vf sigmoid_v(vf x) {
  const vf e = exp_below_v(x);
  return select_f(x >= 0.0f, splat(1.0f), e) / (e + 1.0f);
}

// Two polynomials: in x^2 near 0, and the logarithm of the complement beyond.
INLINE vf erf_v(vf x) {
  const vf t = magnitude(x);
  const vf s = x * x;
  vf near = splat(-5.96761703e-4f);
  near = near * s + 4.99119423e-3f;
  near = near * s - 2.67681349e-2f;
  near = near * s + 1.12819925e-1f;
  near = near * s - 3.76125336e-1f;
  near = near * s + 1.28379166e-1f;
  near = near * x + x;
  const vf c = min_second(splat(4.0f), t);
  const vf c2 = c * c;
  vf far = c * -1.72853470e-5f + 3.83197126e-4f;
  const vf u = c * -3.88396438e-3f + 2.42546219e-2f;
  far = far * c2 + u;
  far = far * c - 1.06777877e-1f;
  far = far * c - 6.34846687e-1f;
  far = far * c - 1.28717512e-1f;
  far = far * c - c;
  far = with_sign_of(1.0f - exp_v(far), x);
  return select_f(x != x, x, select_f(t > 0.927734375f, far, near));
}

INLINE vf silu_v(vf x, float beta) {
  const vf scaled = x * beta;
  const vf e = exp_below_v(scaled);
  // Nothing times minus infinity is nothing here.
  const vf small = max_second(splat(-0x1.fffffep127f), x) * e;
  return select_f(scaled >= 0.0f, x, small) / (e + 1.0f);
}

INLINE vf softplus_v(vf x) {
  const vf tail = log1p_v(exp_below_v(x));
  return select_f(x != x, x, max_second(x, splat(0.0f)) + tail);
}

// 2^r for |r| <= 1/2.
INLINE vf exp2_part_v(vf r) {
  const vf s = r * r;
  const vf high = (r * 0x1.41fbc0p-13f + 0x1.5f3e54p-10f) * s + (r * 0x1.3b2d4cp-7f + 0x1.c6aee8p-5f);
  return (high * s + (r * 0x1.ebfbdcp-3f + 0x1.62e430p-1f)) * r + 1.0f;
}

// 2^y for -126 <= y <= 0, without the care for subnormal results that exp takes.
INLINE vf exp2_normal_v(vf y) {
  const vf magic = splat(0x1.8p23f);
  const vf shifted = y + magic;
  const vf p = exp2_part_v(y - (shifted - magic));
  return from_bits(bits(p) + (bits(shifted) << 23));
}

INLINE vf gelu_tanh_v(vf x) {
  const vf inner = x * (x * x * (0x1.988454p-1f * 0.044715f) + 0x1.988454p-1f);
  // x sigmoid(2 inner), by the exponential of what is negative.
  const vf y = max_second(splat(-125.0f), magnitude(inner) * -0x1.715476p+1f);
  const vf e = exp2_normal_v(y);
  const vf result = x * select_f(inner < 0.0f, e, splat(1.0f)) / (e + 1.0f);
  return select_f(x < -12.0f, splat(-0.0f), select_f(x != x, x, result));
}

INLINE vf mish_v(vf x) {
  // tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2).
  const vf e = exp_v(min_second(splat(20.0f), x));
  const vf n = e * (e + 2.0f);
  const vf result = x * (n / (n + 2.0f));
  const vf kept = select_f(x > 20.0f, x, result);
  return select_f(x == -INFINITY, splat(-0.0f), select_f(x != x, x, kept));
}
