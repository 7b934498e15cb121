// Room: CVectorKernels. One variant: all sources, and the table that lists them.
//
// The including file defines LANES, MR, INTEGER_ROWS, MAX_VECTORS, VARIANT_NAME (a string) and VARIANT_TABLE.
#include "lanes.h"
// In this order.
#include "functions.h"
#include "gelu.h"
#include "products.h"
#include "panel_products.h"
#include "depthwise.h"
#include "winograd.h"
#include "winograd_weights.h"
#include "elementwise.h"
#include "rows.h"
#include "columns.h"
#include "attention.h"
#include "sampling.h"
#include "convert.h"
#include "runs.h"
#include "patches.h"
#include "fourier.h"
#include "integer_products.h"
#include "integers.h"
#include "ceiling.h"

static const squall_unary_function unary_functions[SQUALL_UNARY_COUNT] = {
    [SQUALL_ABS] = f32_abs,
    [SQUALL_NEG] = f32_neg,
    [SQUALL_SQUARE] = f32_square,
    [SQUALL_SQRT] = f32_sqrt,
    [SQUALL_RECIPROCAL] = f32_reciprocal,
    [SQUALL_FLOOR] = f32_floor,
    [SQUALL_CEIL] = f32_ceil,
    [SQUALL_ROUND_EVEN] = f32_round_even,
    [SQUALL_TRUNC] = f32_trunc,
    [SQUALL_SIGN] = f32_sign,
    [SQUALL_RELU] = f32_relu,
    [SQUALL_LEAKY_RELU] = f32_leaky_relu,
    [SQUALL_CLIP] = f32_clip,
    [SQUALL_AFFINE] = f32_affine,
    [SQUALL_EXP] = f32_exp,
    [SQUALL_EXPM1] = f32_expm1,
    [SQUALL_LOG] = f32_log,
    [SQUALL_LOG2] = f32_log2,
    [SQUALL_LOG10] = f32_log10,
    [SQUALL_LOG1P] = f32_log1p,
    [SQUALL_TANH] = f32_tanh,
    [SQUALL_ERF] = f32_erf,
    [SQUALL_SIGMOID] = f32_sigmoid,
    [SQUALL_SILU] = f32_silu,
    [SQUALL_GELU] = f32_gelu,
    [SQUALL_GELU_TANH] = f32_gelu_tanh,
    [SQUALL_SOFTPLUS] = f32_softplus,
    [SQUALL_MISH] = f32_mish,
    [SQUALL_ELU] = f32_elu,
    [SQUALL_HARD_SIGMOID] = f32_hard_sigmoid,
    [SQUALL_HARD_SWISH] = f32_hard_swish,
    [SQUALL_SIN] = f32_sin,
    [SQUALL_COS] = f32_cos,
    [SQUALL_POW_SCALAR] = f32_pow_scalar,
};

static const squall_binary_function binary_functions[SQUALL_BINARY_COUNT] = {
    [SQUALL_ADD] = f32_add, [SQUALL_SUB] = f32_sub, [SQUALL_MUL] = f32_mul,
    [SQUALL_DIV] = f32_div, [SQUALL_MIN] = f32_min, [SQUALL_MAX] = f32_max,
    [SQUALL_POW] = f32_pow,
};

static const squall_compare_function compare_functions[SQUALL_COMPARE_COUNT] = {
    [SQUALL_EQ] = f32_eq, [SQUALL_NE] = f32_ne, [SQUALL_LT] = f32_lt,
    [SQUALL_LE] = f32_le, [SQUALL_GT] = f32_gt, [SQUALL_GE] = f32_ge,
};

static const squall_reduce_function reduce_functions[SQUALL_REDUCTION_COUNT] = {
    [SQUALL_SUM] = f32_sum,
    [SQUALL_SUM_SQUARES] = f32_sum_squares,
    [SQUALL_SUM_ABS] = f32_sum_abs,
    [SQUALL_MINIMUM] = f32_minimum,
    [SQUALL_MAXIMUM] = f32_maximum,
};

static void activate_rows(
    size_t rows, size_t n, float *out, ptrdiff_t ldo, const squall_epilogue *e) {
  const int function = e->activation - SQUALL_ACTIVATION_UNARY;
  assert(function >= 0 && function < SQUALL_UNARY_COUNT);
  for (size_t m = 0; m < rows; m++) {
    float *row = out + (ptrdiff_t)m * ldo;
    unary_functions[function](n, row, row, e->p, e->q);
  }
}

#define ENTRY(function) .function = function
#define FOURIER(type)                                                                         \
  {type##_fourier_complex, type##_fourier_forward, type##_fourier_backward,                   \
   type##_fourier_load, type##_fourier_store, type##_fourier_turn}
const squall_kernels VARIANT_TABLE = {
    .name = VARIANT_NAME,
    .lanes = LANES,
    .mr = MR,
    .max_vectors = MAX_VECTORS,
    ENTRY(f32_igemm),
    ENTRY(f32_gemm),
    ENTRY(f32_depthwise),
    ENTRY(f32_depthwise_3x3),
    ENTRY(f32_depthwise_rows),
    ENTRY(f32_to_lanes),
    ENTRY(f32_from_lanes),
    ENTRY(f32_depthwise_lanes),
    ENTRY(b8_runs),
    ENTRY(f32_join_rows),
    ENTRY(f32_pack_rows),
    ENTRY(f32_add_rows),
    ENTRY(f32_scale_rows),
    ENTRY(f32_bands),
    ENTRY(f32_winograd_weights),
    ENTRY(f32_winograd_expand),
    ENTRY(f32_winograd_split),
    ENTRY(f32_winograd_in),
    ENTRY(f32_winograd_out),
    ENTRY(f32_winograd_join),
    ENTRY(f32_pool),
    ENTRY(f32_max_pool_2x2),
    ENTRY(f32_mean_pool_2x2),
    ENTRY(f32_take),
    ENTRY(f32_sample),
    ENTRY(f32_linear_taps),
    ENTRY(f32_join_taps),
    ENTRY(f32_interleave),
    ENTRY(f32_upsample_2x),
    ENTRY(f32_resample),
    ENTRY(f32_finish),
    ENTRY(b32_transpose),
    ENTRY(b32_transpose_rows),
    ENTRY(f32_dot),
    .f32_unary = unary_functions,
    .f32_binary = binary_functions,
    .f32_compare = compare_functions,
    .f32_reduce = reduce_functions,
    ENTRY(f32_fma),
    ENTRY(f32_axpy),
    ENTRY(f32_select),
    ENTRY(f32_normalize),
    ENTRY(f32_normalize_columns),
    ENTRY(f32_unit_rows),
    ENTRY(f32_softmax),
    ENTRY(f32_softmax_columns),
    ENTRY(f32_attention_weights),
    ENTRY(f32_lerp),
    ENTRY(f16_to_f32),
    ENTRY(f32_to_f16),
    ENTRY(bf16_to_f32),
    ENTRY(f32_to_bf16),
    ENTRY(f32_to_u8),
    ENTRY(f32_to_s8),
    ENTRY(u8_to_f32),
    ENTRY(s8_to_f32),
    .f32_fourier = FOURIER(f32),
    .f64_fourier = FOURIER(f64),
    .integer_mr = INTEGER_ROWS,
    .s32_igemm = s32_igemm_best,
    .s32_igemm_plain = s32_igemm,
    ENTRY(u8_quads),
    ENTRY(s32_to_q8),
    ENTRY(s32_to_f32),
    ENTRY(u8_max_2x2),
    .u8_table = u8_table_best,
    ENTRY(q8_combine),
    ENTRY(f32_ceiling),
};
