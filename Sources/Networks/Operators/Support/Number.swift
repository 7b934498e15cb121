// Room: Networks. Arithmetic that never traps, for the four types that kernels compute in.

package import Tensors

/// A type that arithmetic kernels compute in: Float, Double, Int64, UInt64. Narrower types are
/// widened to one of these.
package protocol Number: TensorScalar, Comparable {
  static var zero: Self { get }
  static var one: Self { get }
  /// The identity of `maximum`, and of `minimum`.
  static var lowest: Self { get }
  static var highest: Self { get }

  init(number value: Double)
  var asDouble: Double { get }

  /// Integers wrap around.
  static func adding(_ a: Self, _ b: Self) -> Self
  static func subtracting(_ a: Self, _ b: Self) -> Self
  static func multiplying(_ a: Self, _ b: Self) -> Self
  /// Integers truncate; division of an integer by zero gives 0.
  static func dividing(_ a: Self, _ b: Self) -> Self
  /// The remainder with the divisor's sign, as Python's `%`.
  static func floorModulo(_ a: Self, _ b: Self) -> Self
  /// The remainder with the dividend's sign, as C's `fmod`.
  static func truncatedModulo(_ a: Self, _ b: Self) -> Self
  /// NaN where either is NaN.
  static func maximum(_ a: Self, _ b: Self) -> Self
  static func minimum(_ a: Self, _ b: Self) -> Self
  static func power(_ a: Self, _ b: Self) -> Self
  var isNotANumber: Bool { get }
}

extension Number where Self: Real {
  package static var one: Self { 1 }
  package static var lowest: Self { -.infinity }
  package static var highest: Self { .infinity }
  package init(number value: Double) { self.init(value) }
  @inline(__always) package static func adding(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) package static func subtracting(_ a: Self, _ b: Self) -> Self { a - b }
  @inline(__always) package static func multiplying(_ a: Self, _ b: Self) -> Self { a * b }
  @inline(__always) package static func dividing(_ a: Self, _ b: Self) -> Self { a / b }
  @inline(__always) package static func truncatedModulo(_ a: Self, _ b: Self) -> Self {
    remainder(a, b)
  }
  @inline(__always) package static func floorModulo(_ a: Self, _ b: Self) -> Self {
    let rest = remainder(a, b)
    // A zero has the divisor's sign, too.
    if rest == 0 { return Self(signOf: b, magnitudeOf: rest) }
    return (rest < 0) != (b < 0) ? rest + b : rest
  }
  @inline(__always) package static func maximum(_ a: Self, _ b: Self) -> Self {
    a > b || a.isNaN ? a : b
  }
  @inline(__always) package static func minimum(_ a: Self, _ b: Self) -> Self {
    a < b || a.isNaN ? a : b
  }
  @inline(__always) package static func power(_ a: Self, _ b: Self) -> Self {
    b == 2 ? a * a : pow(a, b)
  }
  package var isNotANumber: Bool { isNaN }
}

extension Float: Number { package var asDouble: Double { Double(self) } }
extension Double: Number { package var asDouble: Double { self } }

extension Number where Self: FixedWidthInteger {
  package static var one: Self { 1 }
  package static var lowest: Self { .min }
  package static var highest: Self { .max }
  package init(number value: Double) {
    if value.isNaN {
      self = 0
    } else if value >= Double(Self.max) {
      self = .max
    } else if value <= Double(Self.min) {
      self = .min
    } else {
      self = Self(value)
    }
  }
  package var asDouble: Double { Double(self) }
  @inline(__always) package static func adding(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) package static func subtracting(_ a: Self, _ b: Self) -> Self { a &- b }
  @inline(__always) package static func multiplying(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) package static func dividing(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }
  @inline(__always) package static func truncatedModulo(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
  }
  @inline(__always) package static func floorModulo(_ a: Self, _ b: Self) -> Self {
    let rest = truncatedModulo(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest &+ b : rest
  }
  @inline(__always) package static func maximum(_ a: Self, _ b: Self) -> Self { Swift.max(a, b) }
  @inline(__always) package static func minimum(_ a: Self, _ b: Self) -> Self { Swift.min(a, b) }
  package static func power(_ a: Self, _ b: Self) -> Self {
    if b < 0 {
      // 1 / a^|b| truncated: only 1 and -1 have anything left.
      if a == 1 { return 1 }
      return a &+ 1 == 0 ? (b & 1 == 0 ? 1 : a) : 0
    }
    var result: Self = 1
    var base = a
    var exponent = b
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* base }
      base = base &* base
      exponent >>= 1
    }
    return result
  }
  package var isNotANumber: Bool { false }
}

extension Int64: Number {}
extension UInt64: Number {}

/// A piece of code that is generic over the type it computes in.
package protocol NumberBody {
  associatedtype Result
  func run<T: Number>(_ type: T.Type) throws -> Result
}

extension ElementType {
  /// Runs `body` for this type, which must be one that kernels compute in.
  @inline(__always)
  package func computing<Body: NumberBody>(_ body: Body) throws -> Body.Result {
    switch self {
    case .float32: try body.run(Float.self)
    case .float64: try body.run(Double.self)
    case .int64: try body.run(Int64.self)
    case .uint64: try body.run(UInt64.self)
    default: throw OperatorFault.unsupported("element type \(rawValue)")
    }
  }

  package var isNumber: Bool { self != .bool }
}
