// Room: CVectorKernels. Columns: reductions along an axis whose neighbours lie far apart, a lane for
// each column.

// Values of a column that are added in float before they go to double precision.
#define COLUMN_BLOCK 32

// The first n <= LANES columns of a row.
INLINE vf column_load(const float *p, size_t n) { return n < LANES ? load_part(p, n) : load(p); }
INLINE void column_store(float *p, vf v, size_t n) {
  if (n < LANES) store_part(p, v, n);
  else store(p, v);
}

static void f32_softmax_columns(
    size_t n, size_t count, const float *in, ptrdiff_t in_step, bool logarithm, float *out,
    ptrdiff_t out_step) {
  for (size_t x = 0; x < n; x += LANES) {
    const size_t seen = n - x < LANES ? n - x : LANES;
    const float *p = in + x;
    float *q = out + x;
    vf largest = splat(-INFINITY);
    for (size_t i = 0; i < count; i++)
      largest = max_second(largest, column_load(p + (ptrdiff_t)i * in_step, seen));
    vd sum = (vd)0.0;
    for (size_t i = 0; i < count; i++) {
      const vf a = column_load(p + (ptrdiff_t)i * in_step, seen) - largest, e = exp_v(a);
      column_store(q + (ptrdiff_t)i * out_step, logarithm ? a : e, seen);
      sum += __builtin_convertvector(e, vd);
    }
    vf factor = splat(1), term = splat(0);
    if (logarithm)
      for (size_t j = 0; j < seen; j++) term[j] = (float)-log(sum[j]);
    else
      factor = __builtin_convertvector(1.0 / sum, vf);
    for (size_t i = 0; i < count; i++) {
      float *o = q + (ptrdiff_t)i * out_step;
      column_store(o, column_load(o, seen) * factor + term, seen);
    }
  }
}

static void f32_normalize_columns(
    size_t n, size_t count, const float *in, ptrdiff_t in_step, bool centers, double epsilon,
    const float *scale, const float *shift, float *out, ptrdiff_t out_step) {
  for (size_t x = 0; x < n; x += LANES) {
    const size_t seen = n - x < LANES ? n - x : LANES;
    const float *p = in + x;
    vd sum = (vd)0.0;
    for (size_t first = 0; centers && first < count; first += COLUMN_BLOCK) {
      const size_t end = count - first < COLUMN_BLOCK ? count : first + COLUMN_BLOCK;
      vf part = splat(0);
      for (size_t i = first; i < end; i++)
        part += column_load(p + (ptrdiff_t)i * in_step, seen);
      sum += __builtin_convertvector(part, vd);
    }
    const vd mean = sum / (double)count;
    const vf middle = __builtin_convertvector(mean, vf);
    // What rounding the mean to float left over is taken back.
    const vd rest = mean - __builtin_convertvector(middle, vd);
    vd squares = (vd)0.0;
    for (size_t first = 0; first < count; first += COLUMN_BLOCK) {
      const size_t end = count - first < COLUMN_BLOCK ? count : first + COLUMN_BLOCK;
      vf part = splat(0);
      for (size_t i = first; i < end; i++) {
        const vf d = column_load(p + (ptrdiff_t)i * in_step, seen) - middle;
        part += d * d;
      }
      squares += __builtin_convertvector(part, vd);
    }
    vd variance = squares / (double)count - rest * rest;
    variance = variance < 0 ? (vd)0.0 : variance;
    vd inverse;
    for (int j = 0; j < LANES; j++) inverse[j] = 1 / sqrt(variance[j] + epsilon);
    const vf factor = __builtin_convertvector(inverse, vf);
    const vf left = __builtin_convertvector(-rest * inverse, vf);
    for (size_t i = 0; i < count; i++) {
      vf y = (column_load(p + (ptrdiff_t)i * in_step, seen) - middle) * factor + left;
      if (scale) y *= scale[i];
      if (shift) y += shift[i];
      column_store(out + x + (ptrdiff_t)i * out_step, y, seen);
    }
  }
}
#undef COLUMN_BLOCK
