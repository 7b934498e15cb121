// Room: CVectorKernels. GELU with erf: x minus x's share in the tail, max(x, 0) - h(|x|) with
// h(t) = t erfc(t / sqrt 2) / 2.

#if LANES == 16 && defined(__x86_64__)

// h near each quarter, as powers of the distance from it, lowest first: near 0 with the exact value
// and slope and the least relative error, elsewhere by interpolation at Chebyshev's points. A table
// is two registers, so that 32 of them are looked up at once.
static const float gelu_parts[6][32] __attribute__((aligned(64))) = {
  {
    0.0f, 0x1.9aecbap-4f, 0x1.3bf144p-3f, 0x1.5c198p-3f, 0x1.44ed0cp-3f, 0x1.0e76a2p-3f,
    0x1.9a76a4p-4f, 0x1.1f24ep-4f, 0x1.74bcf8p-5f, 0x1.c2a498p-6f, 0x1.fcb21ep-7f, 0x1.0c832ep-7f,
    0x1.096698p-8f, 0x1.eb9b5cp-10f, 0x1.aae05p-11f, 0x1.5babc2p-12f, 0x1.09ad7cp-13f,
    0x1.7d102p-15f, 0x1.00841p-16f, 0x1.443682p-18f, 0x1.80bcd8p-20f, 0x1.acb41p-22f,
    0x1.c09422p-24f, 0x1.b8cb3cp-26f, 0x1.96c9e6p-28f, 0x1.609414p-30f, 0x1.1f04dcp-32f,
    0x1.b6e8f4p-35f, 0x1.3b35d2p-37f, 0x1.a9425ap-40f, 0x1.0d73fp-42f, 0x1.40bd96p-45f
  },
  {
    0x1p-1f, 0x1.37f00cp-2f, 0x1.0f5eb8p-3f, 0x1.95f206p-11f, -0x1.55429ap-4f, -0x1.f66bfep-4f,
    -0x1.050e92p-3f, -0x1.c65a8p-4f, -0x1.5d1c06p-4f, -0x1.e4e1e4p-5f, -0x1.341c2ap-5f,
    -0x1.68e62cp-6f, -0x1.876f5ap-7f, -0x1.8a5ae6p-8f, -0x1.71da9p-9f, -0x1.437006p-10f,
    -0x1.080eb6p-11f, -0x1.92e554p-13f, -0x1.1f6ea4p-14f, -0x1.7fbf24p-16f, -0x1.df9fa6p-18f,
    -0x1.18b3ecp-19f, -0x1.33d052p-21f, -0x1.3c5004p-23f, -0x1.30acaap-25f, -0x1.132102p-27f,
    -0x1.d1ef16p-30f, -0x1.72014ap-32f, -0x1.1398f4p-34f, -0x1.8121b2p-37f, -0x1.f8ec74p-40f,
    -0x1.368d9ap-42f
  },
  {
    -0x1.988448p-2f, -0x1.7f92dap-2f, -0x1.3b733ap-2f, -0x1.bb4666p-3f, -0x1.ef8f38p-4f,
    -0x1.47509p-5f, 0x1.093db6p-6f, 0x1.777a04p-5f, 0x1.ba4b64p-5f, 0x1.8e24e8p-5f, 0x1.312286p-5f,
    0x1.9e60f4p-6f, 0x1.fc4888p-7f, 0x1.1ca6f6p-7f, 0x1.251bf6p-8f, 0x1.16bbe6p-9f,
    0x1.eb25fep-11f, 0x1.91d76ep-12f, 0x1.31dafcp-13f, 0x1.b1bc54p-15f, 0x1.1ecfd2p-16f,
    0x1.620f36p-18f, 0x1.984556p-20f, 0x1.b8062ap-22f, 0x1.bb7ce4p-24f, 0x1.a22b72p-26f,
    0x1.71054ap-28f, 0x1.30def2p-30f, 0x1.d7bcccp-33f, 0x1.55dcb4p-35f, 0x1.d037d8p-38f,
    0x1.2759b4p-40f
  },
  {
    -0x1.b7b218p-17f, 0x1.03d6cep-4f, 0x1.c2a40cp-4f, 0x1.08ffeep-3f, 0x1.ef8e12p-4f,
    0x1.7be916p-4f, 0x1.d03194p-5f, 0x1.828732p-6f, 0x1.fe96fp-23f, -0x1.9e63dep-7f,
    -0x1.0d3c36p-6f, -0x1.e68b6ap-7f, -0x1.6b0f4p-7f, -0x1.d8b0bcp-8f, -0x1.133d16p-8f,
    -0x1.22a6f8p-9f, -0x1.18a948p-10f, -0x1.f267d4p-12f, -0x1.988502p-13f, -0x1.35fd72p-14f,
    -0x1.b47a6cp-16f, -0x1.1d9594p-17f, -0x1.5bc8e6p-19f, -0x1.8a954ap-21f, -0x1.a1751ap-23f,
    -0x1.9c27cp-25f, -0x1.7bfb76p-27f, -0x1.474f1p-29f, -0x1.078ab8p-31f, -0x1.8cde88p-34f,
    -0x1.178adap-36f, -0x1.708246p-39f
  },
  {
    0x1.11a4aep-4f, 0x1.d52c5ep-5f, 0x1.154fe8p-5f, 0x1.3b4a04p-8f, -0x1.480dd2p-6f,
    -0x1.17052ep-5f, -0x1.26b58ap-5f, -0x1.d9dd38p-6f, -0x1.270872p-6f, -0x1.fa2416p-8f,
    -0x1.1f2c36p-11f, 0x1.95759cp-9f, 0x1.090c9cp-8f, 0x1.cc8dfap-9f, 0x1.45bd26p-9f,
    0x1.8ed934p-10f, 0x1.b2821ap-11f, 0x1.ab7ef6p-12f, 0x1.7f589cp-13f, 0x1.3b39fp-14f,
    0x1.dd71b2p-16f, 0x1.4e0bc4p-17f, 0x1.b0e4e6p-19f, 0x1.044304p-20f, 0x1.22cf84p-22f,
    0x1.2e55c4p-24f, 0x1.24bed6p-26f, 0x1.083c06p-28f, 0x1.bcf93ap-31f, 0x1.5dbbcp-33f,
    0x1.00b90ap-35f, 0x1.602b88p-38f
  },
  {
    -0x1.8c95c8p-9f, -0x1.c7286p-7f, -0x1.6e9468p-6f, -0x1.74c4bp-6f, -0x1.07bcd4p-6f,
    -0x1.96838ap-8f, 0x1.60bffep-9f, 0x1.02a29cp-7f, 0x1.25dd7cp-7f, 0x1.d59728p-8f,
    0x1.17f58cp-8f, 0x1.b78426p-10f, 0x1.4d8eeap-17f, -0x1.7e1032p-11f, -0x1.bb081ep-11f,
    -0x1.60801cp-11f, -0x1.caf8b6p-12f, -0x1.02bcaap-12f, -0x1.034cdap-13f, -0x1.d4be7cp-15f,
    -0x1.819906p-16f, -0x1.227508p-17f, -0x1.927068p-19f, -0x1.013d0ap-20f, -0x1.302e2cp-22f,
    -0x1.4d5b9p-24f, -0x1.53209ap-26f, -0x1.40aac4p-28f, -0x1.1a228cp-30f, -0x1.ce6142p-33f,
    -0x1.6126cp-35f, -0x1.f725fcp-38f
  },
};

INLINE vf gelu_part(int power, __m512i place) {
  const float *table = gelu_parts[power];
  return (vf)_mm512_permutex2var_ps(_mm512_load_ps(table), place, _mm512_load_ps(table + 16));
}

INLINE vf gelu_v(vf x) {
  const float last = 7.8749995f;
  const vf t = min_second(splat(last), magnitude(x));
  // In a float of this size the last bits count quarters.
  const vf magic = splat(0x1.8p21f);
  const vf shifted = t + magic;
  const vf r = t - (shifted - magic);
  const __m512i place = (__m512i)bits(shifted);
  vf h = gelu_part(5, place);
  UNROLL for (int power = 4; power >= 0; power--) h = h * r + gelu_part(power, place);
  return select_f(x < -last, splat(-0.0f), max_second(splat(0.0f), x) - h);
}

#else

// The logarithm of erfc is nearly a parabola, so that one polynomial does for all of it.
INLINE vf gelu_v(vf x) {
  const vf t = min_second(splat(13.0f), magnitude(x));
  vf y = splat(0x1.0e2894p-29f);
  y = y * t - 0x1.6751cep-24f;
  y = y * t + 0x1.90b72ap-20f;
  y = y * t - 0x1.f4110ep-17f;
  y = y * t + 0x1.7c4320p-14f;
  y = y * t - 0x1.44ca22p-12f;
  y = y * t + 0x1.2ab5fep-15f;
  y = y * t + 0x1.c5f39ep-8f;
  y = y * t - 0x1.ad94acp-5f;
  y = y * t - 0x1.d63d7cp-2f;
  y = y * t - 0x1.26aecap+0f;
  y = max_second(splat(-125.0f), y * t);
  const vf result = max_second(splat(0.0f), x) - 0.5f * t * exp2_normal_v(y);
  return select_f(x < -13.0f, splat(-0.0f), result);
}

#endif
