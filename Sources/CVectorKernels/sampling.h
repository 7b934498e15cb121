// Room: CVectorKernels. Weighted sums of values that lie anywhere: warping and moved taps.

// These loops are left to the compiler, which knows each variant's gathers.

// A place below 0 counts as a value of 0.
static void f32_sample(
    size_t n, size_t taps, size_t ld, const float *in, const int32_t *places,
    const float *weights, float *restrict out) {
  assert(in && places && weights && out && taps > 0);
  for (size_t t = 0; t < taps; t++, places += ld, weights += ld) {
    if (t == 0) {
      for (size_t i = 0; i < n; i++) {
        const int32_t p = places[i];
        const float value = in[p < 0 ? 0 : p];
        out[i] = weights[i] * (p < 0 ? 0.0f : value);
      }
    } else {
      for (size_t i = 0; i < n; i++) {
        const int32_t p = places[i];
        const float value = in[p < 0 ? 0 : p];
        out[i] += weights[i] * (p < 0 ? 0.0f : value);
      }
    }
  }
}

// The two elements around each coordinate along one axis, and their weights: for taps 0 and 1, n
// places and weights each. Far outside and no number at all are the same: nothing is there.
static void f32_linear_taps(
    size_t n, size_t step, const float *coordinates, squall_coordinates form, int32_t length,
    int32_t stride, bool clamps, int32_t *places, float *weights) {
  assert(coordinates && places && weights && length > 0);
  const float size = (float)length, end = size - 1.0f, far = 1e9f;
  for (size_t i = 0; i < n; i++) {
    const float g = coordinates[i * step];
    float x = form == SQUALL_CORNERS  ? (g + 1.0f) / 2.0f * end
              : form == SQUALL_CENTRES ? ((g + 1.0f) * size - 1.0f) / 2.0f
                                       : g;
    x = x > -far ? x : -far;  // NaN, too.
    x = x < far ? x : far;
    if (clamps) {
      x = x > 0.0f ? x : 0.0f;
      x = x < end ? x : end;
    }
    const float low = floorf(x);
    const int32_t first = (int32_t)low, second = first + 1;
    const bool has_first = first >= 0 && first < length;
    const bool has_second = second >= 0 && second < length;
    // Clamped coordinates have a first element, and the second may be the last one again.
    places[i] = has_first ? first * stride : -1;
    places[n + i] = has_second ? second * stride : clamps ? (length - 1) * stride : -1;
    weights[i] = 1.0f - (x - low);
    weights[n + i] = x - low;
  }
}

// Each of two corners' elements moved along a further axis: nowhere if either is.
static void f32_join_taps(
    size_t n, const int32_t *a_places, const float *a_weights, const int32_t *b_places,
    const float *b_weights, int32_t *places, float *weights) {
  // The result may be the first corner's own memory, element by element.
  _Pragma("clang loop vectorize(assume_safety)")
  for (size_t i = 0; i < n; i++) {
    const int32_t a = a_places[i], b = b_places[i];
    places[i] = a < 0 || b < 0 ? -1 : a + b;
    weights[i] = a_weights[i] * b_weights[i];
  }
}

// LANES values of the 2 LANES from `in` on, of which `left` may be read: those at these places.
#if LANES == 16 && defined(__x86_64__)
INLINE vf near_values(const float *in, size_t left, vi places) {
  const vf low = left < LANES ? load_part(in, left) : load(in);
  const size_t behind = left > LANES ? left - LANES : 0;
  const vf high = behind >= LANES ? load(in + LANES) : behind ? load_part(in + LANES, behind) : low;
  return (vf)_mm512_permutex2var_ps((__m512)low, (__m512i)places, (__m512)high);
}
#elif LANES == 8 && defined(__x86_64__)
INLINE vf near_values(const float *in, size_t left, vi places) {
  const vf low = left < LANES ? load_part(in, left) : load(in);
  const size_t behind = left > LANES ? left - LANES : 0;
  const vf high = behind >= LANES ? load(in + LANES) : behind ? load_part(in + LANES, behind) : low;
  const vf a = (vf)_mm256_permutevar8x32_ps((__m256)low, (__m256i)places);
  const vf b = (vf)_mm256_permutevar8x32_ps((__m256)high, (__m256i)places);
  return select_f(places > splat_i(LANES - 1), b, a);
}
#endif

static void f32_resample(
    size_t n, size_t length, const float *in, const int32_t *first, const int32_t *second,
    const float *share, float *out) {
  size_t i = 0;
#if LANES >= 8 && defined(__x86_64__)
  for (; i + LANES <= n; i += LANES) {
    vi a, b;
    memcpy(&a, first + i, sizeof a);
    memcpy(&b, second + i, sizeof b);
    const int32_t base = a[0];
    a -= base;
    b -= base;
    // Places that lie behind the first one, and not far.
    const vi far = ((a | b) & splat_i(~(2 * LANES - 1)));
    const vf s = load(share + i);
    vf x, y;
#if LANES == 16
    const bool is_near = _mm512_test_epi32_mask((__m512i)far, (__m512i)far) == 0;
#else
    const bool is_near = _mm256_testz_si256((__m256i)far, (__m256i)far);
#endif
    if (is_near) {
      x = near_values(in + base, length - (size_t)base, a);
      y = near_values(in + base, length - (size_t)base, b);
    } else {
      UNROLL for (int j = 0; j < LANES; j++) {
        x[j] = in[base + a[j]];
        y[j] = in[base + b[j]];
      }
    }
    store(out + i, select_f(s == splat(0), x, x * (1 - s) + y * s));
  }
#endif
  for (; i < n; i++) {
    const float a = in[first[i]], b = in[second[i]], s = share[i];
    out[i] = s == 0 ? a : a * (1 - s) + b * s;
  }
}
