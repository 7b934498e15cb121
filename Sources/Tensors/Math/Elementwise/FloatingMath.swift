// Room: Tensors. The functions of libm that the generic paths need, for both float widths.

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A floating-point type with the scalar functions of libm.
protocol FloatingMath: BinaryFloatingPoint {
  static func power(_ base: Self, _ exponent: Self) -> Self
  static func value(of function: UnaryFunction, at x: Self, _ p: Self, _ q: Self) -> Self
}

extension Float: FloatingMath {
  static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
  static func value(of function: UnaryFunction, at x: Float, _ p: Float, _ q: Float) -> Float {
    Float(Double.value(of: function, at: Double(x), Double(p), Double(q)))
  }
}

extension Double: FloatingMath {
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// The function's definition, in double precision: what float64 tensors use, and what the vector
  /// kernels are tested against.
  package static func value(
    of function: UnaryFunction, at x: Double, _ p: Double = 1, _ q: Double = 0
  ) -> Double {
    switch function {
    case .absolute: x.magnitude
    case .negate: -x
    case .square: x * x
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .roundEven: x.rounded(.toNearestOrEven)
    case .truncate: x.rounded(.towardZero)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .relu: x < 0 ? 0 : x
    case .leakyRelu: x < 0 ? p * x : x
    case .clip: x.isNaN ? x : min(max(x, p), q)
    case .affine: p * x + q
    case .exp: exp(x)
    case .expm1: expm1(x)
    case .log: log(x)
    case .log2: log2(x)
    case .log10: log10(x)
    case .log1p: log1p(x)
    case .tanh: tanh(x)
    case .erf: erf(x)
    case .sigmoid: sigmoid(x)
    case .silu: x == -.infinity ? -0.0 : x * sigmoid(p * x)
    case .gelu: x == -.infinity ? -0.0 : x * erfc(-x * 0.5.squareRoot()) / 2
    case .geluTanh:
      x == -.infinity
        ? -0.0 : x * sigmoid(2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))
    case .softplus: x.isNaN ? x : max(x, 0) + log1p(exp(-x.magnitude))
    case .mish:
      x == -.infinity ? -0.0 : x * tanh(Self.value(of: .softplus, at: x))
    case .elu: x < 0 ? p * expm1(x) : x
    case .hardSigmoid: x.isNaN ? x : min(max(p * x + q, 0), 1)
    case .hardSwish: x.isNaN ? x : x * min(max(x / 6 + 0.5, 0), 1)
    case .sin: sin(x)
    case .cos: cos(x)
    case .power: pow(x, p)
    }
  }
}

private func sigmoid(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}
