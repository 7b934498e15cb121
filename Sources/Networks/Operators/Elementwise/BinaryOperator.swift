// Room: Networks. What operators that pair two broadcast operands share.

package import Tensors

/// How opsets before 7 said that the second operand broadcasts: from an axis of the first.
package struct LegacyBroadcast: Sendable {
  private let axis: Int?
  let isLegacy: Bool
  /// Whether only vectors are aligned, wherever no attribute says so.
  private let alignsVectors: Bool

  /// `vectorAxis` is the axis that a vector belongs to in these opsets, as `PRelu`'s slopes belong to
  /// the channels; nil where an attribute says it.
  package init(_ node: NodeDescription, vectorAxis: Int? = nil) throws {
    isLegacy = node.domain.isEmpty && node.opset < 7
    axis = isLegacy ? try vectorAxis ?? node.int("axis") : nil
    alignsVectors = vectorAxis != nil
  }

  /// Whether operands are aligned as NumPy does.
  var isPlain: Bool { !isLegacy }

  /// The second operand's shape with the trailing ones that the axis implies.
  func aligned(_ first: Shape, _ second: Shape) throws -> Shape {
    guard isLegacy, let axis, second.rank > 0 else { return second }
    if alignsVectors, second.rank > 1 || first.rank < 2 { return second }
    let start = try Checked.axis(axis, rank: first.rank)
    let trailing = first.rank - start - second.rank
    guard trailing >= 0 else {
      throw OperatorFault.invalid("shape \(second) does not fit \(first) from axis \(axis)")
    }
    return try Shape(checking: second.dimensions + [Int](repeating: 1, count: trailing))
  }
}

/// An arithmetic operator of two broadcast operands of one type.
package protocol BinaryOperator: Operator {
  var legacy: LegacyBroadcast { get }
  /// The vector kernel for float32, where there is one.
  var vectorOperation: BinaryOperation? { get }
  func combine<T: Number>(_ a: T, _ b: T) -> T
}

extension BinaryOperator {
  package var vectorOperation: BinaryOperation? { nil }
  package var widening: Widening { [.halves, .integers] }
  package var inPlaceInputs: [Int] { [0, 1] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let type = try inputs.requireSameType([0, 1])
    guard type.isNumber else { throw OperatorFault.invalid("cannot work on booleans") }
    return [TensorFacts(type, try a.shape.broadcast(with: legacy.aligned(a.shape, b.shape)))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let aligned = try legacy.aligned(a.shape, b.shape)
    let walk = try BroadcastWalk([a.shape, aligned], to: a.shape.broadcast(with: aligned))
    if a.elementType == .float32, let vector = vectorOperation {
      return VectorPairs.kernel(vector, walk)
    }
    return try a.elementType.computing(BinaryBody(operation: self, walk: walk))
  }
}

/// Pairs of float32 elements through vector kernels, row by row.
enum VectorPairs {
  /// Very short rows are not worth a call each.
  static func isWorthwhile(_ walk: BroadcastWalk) -> Bool {
    walk.rowLength >= 16 && walk.rowStrides.allSatisfy { $0 == 0 || $0 == 1 }
  }

  static func kernel(_ comparison: Comparison, _ walk: BroadcastWalk) -> Kernel {
    Kernel(name: "vector") { arguments in
      let target = try arguments.output().plannedDestination(of: Bool.self)
      try arguments.input(0).withElements(of: Float.self) { a in
        try arguments.input(1).withElements(of: Float.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else {
            return
          }
          Parallel.elements(walk.count, nanosecondsPerElement: 0.3) { range in
            walk.forEachPiece(in: range) { start, count, offsets in
              VectorMath.compare(
                comparison, x + offsets[0], aStep: walk.rowStrides[0], y + offsets[1],
                bStep: walk.rowStrides[1], z + start, count: count)
            }
          }
        }
      }
    }
  }

  static func kernel(_ operation: BinaryOperation, _ walk: BroadcastWalk) -> Kernel {
    let isWorthwhile = isWorthwhile(walk)
    return Kernel(name: isWorthwhile ? "vector" : "loop") { arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      try arguments.input(0).withElements(of: Float.self) { a in
        try arguments.input(1).withElements(of: Float.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else {
            return
          }
          guard isWorthwhile else { return scalar(operation, walk, x, y, z) }
          Parallel.elements(walk.count, nanosecondsPerElement: 0.3) { range in
            walk.forEachPiece(in: range) { start, count, offsets in
              VectorMath.combine(
                operation, x + offsets[0], aStep: walk.rowStrides[0], y + offsets[1],
                bStep: walk.rowStrides[1], z + start, count: count)
            }
          }
        }
      }
    }
  }

  private static func scalar(
    _ operation: BinaryOperation, _ walk: BroadcastWalk, _ x: UnsafePointer<Float>,
    _ y: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>
  ) {
    switch operation {
    case .add: walk.combine(x, y, into: z) { $0 + $1 }
    case .subtract: walk.combine(x, y, into: z) { $0 - $1 }
    case .multiply: walk.combine(x, y, into: z) { $0 * $1 }
    case .divide: walk.combine(x, y, into: z) { $0 / $1 }
    case .minimum: walk.combine(x, y, into: z) { Float.minimum($0, $1) as Float }
    case .maximum: walk.combine(x, y, into: z) { Float.maximum($0, $1) as Float }
    default: walk.combine(x, y, into: z) { Float.power($0, $1) }
    }
  }
}

private struct BinaryBody<Operation: BinaryOperator>: NumberBody {
  let operation: Operation
  let walk: BroadcastWalk

  @inline(__always)
  func run<T: Number>(_ type: T.Type) throws -> Kernel {
    Kernel { [operation, walk] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else {
            return
          }
          walk.combine(x, y, into: z) { operation.combine($0, $1) }
        }
      }
    }
  }
}

/// An operator that compares two broadcast operands of one type.
package protocol ComparisonOperator: Operator {
  var legacy: LegacyBroadcast { get }
  /// The same comparison for the vector kernels.
  var comparison: Comparison { get }
  func compare<T: Number>(_ a: T, _ b: T) -> Bool
}

extension ComparisonOperator {
  package var widening: Widening { [.halves, .integers] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    try inputs.requireSameType([0, 1])
    return [TensorFacts(.bool, try a.shape.broadcast(with: legacy.aligned(a.shape, b.shape)))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let aligned = try legacy.aligned(a.shape, b.shape)
    let walk = try BroadcastWalk([a.shape, aligned], to: a.shape.broadcast(with: aligned))
    if a.elementType == .bool {
      return Kernel { [self] arguments in
        try booleanPair(arguments, walk) { compare($0 ? Int64(1) : 0, $1 ? Int64(1) : 0) }
      }
    }
    if a.elementType == .float32, VectorPairs.isWorthwhile(walk) {
      return VectorPairs.kernel(comparison, walk)
    }
    return try a.elementType.computing(ComparisonBody(operation: self, walk: walk))
  }
}

private struct ComparisonBody<Operation: ComparisonOperator>: NumberBody {
  let operation: Operation
  let walk: BroadcastWalk

  @inline(__always)
  func run<T: Number>(_ type: T.Type) throws -> Kernel {
    Kernel { [operation, walk] arguments in
      let target = try arguments.output().plannedDestination(of: Bool.self)
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else {
            return
          }
          walk.combine(x, y, into: z) { operation.compare($0, $1) }
        }
      }
    }
  }
}

/// An operator of two broadcast booleans.
package protocol LogicalOperator: Operator {
  var legacy: LegacyBroadcast { get }
  func combine(_ a: Bool, _ b: Bool) -> Bool
}

extension LogicalOperator {
  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    try inputs.requireType(0, .bool)
    try inputs.requireType(1, .bool)
    return [TensorFacts(.bool, try a.shape.broadcast(with: legacy.aligned(a.shape, b.shape)))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let aligned = try legacy.aligned(a.shape, b.shape)
    let walk = try BroadcastWalk([a.shape, aligned], to: a.shape.broadcast(with: aligned))
    return Kernel { [self] arguments in try booleanPair(arguments, walk, combine) }
  }
}

@inline(__always)
private func booleanPair(
  _ arguments: KernelArguments, _ walk: BroadcastWalk, _ combine: (Bool, Bool) -> Bool
) throws {
  let target = try arguments.output().plannedDestination(of: Bool.self)
  try arguments.input(0).withElements(of: Bool.self) { a in
    try arguments.input(1).withElements(of: Bool.self) { b in
      guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else { return }
      walk.combine(x, y, into: z, combine)
    }
  }
}
