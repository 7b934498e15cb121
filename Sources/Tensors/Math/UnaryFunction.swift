// Room: Tensors. The functions of one float that have a vector kernel.

internal import CVectorKernels

/// A function of one value, with up to two parameters `p` and `q`.
///
/// Accuracy in ulp: exp, log 1.5; log1p, expm1, tanh, erf 2.5; log2, log10, sigmoid, softplus 3;
/// silu 4. Infinities, NaN and subnormals are as in libm.
public enum UnaryFunction: String, Sendable, Hashable, CaseIterable {
  case absolute, negate, square, squareRoot, reciprocal
  case floor, ceil, roundEven, truncate, sign
  case relu
  /// `x < 0 ? p x : x`.
  case leakyRelu
  /// `min(max(x, p), q)`.
  case clip
  /// `p x + q`.
  case affine
  case exp, expm1, log, log2, log10, log1p
  case tanh, erf, sigmoid
  /// `x sigmoid(p x)`.
  case silu
  /// `x (1 + erf(x / √2)) / 2`.
  case gelu
  /// GELU's approximation by a hyperbolic tangent.
  case geluTanh
  case softplus, mish
  /// `x < 0 ? p (exp x - 1) : x`.
  case elu
  /// `min(max(p x + q, 0), 1)`.
  case hardSigmoid
  case hardSwish
  case sin, cos
  /// `x` to the power `p`.
  case power

  var code: squall_unary {
    switch self {
    case .absolute: SQUALL_ABS
    case .negate: SQUALL_NEG
    case .square: SQUALL_SQUARE
    case .squareRoot: SQUALL_SQRT
    case .reciprocal: SQUALL_RECIPROCAL
    case .floor: SQUALL_FLOOR
    case .ceil: SQUALL_CEIL
    case .roundEven: SQUALL_ROUND_EVEN
    case .truncate: SQUALL_TRUNC
    case .sign: SQUALL_SIGN
    case .relu: SQUALL_RELU
    case .leakyRelu: SQUALL_LEAKY_RELU
    case .clip: SQUALL_CLIP
    case .affine: SQUALL_AFFINE
    case .exp: SQUALL_EXP
    case .expm1: SQUALL_EXPM1
    case .log: SQUALL_LOG
    case .log2: SQUALL_LOG2
    case .log10: SQUALL_LOG10
    case .log1p: SQUALL_LOG1P
    case .tanh: SQUALL_TANH
    case .erf: SQUALL_ERF
    case .sigmoid: SQUALL_SIGMOID
    case .silu: SQUALL_SILU
    case .gelu: SQUALL_GELU
    case .geluTanh: SQUALL_GELU_TANH
    case .softplus: SQUALL_SOFTPLUS
    case .mish: SQUALL_MISH
    case .elu: SQUALL_ELU
    case .hardSigmoid: SQUALL_HARD_SIGMOID
    case .hardSwish: SQUALL_HARD_SWISH
    case .sin: SQUALL_SIN
    case .cos: SQUALL_COS
    case .power: SQUALL_POW_SCALAR
    }
  }

  /// Rough nanoseconds an element, to decide what is worth a parallel region.
  var nanoseconds: Double {
    switch self {
    case .sin, .cos, .power: 4
    case .exp, .expm1, .log, .log2, .log10, .log1p, .tanh, .erf, .sigmoid, .silu, .gelu, .geluTanh,
      .softplus, .mish, .elu:
      0.6
    default: 0.2
    }
  }
}
