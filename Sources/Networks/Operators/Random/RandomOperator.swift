// Room: Networks. Random numbers: a documented generator, the same numbers for the same seed.

internal import Foundation
internal import Synchronization
package import Tensors

/// Random numbers by counter: number `i` of a node is a hash of the seed and `i`, so that neither
/// threads nor the order of work change it.
///
/// A node without a seed takes a new one each run. The hash is SplitMix64's.
struct SeededNumbers: Sendable {
  private static let runs = Atomic<UInt64>(0x5eed)
  private let seed: UInt64

  init(_ seed: Float?) {
    self.seed =
      seed.map { UInt64($0.bitPattern) &* 0x9e37_79b9_7f4a_7c15 }
      ?? Self.hash(Self.runs.add(1, ordering: .relaxed).newValue)
  }

  private static func hash(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number from 0 up to but without 1.
  func uniform(_ index: Int) -> Double {
    let bits = Self.hash(seed ^ Self.hash(UInt64(truncatingIfNeeded: index)))
    return Double(bits >> 11) * 0x1p-53
  }

  /// A number of mean 0 and variance 1 (Box and Muller).
  func normal(_ index: Int) -> Double {
    let radius = (-2 * log(1 - uniform(2 * index))).squareRoot()
    return radius * cos(2 * .pi * uniform(2 * index + 1))
  }

  /// Fills a tensor with `value` of each number's index.
  static func fill(_ output: Tensor, _ value: (Int) -> Double) throws {
    let result = Tensor(uninitialized: output.shape, .float64)
    let target = result.plannedDestination(of: Double.self)
    for index in target.indices { target[index] = value(index) }
    try ElementConversion.convert(result, into: output)
  }
}

/// An operator that makes a tensor of random numbers.
package protocol RandomOperator: Operator {
  var seed: Float? { get }
  var type: ElementType? { get }
  /// The shape, where it is an attribute; else the input's.
  var shape: [Int]? { get }
  func number(uniform: () -> Double, normal: () -> Double) -> Double
}

extension RandomOperator {
  package var widening: Widening { .none }
  package var isDeterministic: Bool { false }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    if let shape { return [try TensorFacts(type ?? .float32, checking: shape)] }
    let input = try inputs.required(0)
    return [try TensorFacts(type ?? input.elementType, checking: input.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [self] arguments in
      let numbers = SeededNumbers(seed)
      try SeededNumbers.fill(arguments.output()) { index in
        number(uniform: { numbers.uniform(index) }, normal: { numbers.normal(index) })
      }
    }
  }
}
