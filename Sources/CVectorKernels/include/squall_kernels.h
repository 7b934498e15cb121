// Room: CVectorKernels. The table of leaf loops, one for each instruction set, chosen once.
//
// Conventions. Lengths are in elements. Pointers need the alignment of their element only. An output
// may be the same as an input, element for element, but may not overlap it otherwise. No function
// allocates, keeps state, or depends on anything but its arguments: same arguments and same variant,
// same bits. Variants may differ from each other in the last bits.
#ifndef SQUALL_KERNELS_H
#define SQUALL_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Functions of one value. `p` and `q` are their parameters.
///
/// Accuracy, in units in the last place of the exact result rounded to float, over all floats
/// (measured by the tests, which fail beyond it): exp 1.5, log 1.5, log2 and log10 3, log1p 2.5,
/// expm1 2.5, tanh 1.35, erf 2.5, sigmoid 3, softplus 3, elu 3, silu 4 (or 1e-45 |x|); gelu, gelu_tanh and mish 4 where
/// the result is above 1e-3 of |x|, absolutely 4e-7 |x| elsewhere. All of them take infinities and
/// NaN as libm does, give subnormal results where these are due, and read subnormal arguments.
/// The others are exact or correctly rounded; sin, cos, tan, pow and the like are libm's own.
typedef enum squall_unary {
  SQUALL_ABS,
  SQUALL_NEG,
  SQUALL_SQUARE,
  SQUALL_SQRT,
  SQUALL_RECIPROCAL,
  SQUALL_FLOOR,
  SQUALL_CEIL,
  SQUALL_ROUND_EVEN,
  SQUALL_TRUNC,
  SQUALL_SIGN,          ///< -1, 0, 1; NaN stays.
  SQUALL_RELU,          ///< NaN stays.
  SQUALL_LEAKY_RELU,    ///< x < 0 ? p x : x.
  SQUALL_CLIP,          ///< min(max(x, p), q); NaN stays.
  SQUALL_AFFINE,        ///< p x + q, rounded once or twice.
  SQUALL_EXP,
  SQUALL_EXPM1,
  SQUALL_LOG,
  SQUALL_LOG2,
  SQUALL_LOG10,
  SQUALL_LOG1P,
  SQUALL_TANH,
  SQUALL_ERF,
  SQUALL_SIGMOID,
  SQUALL_SILU,          ///< x sigmoid(p x); p is 1 for SiLU.
  SQUALL_GELU,          ///< x (1 + erf(x / sqrt 2)) / 2.
  SQUALL_GELU_TANH,     ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
  SQUALL_SOFTPLUS,      ///< log(1 + exp x).
  SQUALL_MISH,          ///< x tanh(softplus x).
  SQUALL_ELU,           ///< x < 0 ? p (exp x - 1) : x.
  SQUALL_HARD_SIGMOID,  ///< min(max(p x + q, 0), 1).
  SQUALL_HARD_SWISH,    ///< x min(max(x / 6 + 1/2, 0), 1).
  SQUALL_SIN,
  SQUALL_COS,
  SQUALL_POW_SCALAR,    ///< x to the power p.
  SQUALL_UNARY_COUNT
} squall_unary;

/// Functions of two values; NaN in either gives NaN. Correctly rounded (pow: libm's).
typedef enum squall_binary {
  SQUALL_ADD,
  SQUALL_SUB,
  SQUALL_MUL,
  SQUALL_DIV,
  SQUALL_MIN,
  SQUALL_MAX,
  SQUALL_POW,
  SQUALL_BINARY_COUNT
} squall_binary;

/// Comparisons, false where an operand is NaN (`NE`: true).
typedef enum squall_compare {
  SQUALL_EQ,
  SQUALL_NE,
  SQUALL_LT,
  SQUALL_LE,
  SQUALL_GT,
  SQUALL_GE,
  SQUALL_COMPARE_COUNT
} squall_compare;

/// Sums and extremes of a row, in a fixed order.
///
/// Sums are taken in float over blocks of at most 1024 and the blocks' sums added in double, so the
/// error does not grow with the length. Extremes are NaN where an element is.
typedef enum squall_reduction {
  SQUALL_SUM,          ///< 0 of an empty row.
  SQUALL_SUM_SQUARES,  ///< Sum of (x - p)^2.
  SQUALL_SUM_ABS,
  SQUALL_MINIMUM,      ///< +infinity of an empty row.
  SQUALL_MAXIMUM,      ///< -infinity of an empty row.
  SQUALL_REDUCTION_COUNT
} squall_reduction;

/// What is done to a product before it is stored: `+ residual`, then the activation.
typedef enum squall_activation {
  SQUALL_ACTIVATION_NONE,
  SQUALL_ACTIVATION_RELU,
  SQUALL_ACTIVATION_LEAKY_RELU,  ///< x < 0 ? p x : x.
  SQUALL_ACTIVATION_CLIP,        ///< min(max(x, p), q).
  SQUALL_ACTIVATION_UNARY        ///< `+ squall_unary`: any of the functions above.
} squall_activation;

typedef struct squall_epilogue {
  int32_t activation;  ///< A `squall_activation`.
  float p, q;          ///< Its parameters.
  /// Start from what the output holds instead of the bias: for products split along k.
  bool accumulate;
  /// Start from 0 instead of the bias, which may be anything: only `f32_igemm`.
  bool from_zero;
} squall_epilogue;

/// A window over a plane whose every position holds a vector of `lanes` channels; steps in floats,
/// between rows and columns of results and between taps.
typedef struct squall_lane_window {
  size_t taps_y, taps_x;
  ptrdiff_t row_step, column_step, tap_row, tap_column;
} squall_lane_window;

/// Bands of every stride-th row and column of a plane, one for each pair of starts, `band_stride`
/// floats apart, with rows `pitch` apart.
typedef struct squall_bands {
  size_t height, width;  ///< Of the plane.
  size_t bands_y, bands_x;
  const ptrdiff_t *starts_y, *starts_x;
  ptrdiff_t stride_y, stride_x, pitch, band_stride;
} squall_bands;

/// A plane that is cut into tiles of m x m results (m is 2 or 4) of a 3 x 3 window: `columns` of them
/// beside each other, counted row by row. Rows and columns that lie `step_y` and `step_x` apart make
/// a plane of their own for a dilated window.
typedef struct squall_winograd {
  size_t m, columns;
  size_t height, width;          ///< Of the plane that goes in.
  ptrdiff_t top, left;           ///< Where the first tile begins: above and before it, where positive.
  size_t out_height, out_width;  ///< Of the plane that comes out.
  ptrdiff_t step_y, step_x;
  ptrdiff_t phase_y, phase_x;    ///< The first result's row and column.
} squall_winograd;

/// Arithmetic of two quantised operands.
typedef enum squall_q8_operation { SQUALL_Q8_ADD, SQUALL_Q8_SUB, SQUALL_Q8_MUL } squall_q8_operation;

/// A quantised operand: a byte stands for `(byte - zero) scale`. A step of 0 repeats the first byte.
typedef struct squall_q8_operand {
  const uint8_t *bytes;
  size_t step;
  bool is_signed;
  float scale;
  int32_t zero;
} squall_q8_operand;

/// What a result is quantised to, and between which bytes.
typedef struct squall_q8_result {
  float scale;
  int32_t zero, low, high;
} squall_q8_result;

/// How coordinates name places along an axis: -1 and 1 are the first and last element's centre, or
/// their outer edges; or they count elements.
typedef enum squall_coordinates {
  SQUALL_CORNERS, SQUALL_CENTRES, SQUALL_ELEMENTS
} squall_coordinates;

typedef void (*squall_unary_function)(size_t n, const float *x, float *out, float p, float q);
/// A step of 0 repeats the operand's first element, 1 walks along it.
typedef void (*squall_binary_function)(
    size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out);
/// Writes 0 or 1 bytes.
typedef void (*squall_compare_function)(
    size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out);
typedef double (*squall_reduce_function)(size_t n, const float *x, float p);

/// One pass of a Fourier transform: `length` sub-transforms of `radix` values.
///
/// `twiddles` holds, for each of the length's steps p, radix - 1 complex numbers
/// `exp(-2 pi i p j / (radix length))`, j from 1; `circle` the cosines, then the sines, of the
/// radix's multiples of a full turn. Both have the transform's own element type.
typedef struct squall_fourier_stage {
  size_t radix;   ///< 2, 4, 8 (complex only) or odd, below 128.
  size_t length;
  const void *twiddles;
  const void *circle;
} squall_fourier_stage;

/// Fourier transforms of one element type, of many signals at a time.
///
/// Numbers lie in two planes, real and imaginary parts, of rows of `count` elements; a pass does the
/// same to every column. The passes of one transform go from memory to other memory: `count` begins
/// and ends at the number of signals and is multiplied by the radix in between.
typedef void (*squall_fourier_pass)(
    const squall_fourier_stage *stage, size_t count, const void *re, const void *im, void *out_re,
    void *out_im);

typedef struct squall_fourier {
  /// Complex, forward (exchange the planes for the inverse): reads rows p + length j of `count`,
  /// j < radix, writes rows radix p + k. `count` grows from pass to pass, `length` falls to 1.
  squall_fourier_pass complex;
  /// From real numbers to the first half of their spectrum, rows 0 to n / 2. `length` grows from 1,
  /// `count` falls to the number of signals. Imaginary parts that are always 0 are not written.
  squall_fourier_pass forward;
  /// The way back, times n; imaginary parts that must be 0 are not read.
  squall_fourier_pass backward;
  /// Elements of `lanes` signals to planes, rows `pitch` apart; `width` is 2 for complex elements,
  /// 1 for real ones, which leave the imaginary plane alone.
  void (*load)(
      size_t rows, size_t lanes, size_t width, const void *in, ptrdiff_t row_step,
      ptrdiff_t lane_step, size_t pitch, void *re, void *im);
  /// Planes to elements, times `scale`.
  void (*store)(
      size_t rows, size_t lanes, size_t width, const void *re, const void *im, size_t pitch,
      double scale, bool conjugate, void *out, ptrdiff_t row_step, ptrdiff_t lane_step);
  /// Multiplies each row by a complex weight, or with `is_real` the real plane by a real one.
  void (*turn)(
      size_t rows, size_t lanes, const void *weights, bool is_real, void *re, void *im);
} squall_fourier;

/// Products with a packed right-hand side end a chain of additions after this many: with fewer, adding
/// the sums up costs more than a tenth of the time; callers split longer sums and let the output gather
/// them.
#define SQUALL_PANEL_DEPTH 256

/// Enough that no sum of `f32_ceiling` waits for its last addition, and few enough that all stay in
/// registers.
#define SQUALL_CEILING_SUMS 12

/// The leaf loops of one instruction set.
typedef struct squall_kernels {
  const char *name;      ///< "baseline", "avx2", "avx512" or "neon".
  int32_t lanes;         ///< Floats in one vector.
  int32_t mr;            ///< Rows of a full weight panel: 4, 6 or 8.
  int32_t max_vectors;   ///< Vectors across a full tile.

  /// Indirect product for convolutions:
  /// `out[m ldo + x] = act(bias[m] + sum_k w[k][m] in[offsets[k] + x] + residual[m ldr + x])`
  /// for m < rows and x < n. `panel` holds `panel_rows` biases, then k rows of `panel_rows` weights;
  /// panel_rows is mr, 4, 2 or 1, and rows <= panel_rows. With `readable_tail` the input may be
  /// read up to n rounded up to whole vectors; else never beyond x = n.
  void (*f32_igemm)(
      size_t rows, size_t panel_rows, size_t n, size_t k, const float *panel, const float *in,
      const ptrdiff_t *offsets, float *out, ptrdiff_t ldo, const float *_Nullable residual, ptrdiff_t ldr,
      bool readable_tail, const squall_epilogue *epilogue);

  /// Product with a packed right-hand side:
  /// `out[m ldo + x] = act(bias[x] + sum_k a[m lda + k] w[k][x] + residual[m ldr + x])` for m < rows
  /// and x < n; one chain of additions, which should end after SQUALL_PANEL_DEPTH products. `panel`
  /// holds `vectors` vectors of biases, then k times `vectors` vectors of weights;
  /// (vectors - 1) lanes < n <= vectors lanes, vectors <= max_vectors. Meanwhile the `next_bytes`
  /// bytes from `next` on are fetched into the second cache: the weights that are wanted after these.
  void (*f32_gemm)(
      size_t rows, size_t vectors, size_t n, size_t k, const float *a, ptrdiff_t lda,
      const float *panel, float *out, ptrdiff_t ldo, const float *_Nullable residual, ptrdiff_t ldr,
      const void *next, size_t next_bytes, const squall_epilogue *epilogue);

  /// One row of a depthwise convolution:
  /// `out[x] = act(bias + sum_t w[t] in[offsets[t] + x] + residual[x])`; the input may be read up to
  /// n rounded up to whole vectors.
  void (*f32_depthwise)(
      size_t n, size_t taps, const float *w, float bias, const float *in, const ptrdiff_t *offsets,
      float *out, const float *_Nullable residual, const squall_epilogue *epilogue);

  /// Rows of a 3 x 3 depthwise convolution with neither stride nor dilation:
  /// `out[y ldo + x] = act(bias + sum_ij w[3 i + j] in[(y + i) pitch + x + j] + residual[y ldr + x])`;
  /// each of the rows + 2 input rows may be read up to n rounded up to whole vectors, and 2 more.
  void (*f32_depthwise_3x3)(
      size_t rows, size_t n, const float *w, float bias, const float *in, ptrdiff_t pitch,
      float *out, ptrdiff_t ldo, const float *_Nullable residual, ptrdiff_t ldr,
      const squall_epilogue *epilogue);

  /// The same with `taps_y` by `taps_x` taps, `w[i taps_x + j]`, `step` columns apart; each of the
  /// rows + taps_y - 1 input rows may be read up to n rounded up to whole vectors, and (taps_x - 1) step
  /// more.
  void (*f32_depthwise_rows)(
      size_t taps_y, size_t taps_x, ptrdiff_t step, size_t rows, size_t n, const float *w, float bias,
      const float *in, ptrdiff_t pitch, float *out, ptrdiff_t ldo, const float *_Nullable residual,
      ptrdiff_t ldr, const squall_epilogue *epilogue);

  /// n values of each of `channels` (at most `lanes`) channels, `in_stride` apart, to n vectors with a
  /// channel in each lane, zero where there is none; and back.
  void (*f32_to_lanes)(
      size_t channels, size_t n, const float *in, ptrdiff_t in_stride, float *out);
  void (*f32_from_lanes)(
      size_t channels, size_t n, const float *in, float *out, ptrdiff_t out_stride);

  /// Depthwise convolution of `lanes` channels at once: `w` holds a vector of biases, then one for
  /// each tap; `out` gets rows times columns vectors.
  void (*f32_depthwise_lanes)(
      const squall_lane_window *window, size_t rows, size_t columns, const float *w,
      const float *in, float *out);

  /// `rows` rows, `in_pitch` and `out_pitch` bytes apart, of `n` runs of `bytes` bytes: `step` bytes
  /// apart at `in`, one after the other at `out`.
  void (*b8_runs)(
      size_t rows, size_t n, size_t bytes, const void *in, ptrdiff_t in_pitch, ptrdiff_t step,
      void *out, ptrdiff_t out_pitch);

  /// n elements of rows of `columns` one after the other, from `column` of the first row on, for each
  /// tap: rows lie `pitch` apart from `in + offsets[t]` on, results at `out[t stride]`. Rows are read
  /// in whole vectors, and results written up to two vectors past n.
  void (*f32_join_rows)(
      size_t taps, const ptrdiff_t *offsets, size_t columns, size_t column, size_t n,
      const float *in, ptrdiff_t pitch, float *out, ptrdiff_t stride);

  /// Rows of n elements of each of some channels, packed: `out[c out_plane + r n + x] = in[c in_plane +
  /// r in_pitch + x]`; and back, added: `out[c out_plane + r out_pitch + x] += in[c in_plane + r n + x]`.
  void (*f32_pack_rows)(
      size_t channels, size_t rows, size_t n, const float *in, ptrdiff_t in_plane,
      ptrdiff_t in_pitch, float *out, ptrdiff_t out_plane);
  void (*f32_add_rows)(
      size_t channels, size_t rows, size_t n, const float *in, ptrdiff_t in_plane, float *out,
      ptrdiff_t out_plane, ptrdiff_t out_pitch);

  /// Rows of n elements of some channels, each scaled, shifted and activated:
  /// `out[c out_stride + x] = act(scales[c] in[c in_stride + x] + shifts[c])`; without shifts,
  /// none are added. The output may be the input.
  void (*f32_scale_rows)(
      size_t channels, size_t n, const float *in, ptrdiff_t in_stride, const float *scales,
      const float *_Nullable shifts, float *out, ptrdiff_t out_stride,
      const squall_epilogue *epilogue);

  /// Row r and column c of each band for `rows` by `columns` of them: the plane's at `(top + r)
  /// stride + start`, `padding` outside it, everywhere where there is none.
  void (*f32_bands)(
      const squall_bands *bands, const float *_Nullable plane, ptrdiff_t top, ptrdiff_t left,
      size_t rows, size_t columns, float padding, float *out);

  /// The weights for Winograd's convolution, in double precision: `depth` windows of 3 x 3 taps a row,
  /// `in[row row_step + 9 k + tap]`, to panels of `rows` (at most panel_rows and mr) for each pair of
  /// points p: `out[p out_stride + k panel_rows + row]`, other rows of the panel 0.
  void (*f32_winograd_weights)(
      size_t m, size_t rows, size_t panel_rows, size_t depth, const float *in, ptrdiff_t row_step,
      float *out, ptrdiff_t out_stride);

  /// The same in float, of windows that are in panels: `in[(k step + taps[tap]) panel_rows + row]`, 0
  /// where a tap's place is negative, to `out[p out_stride + k panel_rows + row]` for all rows of the panel.
  void (*f32_winograd_expand)(
      size_t m, size_t panel_rows, size_t depth, const float *in, ptrdiff_t step,
      const ptrdiff_t *taps, float *out, ptrdiff_t out_stride);

  /// Winograd's convolution, step by step, for n tiles from `first` on, side by side. Everything is
  /// read and written in whole vectors of tiles.
  ///
  /// The values of each place in a tile's input, `out[(i (m + 2) + j) stride + t]`; those outside the
  /// plane, or all where there is none, are 0. `line` has room for 2 m values a tile and m + 1
  /// vectors.
  void (*f32_winograd_split)(
      const squall_winograd *shape, const float *_Nullable plane, size_t first, size_t n, float *line,
      float *out, ptrdiff_t stride);
  /// These to as many numbers, one for each pair of points of interpolation.
  void (*f32_winograd_in)(
      size_t m, size_t n, const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride);
  /// From the products of such numbers with the weights' to m rows of results, `out[i out_stride +
  /// m t + j]`, the bias added.
  void (*f32_winograd_out)(
      size_t m, size_t n, const float *in, ptrdiff_t in_stride, float bias, float *out,
      ptrdiff_t out_stride);
  /// Those rows, which it may change, to their places in a plane: `act(in + residual)`.
  void (*f32_winograd_join)(
      const squall_winograd *shape, size_t first, size_t n, float *in, ptrdiff_t stride,
      const float *_Nullable residual, float *plane, const squall_epilogue *epilogue);

  /// `out[x] = max_t in[offsets[t] + x]` (NaN stays) or, with `sum`, the sum times `scale`; the
  /// input may be read up to n rounded up to whole vectors.
  void (*f32_pool)(
      size_t n, size_t taps, const float *in, const ptrdiff_t *offsets, bool sum, float scale,
      float *out);

  /// `out[x] = max` of the 2 x 2 elements at column 2x of two rows that are 2n long.
  void (*f32_max_pool_2x2)(size_t n, const float *row0, const float *row1, float *out);
  /// `out[x] = mean` of them.
  void (*f32_mean_pool_2x2)(size_t n, const float *row0, const float *row1, float *out);

  /// `out[i] = in[i step]` for i < n.
  void (*f32_take)(size_t n, size_t step, const float *in, float *out);

  /// `out[i] = sum_t weights[t ld + i] in[places[t ld + i]]` for t < taps, a place below 0 counting 0.
  void (*f32_sample)(
      size_t n, size_t taps, size_t ld, const float *in, const int32_t *places,
      const float *weights, float *out);

  /// The two elements of an axis around each of n coordinates, `step` floats apart: their places,
  /// `stride` apart and -1 outside, and weights; n of the first ones, then n of the second.
  /// `clamps` moves coordinates to the axis's ends.
  void (*f32_linear_taps)(
      size_t n, size_t step, const float *coordinates, squall_coordinates form, int32_t length,
      int32_t stride, bool clamps, int32_t *places, float *weights);
  /// Sums of places, -1 where either is, and products of weights.
  void (*f32_join_taps)(
      size_t n, const int32_t *a_places, const float *a_weights, const int32_t *b_places,
      const float *b_weights, int32_t *places, float *weights);

  /// `out[i step + s] = in[s in_stride + i]` for i < n and s < step.
  void (*f32_interleave)(
      size_t n, size_t step, const float *in, ptrdiff_t in_stride, float *out);

  /// `out[2i] = even[i] (1 - share) + even[i + 1] share`, and `out[2i + 1]` from `odd` likewise; the
  /// second value is not read where its share is 0.
  void (*f32_upsample_2x)(
      size_t n, const float *even, float even_share, const float *odd, float odd_share, float *out);

  /// `out[i] = in[first[i]] (1 - share[i]) + in[second[i]] share[i]`, just the first where the share is
  /// 0; `in` is `length` floats long, and places lie inside it.
  void (*f32_resample)(
      size_t n, size_t length, const float *in, const int32_t *first, const int32_t *second,
      const float *share, float *out);

  /// `out[x] = act(in[x] + residual[x])`: the end of a product that went through scratch.
  void (*f32_finish)(
      size_t n, const float *in, const float *_Nullable residual, float *out,
      const squall_epilogue *epilogue);

  /// `out[c out_stride + r] = in[r in_stride + c]` for r < rows and c < columns, of 32-bit elements.
  void (*b32_transpose)(
      size_t rows, size_t columns, const uint32_t *in, ptrdiff_t in_stride, uint32_t *out,
      ptrdiff_t out_stride);
  /// `out[c out_stride + r] = in[offsets[r] + c]`.
  void (*b32_transpose_rows)(
      size_t rows, size_t columns, const uint32_t *in, const ptrdiff_t *offsets, uint32_t *out,
      ptrdiff_t out_stride);

  /// `sum a[i] b[i]`, by several accumulators in a fixed order.
  float (*f32_dot)(size_t n, const float *a, const float *b);

  // As many as each enumeration counts.
  const squall_unary_function _Nonnull *_Nonnull f32_unary;
  const squall_binary_function _Nonnull *_Nonnull f32_binary;
  const squall_compare_function _Nonnull *_Nonnull f32_compare;
  const squall_reduce_function _Nonnull *_Nonnull f32_reduce;
  /// `out[i] = a[i] b[i] + c[i]`, steps as in `f32_binary`.
  void (*f32_fma)(
      size_t n, const float *a, size_t a_step, const float *b, size_t b_step, const float *c,
      size_t c_step, float *out);
  /// `out[i] += s x[i]`.
  void (*f32_axpy)(size_t n, float s, const float *x, float *out);
  /// `out[i] = mask[i] ? a[i] : b[i]`, steps as in `f32_binary`.
  void (*f32_select)(
      size_t n, const uint8_t *mask, const float *a, size_t a_step, const float *b, size_t b_step,
      float *out);
  /// Rows of n brought to mean 0 (with `centers`) and mean square 1, then times `scale` plus `shift`:
  /// `(x - mean) / sqrt(variance + epsilon)`, moments in double between blocks of 1024. `means` and
  /// `inverses` get one number a row.
  void (*f32_normalize)(
      size_t rows, size_t n, const float *x, bool centers, double epsilon,
      const float *_Nullable scale, const float *_Nullable shift, float *out,
      float *_Nullable means, float *_Nullable inverses);
  /// The same for n columns of `count` values that lie `in_step` apart, `out_step` in the result, with a
  /// scale and a shift for each place in a column; moments in double between blocks of 32. `out` may be
  /// `x` itself, with the same step.
  void (*f32_normalize_columns)(
      size_t n, size_t count, const float *x, ptrdiff_t in_step, bool centers, double epsilon,
      const float *_Nullable scale, const float *_Nullable shift, float *out, ptrdiff_t out_step);
  /// Each row divided by its Euclidean norm, or by `least` where the norm is smaller; a row with NaN
  /// becomes NaN. Rows are `ldx` and `ldo` apart; `out` may be `x` itself, with the same distance.
  void (*f32_unit_rows)(
      size_t rows, size_t n, const float *x, ptrdiff_t ldx, float least, float *out, ptrdiff_t ldo);
  /// `out[i] = exp(x[i] - max) / sum`; `logarithm` gives its logarithm. The difference is rounded
  /// to float: that, |x - max| / 2 ulp, and 4 ulp more are the error.
  void (*f32_softmax)(size_t n, const float *x, bool logarithm, float *out);
  /// The same for n columns of `count` values that lie `in_step` apart, `out_step` in the result; `out`
  /// may be `x` itself, with the same step.
  void (*f32_softmax_columns)(
      size_t n, size_t count, const float *x, ptrdiff_t in_step, bool logarithm, float *out,
      ptrdiff_t out_step);
  /// Attention's weights from its scores, in place, not divided by their sums yet: each row becomes
  /// `exp(s - max s)` with `s = scale x + term[0] + ...`, and its `inverses` 1 / sum. Rows are `n`
  /// apart; those of `term[t]` are `steps[t]` apart. NaN in a row makes its inverse NaN.
  void (*f32_attention_weights)(
      size_t rows, size_t n, float *scores, float scale, size_t terms,
      const float *_Nonnull const *_Nullable term, const ptrdiff_t *_Nullable steps,
      float *inverses);
  /// `out[i] = a[i] (1 - t) + b[i] t`: the vertical half of a bilinear resize.
  void (*f32_lerp)(size_t n, const float *a, const float *b, float t, float *out);

  void (*f16_to_f32)(size_t n, const uint16_t *x, float *out);
  void (*f32_to_f16)(size_t n, const float *x, uint16_t *out);  ///< To nearest, ties to even.
  void (*bf16_to_f32)(size_t n, const uint16_t *x, float *out);
  void (*f32_to_bf16)(size_t n, const float *x, uint16_t *out);  ///< To nearest, ties to even.
  /// `out[i] = saturate(round_even(x[i] / scale) + zero)`; NaN gives `zero`'s clamp of 0.
  void (*f32_to_u8)(size_t n, const float *x, float scale, int32_t zero, uint8_t *out);
  void (*f32_to_s8)(size_t n, const float *x, float scale, int32_t zero, int8_t *out);
  /// `out[i] = (x[i] - zero) scale`.
  void (*u8_to_f32)(size_t n, const uint8_t *x, float scale, int32_t zero, float *out);
  void (*s8_to_f32)(size_t n, const int8_t *x, float scale, int32_t zero, float *out);

  squall_fourier f32_fourier, f64_fourier;
  int32_t integer_mr;  ///< Rows of a full panel of the integer product.
  /// Indirect product of bytes, exact, wrapping around past 32 bits:
  /// `out[m ldo + x] = start[m] + sum_k sum_q w[k][m][q] in[offsets[k] + x][q]` for m < rows and
  /// x < n, where q counts the four bytes of a word: unsigned in `in`, signed in w. `panel` holds
  /// `panel_rows` starts, then k times `panel_rows` words; panel_rows is integer_mr, 4, 2 or 1.
  /// Input and output are read and written up to n rounded up to whole vectors.
  void (*s32_igemm)(
      size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
      const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo);
  /// The same without an instruction for it, which processors of this variant may lack: for tests.
  void (*s32_igemm_plain)(
      size_t rows, size_t panel_rows, size_t n, size_t k, const int32_t *panel, const uint32_t *in,
      const ptrdiff_t *offsets, int32_t *out, ptrdiff_t ldo);
  /// `out[i] = (a[i] | b[i] << 8 | c[i] << 16 | d[i] << 24) ^ flip`.
  void (*u8_quads)(
      size_t n, const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d,
      uint32_t flip, uint32_t *out);
  /// `out[i] = round_even((x[i] + add[i]) scale[i]) + zero`, no less than low, no more than high; a
  /// step of 0 repeats the first of add and scale.
  void (*s32_to_q8)(
      size_t n, const int32_t *x, const int32_t *add, const float *scale, size_t step, int32_t zero,
      int32_t low, int32_t high, uint8_t *out);
  /// `out[i] = (x[i] + add[i]) scale[i]`.
  void (*s32_to_f32)(
      size_t n, const int32_t *x, const int32_t *add, const float *scale, size_t step, float *out);
  /// `out[i] = max(a[2 i], a[2 i + 1], b[2 i], b[2 i + 1])`, of bytes without sign, or, with a `flip`
  /// of 0x80, with one.
  void (*u8_max_2x2)(size_t n, const uint8_t *a, const uint8_t *b, uint8_t flip, uint8_t *out);
  /// `out[i] = table[x[i]]`, where `table` has 256 bytes; `out` may be `x`.
  void (*u8_table)(size_t n, const uint8_t *x, const uint8_t *table, uint8_t *out);
  /// `out[i] = quantise(a[i] operation b[i])`, as if each were dequantised to float first.
  void (*q8_combine)(
      size_t n, squall_q8_operation operation, const squall_q8_operand *a,
      const squall_q8_operand *b, const squall_q8_result *result, uint8_t *out);

  /// `rounds` times SQUALL_CEILING_SUMS independent vector multiply-adds in registers, for measuring: element 0 of the
  /// sum of what comes of 0, 1, 2, ... by `x = x factor + term`.
  float (*f32_ceiling)(size_t rounds, float factor, float term);
} squall_kernels;

/// Products of numbers that are rounded to bfloat16, summed in float32. A word holds two numbers that
/// follow each other along the sums, the first in its lower half.
typedef struct {
  /// As `f32_gemm` of 16 lanes and up to 3 vectors; each of the `k` words of `a` and of the weights,
  /// which follow the biases in `panel`, is a pair.
  void (*gemm)(
      size_t rows, size_t vectors, size_t n, size_t k, const float *a, ptrdiff_t lda,
      const float *panel, float *out, ptrdiff_t ldo, const float *_Nullable residual, ptrdiff_t ldr,
      const void *next, size_t next_bytes, const squall_epilogue *epilogue);
  /// Rows of n numbers as (n + 1) / 2 words each, `ldo` words apart; the last is filled up with 0.
  void (*round_rows)(
      size_t rows, size_t n, const float *in, ptrdiff_t ldi, uint32_t *out, ptrdiff_t ldo);
  /// `out[i]` is the pair of `first[i]` and `second[i]`, or 0 where there is no second.
  void (*pair_rows)(
      size_t n, const float *first, const float *_Nullable second, uint32_t *out);
} squall_bf16_products;

/// Null where the processor has no instruction for them.
const squall_bf16_products *_Nullable squall_bf16_products_known(void);

/// The table that everything uses: the best the processor has, or the one that the environment's
/// `SQUALL_SIMD` (baseline, avx2, avx512) asks for if the processor has it.
const squall_kernels *squall_kernels_chosen(void);

/// How many variants this processor can run, and each of them, the plainest first.
size_t squall_kernels_count(void);
const squall_kernels *squall_kernels_at(size_t index);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
