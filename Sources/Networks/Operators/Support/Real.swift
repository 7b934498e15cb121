// Room: Networks. The mathematics that element-wise operators need, for Float and Double alike.

internal import Foundation
package import Tensors

/// A floating-point type that operators compute in.
package protocol Real: BinaryFloatingPoint, TensorScalar {
  static func exp(_ x: Self) -> Self
  static func expm1(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func log1p(_ x: Self) -> Self
  static func sin(_ x: Self) -> Self
  static func cos(_ x: Self) -> Self
  static func tan(_ x: Self) -> Self
  static func asin(_ x: Self) -> Self
  static func acos(_ x: Self) -> Self
  static func atan(_ x: Self) -> Self
  static func sinh(_ x: Self) -> Self
  static func cosh(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func asinh(_ x: Self) -> Self
  static func acosh(_ x: Self) -> Self
  static func atanh(_ x: Self) -> Self
  static func erf(_ x: Self) -> Self
  static func pow(_ x: Self, _ y: Self) -> Self
  static func remainder(_ x: Self, _ y: Self) -> Self
}

extension Real {
  /// 1 / (1 + e^-x), without overflow on either side.
  @inline(__always)
  package static func sigmoid(_ x: Self) -> Self {
    let e = Self.exp(-x.magnitude)
    return x < 0 ? e / (1 + e) : 1 / (1 + e)
  }

  /// log(1 + e^x), without overflow.
  @inline(__always)
  package static func softplus(_ x: Self) -> Self {
    x.isNaN ? x : Swift.max(x, 0) + Self.log1p(Self.exp(-x.magnitude))
  }
}

extension Float: Real {
  package static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  package static func expm1(_ x: Float) -> Float { Foundation.expm1(x) }
  package static func log(_ x: Float) -> Float { Foundation.log(x) }
  package static func log1p(_ x: Float) -> Float { Foundation.log1p(x) }
  package static func sin(_ x: Float) -> Float { Foundation.sin(x) }
  package static func cos(_ x: Float) -> Float { Foundation.cos(x) }
  package static func tan(_ x: Float) -> Float { Foundation.tan(x) }
  package static func asin(_ x: Float) -> Float { Foundation.asin(x) }
  package static func acos(_ x: Float) -> Float { Foundation.acos(x) }
  package static func atan(_ x: Float) -> Float { Foundation.atan(x) }
  package static func sinh(_ x: Float) -> Float { Foundation.sinh(x) }
  package static func cosh(_ x: Float) -> Float { Foundation.cosh(x) }
  package static func tanh(_ x: Float) -> Float { Foundation.tanh(x) }
  package static func asinh(_ x: Float) -> Float { Foundation.asinh(x) }
  package static func acosh(_ x: Float) -> Float { Foundation.acosh(x) }
  package static func atanh(_ x: Float) -> Float { Foundation.atanh(x) }
  package static func erf(_ x: Float) -> Float { Foundation.erf(x) }
  package static func pow(_ x: Float, _ y: Float) -> Float { Foundation.pow(x, y) }
  package static func remainder(_ x: Float, _ y: Float) -> Float { Foundation.fmod(x, y) }
}

extension Double: Real {
  package static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  package static func expm1(_ x: Double) -> Double { Foundation.expm1(x) }
  package static func log(_ x: Double) -> Double { Foundation.log(x) }
  package static func log1p(_ x: Double) -> Double { Foundation.log1p(x) }
  package static func sin(_ x: Double) -> Double { Foundation.sin(x) }
  package static func cos(_ x: Double) -> Double { Foundation.cos(x) }
  package static func tan(_ x: Double) -> Double { Foundation.tan(x) }
  package static func asin(_ x: Double) -> Double { Foundation.asin(x) }
  package static func acos(_ x: Double) -> Double { Foundation.acos(x) }
  package static func atan(_ x: Double) -> Double { Foundation.atan(x) }
  package static func sinh(_ x: Double) -> Double { Foundation.sinh(x) }
  package static func cosh(_ x: Double) -> Double { Foundation.cosh(x) }
  package static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
  package static func asinh(_ x: Double) -> Double { Foundation.asinh(x) }
  package static func acosh(_ x: Double) -> Double { Foundation.acosh(x) }
  package static func atanh(_ x: Double) -> Double { Foundation.atanh(x) }
  package static func erf(_ x: Double) -> Double { Foundation.erf(x) }
  package static func pow(_ x: Double, _ y: Double) -> Double { Foundation.pow(x, y) }
  package static func remainder(_ x: Double, _ y: Double) -> Double { Foundation.fmod(x, y) }
}
