// Room: CVectorKernels. Passes of Fourier transforms over planes of many signals.
//
// Included for each element type T twice: with vectors V of WIDTH elements, and with V one element
// for what is left over. FN names a function. The small radices are rounded as written, without
// fused multiply-adds, so that every variant gives the same bits.

// Length 2, 4 and 8, forward; results in natural order.
INLINE void FN(two)(V *x, V *y) {
  const V a = x[0], b = y[0];
  x[0] = a + x[1], y[0] = b + y[1];
  x[1] = a - x[1], y[1] = b - y[1];
}

INLINE void FN(four)(V *x, V *y) {
  const V ar = x[0] + x[2], ai = y[0] + y[2], br = x[0] - x[2], bi = y[0] - y[2];
  const V cr = x[1] + x[3], ci = y[1] + y[3], dr = x[1] - x[3], di = y[1] - y[3];
  x[0] = ar + cr, y[0] = ai + ci;
  x[1] = br + di, y[1] = bi - dr;
  x[2] = ar - cr, y[2] = ai - ci;
  x[3] = br - di, y[3] = bi + dr;
}

INLINE void FN(eight)(V *x, V *y) {
  const T root = (T)0.707106781186547524400844362104849;
  V er[4] = {x[0], x[2], x[4], x[6]}, ei[4] = {y[0], y[2], y[4], y[6]};
  // The odd ones, whose results are turned by eighths.
  const V a1r = x[1] + x[5], a1i = y[1] + y[5], a5r = x[1] - x[5], a5i = y[1] - y[5];
  const V a3r = x[3] + x[7], a3i = y[3] + y[7], a7r = y[3] - y[7], a7i = x[7] - x[3];
  const V b1r = a1r + a3r, b1i = a1i + a3i, b3r = a1i - a3i, b3i = a3r - a1r;
  const V b5r = a5r + a7r, b5i = a5i + a7i, b7r = a5r - a7r, b7i = a5i - a7i;
  const V c5r = root * (b5r + b5i), c5i = root * (b5i - b5r);
  const V c7r = root * (b7i - b7r), c7i = -root * (b7r + b7i);
  FN(four)(er, ei);
  x[0] = er[0] + b1r, y[0] = ei[0] + b1i, x[4] = er[0] - b1r, y[4] = ei[0] - b1i;
  x[1] = er[1] + c5r, y[1] = ei[1] + c5i, x[5] = er[1] - c5r, y[5] = ei[1] - c5i;
  x[2] = er[2] + b3r, y[2] = ei[2] + b3i, x[6] = er[2] - b3r, y[6] = ei[2] - b3i;
  x[3] = er[3] + c7r, y[3] = ei[3] + c7i, x[7] = er[3] - c7r, y[7] = ei[3] - c7i;
}

// Any odd length; `c` holds the cosines of all multiples of the angle, `s` the sines.
INLINE void FN(odd)(const size_t r, const T *c, const T *s, V *x, V *y) {
#pragma clang fp contract(off)
  const size_t half = r / 2;
  const V x0 = x[0], y0 = y[0];
  V ar[MOST_RADIX / 2 + 1], ai[MOST_RADIX / 2 + 1], br[MOST_RADIX / 2 + 1], bi[MOST_RADIX / 2 + 1];
  UNROLL for (size_t j = 1; j <= half; j++) {
    ar[j] = x[j] + x[r - j], ai[j] = y[j] + y[r - j];
    br[j] = x[j] - x[r - j], bi[j] = y[j] - y[r - j];
    x[0] += ar[j], y[0] += ai[j];
  }
  UNROLL for (size_t k = 1; k <= half; k++) {
    V pr = x0 + c[k] * ar[1], pi = y0 + c[k] * ai[1], qr = s[k] * br[1], qi = s[k] * bi[1];
    UNROLL for (size_t j = 2; j <= half; j++) {
      const size_t i = j * k % r;
      pr += c[i] * ar[j], pi += c[i] * ai[j];
      qr += s[i] * br[j], qi += s[i] * bi[j];
    }
    x[k] = pr + qi, y[k] = pi - qr;
    x[r - k] = pr - qi, y[r - k] = pi + qr;
  }
}

// The same for lengths that are known only now; sums are fused.
static NOINLINE void FN(generic)(const size_t r, const T *c, const T *s, V *x, V *y) {
  const size_t half = r / 2;
  const V x0 = x[0], y0 = y[0];
  V sum[4 * (MOST_RADIX / 2 + 1)];
  for (size_t j = 1; j <= half; j++) {
    V *a = sum + 4 * j;
    a[0] = x[j] + x[r - j], a[1] = y[j] + y[r - j];
    a[2] = x[j] - x[r - j], a[3] = y[j] - y[r - j];
    x[0] += a[0], y[0] += a[1];
  }
  for (size_t k = 1; k <= half; k += 2) {
    const size_t l = k < half ? k + 1 : k;
    V pr = x0, pi = y0, qr = (V)(0), qi = qr, tr = x0, ti = y0, ur = qr, ui = qr;
    size_t i = 0, n = 0;
    for (size_t j = 1; j <= half; j++) {
      const V *a = sum + 4 * j;
      i += k, n += l;
      if (i >= r) i -= r;
      if (n >= r) n -= r;
      pr += c[i] * a[0], pi += c[i] * a[1], qr += s[i] * a[2], qi += s[i] * a[3];
      tr += c[n] * a[0], ti += c[n] * a[1], ur += s[n] * a[2], ui += s[n] * a[3];
    }
    x[k] = pr + qi, y[k] = pi - qr, x[r - k] = pr - qi, y[r - k] = pi + qr;
    x[l] = tr + ui, y[l] = ti - ur, x[r - l] = tr - ui, y[r - l] = ti + ur;
  }
}

INLINE void FN(butterfly)(const size_t r, const T *circle, V *x, V *y) {
  switch (r) {
    case 2: FN(two)(x, y); break;
    case 4: FN(four)(x, y); break;
    case 8: FN(eight)(x, y); break;
    case 3: FN(odd)(3, circle, circle + 3, x, y); break;
    case 5: FN(odd)(5, circle, circle + 5, x, y); break;
    case 7: FN(odd)(7, circle, circle + 7, x, y); break;
    case 11: FN(odd)(11, circle, circle + 11, x, y); break;
    default: FN(generic)(r, circle, circle + r, x, y);
  }
}

// Real numbers to the first half of their spectrum, r / 2 + 1 values.
INLINE void FN(butterfly_forward)(const size_t r, const T *circle, const V *in, V *x, V *y) {
  if (r == 2) {
    x[0] = in[0] + in[1], x[1] = in[0] - in[1];
    return;
  }
  if (r == 4) {
    const V a = in[0] + in[2], b = in[1] + in[3];
    x[0] = a + b, x[1] = in[0] - in[2], y[1] = in[3] - in[1], x[2] = a - b;
    return;
  }
  const T *c = circle, *s = circle + r;
  const size_t half = r / 2;
  V a[MOST_RADIX / 2 + 1], b[MOST_RADIX / 2 + 1];
  x[0] = in[0];
  UNROLL_SMALL for (size_t j = 1; j <= half; j++) {
    a[j] = in[j] + in[r - j], b[j] = in[j] - in[r - j];
    x[0] += a[j];
  }
  UNROLL_SMALL for (size_t k = 1; k <= half; k++) {
    V p = in[0] + c[k] * a[1], q = s[k] * b[1];
    size_t i = k;
    UNROLL_SMALL for (size_t j = 2; j <= half; j++) {
      i = i + k >= r ? i + k - r : i + k;
      p += c[i] * a[j], q += s[i] * b[j];
    }
    x[k] = p, y[k] = -q;
  }
}

// The inverse of that, times r.
INLINE void FN(butterfly_backward)(const size_t r, const T *circle, const V *x, const V *y, V *out) {
  if (r == 2) {
    out[0] = x[0] + x[1], out[1] = x[0] - x[1];
    return;
  }
  if (r == 4) {
    const V a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[1], d = y[1] + y[1];
    out[0] = a + c, out[1] = b - d, out[2] = a - c, out[3] = b + d;
    return;
  }
  const T *c = circle, *s = circle + r;
  const size_t half = r / 2;
  V a[MOST_RADIX / 2 + 1], b[MOST_RADIX / 2 + 1];
  V sum = x[0];
  UNROLL_SMALL for (size_t j = 1; j <= half; j++) {
    a[j] = x[j] + x[j], b[j] = y[j] + y[j];
    sum += a[j];
  }
  out[0] = sum;
  UNROLL_SMALL for (size_t k = 1; k <= half; k++) {
    V p = x[0] + c[k] * a[1], q = s[k] * b[1];
    size_t i = k;
    UNROLL_SMALL for (size_t j = 2; j <= half; j++) {
      i = i + k >= r ? i + k - r : i + k;
      p += c[i] * a[j], q += s[i] * b[j];
    }
    out[k] = p - q, out[r - k] = p + q;
  }
}

// Multiplies by w or, to go back, by its conjugate.
INLINE void FN(turn_one)(V *x, V *y, const T *w) {
#pragma clang fp contract(off)
  const V a = *x;
  *x = a * w[0] - *y * w[1];
  *y = a * w[1] + *y * w[0];
}

// One pass of a complex transform: sub-spectra of r values each, then turned.
INLINE void FN(complex_pass)(
    const size_t r, const squall_fourier_stage *stage, size_t begin, size_t count, const T *re,
    const T *im, T *out_re, T *out_im) {
  const size_t m = stage->length;
  const T *circle = stage->circle, *w = stage->twiddles;
  for (size_t p = 0; p < m; p++, w += 2 * (r - 1)) {
    for (size_t q = begin; q + WIDTH <= count; q += WIDTH) {
      V x[MOST_RADIX], y[MOST_RADIX];
      UNROLL_SMALL for (size_t j = 0; j < r; j++) {
        x[j] = FN(get)(re + (p + m * j) * count + q);
        y[j] = FN(get)(im + (p + m * j) * count + q);
      }
      FN(butterfly)(r, circle, x, y);
      if (p > 0) UNROLL_SMALL for (size_t k = 1; k < r; k++)
        FN(turn_one)(x + k, y + k, w + 2 * (k - 1));
      UNROLL_SMALL for (size_t k = 0; k < r; k++) {
        FN(put)(out_re + (r * p + k) * count + q, x[k]);
        FN(put)(out_im + (r * p + k) * count + q, y[k]);
      }
    }
  }
}

// One pass from real numbers to half spectra: r half spectra of m become one of r m.
INLINE void FN(forward_pass)(
    const size_t r, const squall_fourier_stage *stage, size_t begin, size_t count, const T *re,
    const T *im, T *out_re, T *out_im) {
  const size_t m = stage->length;
  const T *circle = stage->circle, *w = stage->twiddles;
  V in[MOST_RADIX], x[MOST_RADIX], y[MOST_RADIX];
  for (size_t q = begin; q + WIDTH <= count; q += WIDTH) {
    UNROLL_SMALL for (size_t j = 0; j < r; j++) in[j] = FN(get)(re + j * count + q);
    FN(butterfly_forward)(r, circle, in, x, y);
    UNROLL_SMALL for (size_t k = 0; k <= r / 2; k++) {
      FN(put)(out_re + m * k * count + q, x[k]);
      // The imaginary part of the first row, and of the last of an even length, is never read.
      if (k > 0 && 2 * k < r) FN(put)(out_im + m * k * count + q, y[k]);
    }
  }
  for (size_t k = 1; 2 * k <= m; k++) {
    const bool middle = 2 * k == m;
    w += 2 * (r - 1);
    for (size_t q = begin; q + WIDTH <= count; q += WIDTH) {
      UNROLL_SMALL for (size_t j = 0; j < r; j++) {
        x[j] = FN(get)(re + (r * k + j) * count + q);
        y[j] = middle ? (V)(0) : FN(get)(im + (r * k + j) * count + q);
        if (j > 0) FN(turn_one)(x + j, y + j, w + 2 * (j - 1));
      }
      FN(butterfly)(r, circle, x, y);
      UNROLL_SMALL for (size_t j = 0; j < r; j++) {
        const size_t row = k + m * j;
        if (2 * row <= r * m) {
          FN(put)(out_re + row * count + q, x[j]);
          FN(put)(out_im + row * count + q, y[j]);
        } else if (!middle) {
          FN(put)(out_re + (r * m - row) * count + q, x[j]);
          FN(put)(out_im + (r * m - row) * count + q, -y[j]);
        }
      }
    }
  }
}

// One pass from half spectra to real numbers: one of r m becomes r of m.
INLINE void FN(backward_pass)(
    const size_t r, const squall_fourier_stage *stage, size_t begin, size_t count, const T *re,
    const T *im, T *out_re, T *out_im) {
  const size_t m = stage->length;
  const T *circle = stage->circle, *w = stage->twiddles;
  V x[MOST_RADIX], y[MOST_RADIX], out[MOST_RADIX];
  for (size_t q = begin; q + WIDTH <= count; q += WIDTH) {
    UNROLL_SMALL for (size_t k = 0; k <= r / 2; k++) {
      x[k] = FN(get)(re + m * k * count + q);
      if (k > 0 && 2 * k < r) y[k] = FN(get)(im + m * k * count + q);
    }
    FN(butterfly_backward)(r, circle, x, y, out);
    UNROLL_SMALL for (size_t j = 0; j < r; j++) FN(put)(out_re + j * count + q, out[j]);
  }
  for (size_t k = 1; 2 * k <= m; k++) {
    const bool middle = 2 * k == m;
    w += 2 * (r - 1);
    for (size_t q = begin; q + WIDTH <= count; q += WIDTH) {
      UNROLL_SMALL for (size_t j = 0; j < r; j++) {
        const size_t row = k + m * j;
        if (2 * row <= r * m) {
          x[j] = FN(get)(re + row * count + q);
          // The last row of an even length is real.
          y[j] = 2 * row == r * m ? (V)(0) : FN(get)(im + row * count + q);
        } else {
          x[j] = FN(get)(re + (r * m - row) * count + q);
          y[j] = -FN(get)(im + (r * m - row) * count + q);
        }
      }
      // Real and imaginary parts exchanged: the other direction.
      FN(butterfly)(r, circle, y, x);
      UNROLL_SMALL for (size_t j = 0; j < r; j++) {
        if (j > 0) FN(turn_one)(y + j, x + j, w + 2 * (j - 1));
        FN(put)(out_re + (r * k + j) * count + q, x[j]);
        if (!middle) FN(put)(out_im + (r * k + j) * count + q, y[j]);
      }
    }
  }
}
