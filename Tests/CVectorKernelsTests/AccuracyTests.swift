// Tests of CVectorKernels: every function of every variant against libm in double precision.

internal import CVectorKernels
internal import Foundation
import Testing

struct AccuracyCase: Sendable, CustomTestStringConvertible {
  var name: String
  var function: squall_unary
  var p: Float = 1, q: Float = 0
  /// Largest error allowed, in units in the last place, and as a share of |x|.
  var ulp: Double
  var relativeToArgument = 0.0
  var reference: @Sendable (Double) -> Double
  var testDescription: String { name }
}

@Suite struct AccuracyTests {
  static func sigmoid(_ x: Double) -> Double {
    x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
  }

  static let cases: [AccuracyCase] = [
    AccuracyCase(name: "exp", function: SQUALL_EXP, ulp: 1.5) { exp($0) },
    AccuracyCase(name: "expm1", function: SQUALL_EXPM1, ulp: 2.5) { expm1($0) },
    AccuracyCase(name: "log", function: SQUALL_LOG, ulp: 1.5) { log($0) },
    AccuracyCase(name: "log2", function: SQUALL_LOG2, ulp: 3) { log2($0) },
    AccuracyCase(name: "log10", function: SQUALL_LOG10, ulp: 3) { log10($0) },
    AccuracyCase(name: "log1p", function: SQUALL_LOG1P, ulp: 2.5) { log1p($0) },
    AccuracyCase(name: "tanh", function: SQUALL_TANH, ulp: 1.35) { tanh($0) },
    AccuracyCase(name: "erf", function: SQUALL_ERF, ulp: 2.5) { erf($0) },
    AccuracyCase(name: "sigmoid", function: SQUALL_SIGMOID, ulp: 3) { sigmoid($0) },
    AccuracyCase(name: "silu", function: SQUALL_SILU, ulp: 4, relativeToArgument: 1e-45) {
      $0 == -.infinity ? 0 : $0 * sigmoid($0)
    },
    AccuracyCase(name: "gelu", function: SQUALL_GELU, ulp: 4, relativeToArgument: 4e-7) {
      $0 == -.infinity ? 0 : $0 * erfc(-$0 / 2.0.squareRoot()) / 2
    },
    AccuracyCase(name: "gelu_tanh", function: SQUALL_GELU_TANH, ulp: 4, relativeToArgument: 4e-7) {
      let inner = (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)
      return $0 == -.infinity ? 0 : $0 * sigmoid(2 * inner)
    },
    AccuracyCase(name: "softplus", function: SQUALL_SOFTPLUS, ulp: 3) {
      max($0, 0) + log1p(exp(-abs($0)))
    },
    AccuracyCase(name: "mish", function: SQUALL_MISH, ulp: 4, relativeToArgument: 4e-7) {
      $0 == -.infinity ? 0 : $0 * tanh(max($0, 0) + log1p(exp(-abs($0))))
    },
    AccuracyCase(name: "elu", function: SQUALL_ELU, p: 0.5, ulp: 3) {
      $0 < 0 ? 0.5 * expm1($0) : $0
    },
    AccuracyCase(name: "sqrt", function: SQUALL_SQRT, ulp: 0.5) { $0.squareRoot() },
    AccuracyCase(name: "reciprocal", function: SQUALL_RECIPROCAL, ulp: 0.5) { 1 / $0 },
    AccuracyCase(name: "square", function: SQUALL_SQUARE, ulp: 0.5) { $0 * $0 },
    AccuracyCase(name: "abs", function: SQUALL_ABS, ulp: 0) { abs($0) },
    AccuracyCase(name: "neg", function: SQUALL_NEG, ulp: 0) { -$0 },
    AccuracyCase(name: "floor", function: SQUALL_FLOOR, ulp: 0) { $0.rounded(.down) },
    AccuracyCase(name: "ceil", function: SQUALL_CEIL, ulp: 0) { $0.rounded(.up) },
    AccuracyCase(name: "round", function: SQUALL_ROUND_EVEN, ulp: 0) {
      $0.rounded(.toNearestOrEven)
    },
    AccuracyCase(name: "trunc", function: SQUALL_TRUNC, ulp: 0) { $0.rounded(.towardZero) },
    AccuracyCase(name: "sign", function: SQUALL_SIGN, ulp: 0) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 },
    AccuracyCase(name: "relu", function: SQUALL_RELU, ulp: 0) { $0 < 0 ? 0 : $0 },
    AccuracyCase(name: "leaky_relu", function: SQUALL_LEAKY_RELU, p: 0.25, ulp: 0.5) {
      $0 < 0 ? 0.25 * $0 : $0
    },
    AccuracyCase(name: "clip", function: SQUALL_CLIP, p: -1, q: 6, ulp: 0) {
      $0.isNaN ? $0 : min(max($0, -1), 6)
    },
    AccuracyCase(name: "affine", function: SQUALL_AFFINE, p: 2, q: 0, ulp: 0.5) { 2 * $0 },
    AccuracyCase(
      name: "hard_sigmoid", function: SQUALL_HARD_SIGMOID, p: 0.25, q: 0.5, ulp: 1,
      relativeToArgument: 1e-7
    ) { $0.isNaN ? $0 : min(max(0.25 * $0 + 0.5, 0), 1) },
    AccuracyCase(name: "sin", function: SQUALL_SIN, ulp: 1) { sin($0) },
    AccuracyCase(name: "cos", function: SQUALL_COS, ulp: 1) { cos($0) },
    AccuracyCase(name: "pow", function: SQUALL_POW_SCALAR, p: 1.5, ulp: 1) { pow($0, 1.5) },
  ]

  /// Every exponent and sign with a few thousand mantissas in all, a fine sweep of where things
  /// happen, and the special values.
  static let arguments: [Float] = {
    var values: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
      .leastNormalMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, 1, -1, 88.72283, 88.72284, -87.33655, -103.97208, -103.97209, 89,
      -104, 0.5, 1.5, 2.5, -0.5, -1.5, 0.92773, 0.92774, 9.01, 10, -16.6, 20, 1e-24,
    ]
    var state: UInt32 = 1
    for high in 0..<UInt32(512) {
      for _ in 0..<96 {
        state = state &* 1_664_525 &+ 1_013_904_223
        values.append(Float(bitPattern: high << 23 | state >> 9))
      }
      values.append(Float(bitPattern: high << 23))
      values.append(Float(bitPattern: high << 23 | 0x7fffff))
    }
    var x: Float = -110
    while x < 110 {
      values.append(x)
      x += 0.003_173
    }
    x = -4
    while x < 4 {
      values.append(x)
      x += 0.000_217
    }
    return values
  }()

  @Test(arguments: cases)
  func staysWithinItsBound(item: AccuracyCase) {
    let count = Self.arguments.count
    let expected = Self.arguments.map { item.reference(Double($0)) }
    for index in 0..<squall_kernels_count() {
      let kernels = squall_kernels_at(index)
      let name = String(cString: kernels.pointee.name)
      var output = [Float](repeating: 0, count: count)
      kernels.pointee.f32_unary[Int(item.function.rawValue)](
        count, Self.arguments, &output, item.p, item.q)
      var largest = (error: 0.0, at: Float(0), value: Float(0))
      for i in 0..<count {
        let x = Self.arguments[i]
        var error = ulps(output[i], expected[i])
        let share = item.relativeToArgument * Double(abs(x))
        if abs(Double(output[i]) - expected[i]) <= share { error = 0 }
        if error > largest.error { largest = (error, x, output[i]) }
      }
      #expect(
        largest.error <= item.ulp,
        "\(name): \(largest.error) ulp at \(largest.at), which gave \(largest.value)")
    }
  }

  @Test(arguments: cases)
  func tailsAndUnalignedRowsAreTheSame(item: AccuracyCase) {
    for index in 0..<squall_kernels_count() {
      let function = squall_kernels_at(index).pointee.f32_unary[Int(item.function.rawValue)]
      let source = Array(Self.arguments[1000..<1100])
      var whole = [Float](repeating: 0, count: 100)
      function(100, source, &whole, item.p, item.q)
      for length in 0...70 {
        for shift in [0, 1, 3] {
          var output = [Float](repeating: 77, count: 80)
          source.withUnsafeBufferPointer { source in
            output.withUnsafeMutableBufferPointer { output in
              guard let from = source.baseAddress, let to = output.baseAddress else { return }
              function(length, from + shift, to + shift, item.p, item.q)
            }
          }
          for i in 0..<80 {
            let inside = i >= shift && i < shift + length
            let expected = inside ? whole[i] : 77
            let same =
              output[i].bitPattern == expected.bitPattern || output[i].isNaN && expected.isNaN
            if !same { Issue.record("\(item.name), length \(length), shift \(shift), at \(i)") }
          }
        }
      }
    }
  }
}

/// The distance of `value` from `exact` in units in the last place of a float near `exact`.
func ulps(_ value: Float, _ exact: Double) -> Double {
  if exact.isNaN { return value.isNaN ? 0 : .infinity }
  if value.isNaN { return .infinity }
  // Up to half a unit beyond the largest float rounds to it, the rest to infinity.
  let limit = Double(Float.greatestFiniteMagnitude)
  if abs(exact) > limit {
    if value.isInfinite { return (value > 0) == (exact > 0) ? 0 : .infinity }
    let beyond = exact.isInfinite ? 1e9 : (abs(exact) - abs(Double(value))) / 0x1p104
    return (value > 0) == (exact > 0) ? beyond : .infinity
  }
  if value.isInfinite { return (0x1p128 - abs(exact)) / 0x1p104 }
  let unit = max(abs(exact), Double(Float.leastNormalMagnitude)).exponent - 23
  return abs(Double(value) - exact) / Double(sign: .plus, exponent: Int(unit), significand: 1)
}
