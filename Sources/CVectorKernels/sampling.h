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
