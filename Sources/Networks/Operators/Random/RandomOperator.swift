// Room: Networks. Random numbers: a documented generator, the same numbers for the same seed.

internal import Foundation
internal import Synchronization
internal import Tensors

/// Where a node's random numbers begin: its `seed`, or its name where it has none.
///
/// Number `i` of the node's `k`-th turn in a run is a hash (SplitMix64's) of the seed, `k` and `i`.
/// So a run gives the same numbers each time, whatever the number of threads; nodes of different
/// names differ; and a node in a loop's body makes new numbers at each turn.
struct RandomSource: Sendable {
  private let seed: UInt64
  private let name: String

  init(_ node: NodeDescription) throws {
    name = node.name
    if case .int(let seed)? = node.attributes["seed"] {
      // Dropout's seed is an integer; others' are numbers.
      self.seed = UInt64(bitPattern: Int64(seed))
    } else if let seed = try node.float("seed") {
      self.seed = UInt64(seed.bitPattern)
    } else {
      // FNV-1a over the name's bytes.
      seed = node.name.utf8.reduce(0xcbf2_9ce4_8422_2325) {
        ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
      }
    }
  }

  /// The numbers of the node's next turn in the run that is going on.
  func numbers() -> SeededNumbers {
    SeededNumbers(seed: seed, turn: RandomRun.current?.nextTurn(of: name) ?? 0)
  }
}

/// One run of a network, as far as random numbers are concerned: how often each node had its turn.
final class RandomRun: Sendable {
  @TaskLocal static var current: RandomRun?

  private let turns = Mutex<[String: UInt64]>([:])

  private init() {}

  /// Calls `body` as a run of its own.
  static func start<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var outcome: Swift.Result<Result, Failure>?
    $current.withValue(RandomRun()) {
      do throws(Failure) {
        outcome = .success(try body())
      } catch {
        outcome = .failure(error)
      }
    }
    guard let outcome else { return try body() }
    return try outcome.get()
  }

  fileprivate func nextTurn(of name: String) -> UInt64 {
    turns.withLock { turns in
      let turn = turns[name, default: 0]
      turns[name] = turn + 1
      return turn
    }
  }
}

/// Random numbers by index; see `RandomSource`.
struct SeededNumbers: Sendable {
  private let seed: UInt64

  init(seed: UInt64, turn: UInt64) { self.seed = Self.hash(Self.hash(seed) ^ turn) }

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
    let result = try Tensor(working: output.shape, .float64)
    let target = result.plannedDestination(of: Double.self)
    for index in target.indices { target[index] = value(index) }
    try ElementConversion.convert(result, into: output)
  }
}

/// An operator that makes a tensor of random numbers.
protocol RandomOperator: Operator {
  var source: RandomSource { get }
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
      let numbers = source.numbers()
      try SeededNumbers.fill(arguments.output()) { index in
        number(uniform: { numbers.uniform(index) }, normal: { numbers.normal(index) })
      }
    }
  }
}
