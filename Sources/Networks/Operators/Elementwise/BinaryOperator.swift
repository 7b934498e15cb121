// Room: Networks. What operators that pair two broadcast operands share.

internal import Tensors

/// How opsets before 7 said that the second operand broadcasts: from an axis of the first.
package struct LegacyBroadcast: Sendable {
  private let axis: Int?
  private let isLegacy: Bool

  package init(_ node: NodeDescription) throws {
    isLegacy = node.domain.isEmpty && node.opset < 7
    axis = isLegacy ? try node.int("axis") : nil
  }

  /// The second operand's shape with the trailing ones that the axis implies.
  func aligned(_ first: Shape, _ second: Shape) throws -> Shape {
    guard isLegacy, let axis, second.rank > 0 else { return second }
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
  func combine<T: Number>(_ a: T, _ b: T) -> T
}

extension BinaryOperator {
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
    return try a.elementType.computing(BinaryBody(operation: self, walk: walk))
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
