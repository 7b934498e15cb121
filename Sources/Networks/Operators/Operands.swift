// Room: Networks. An operator's inputs as the planner knows them, with the checks operators share.

package import Tensors

/// An operator's inputs before running: types, shapes, and contents where they are known.
package struct Operands: Sendable {
  package var facts: [TensorFacts?]
  /// How many outputs the node names, trailing unnamed ones left out.
  package var outputCount: Int
  /// Which outputs the node names.
  package var wantedOutputs: [Bool]

  package init(_ facts: [TensorFacts?], wantedOutputs: [Bool] = [true]) {
    self.facts = facts
    self.wantedOutputs = wantedOutputs
    outputCount = wantedOutputs.count
  }

  package var count: Int { facts.count }

  /// Input `index`, nil when it is left out.
  package subscript(index: Int) -> TensorFacts? { index < facts.count ? facts[index] : nil }

  package func wants(_ output: Int) -> Bool {
    output < wantedOutputs.count && wantedOutputs[output]
  }

  /// Input `index`; throws when it is left out.
  package func required(_ index: Int) throws -> TensorFacts {
    guard let facts = self[index] else {
      throw OperatorFault.invalid("input \(index) is missing")
    }
    return facts
  }

  /// Input `index` with a rank among `ranks`.
  package func required(_ index: Int, rank ranks: ClosedRange<Int>) throws -> TensorFacts {
    let facts = try required(index)
    guard ranks.contains(facts.shape.rank) else {
      let wanted =
        ranks.count == 1
        ? "\(ranks.lowerBound)" : "\(ranks.lowerBound) to \(ranks.upperBound)"
      throw OperatorFault.invalid(
        "input \(index) has shape \(facts.shape), but \(wanted) dimensions are needed")
    }
    return facts
  }

  /// Throws unless there are `range` inputs.
  package func requireCount(_ range: ClosedRange<Int>) throws {
    guard range.contains(facts.count) else {
      throw OperatorFault.invalid(
        "has \(facts.count) inputs, but \(range.lowerBound) to \(range.upperBound) are needed")
    }
  }

  /// Throws unless input `index`, where given, has one of `types`.
  package func requireType(_ index: Int, _ types: ElementType...) throws {
    guard let facts = self[index], !types.contains(facts.elementType) else { return }
    throw OperatorFault.invalid(
      "input \(index) is \(facts.elementType.rawValue), but \(types.map(\.rawValue)) is needed")
  }

  /// Throws unless the inputs have the shapes that a fused operator was planned for, one each.
  package func requirePlanned(_ shapes: [Shape]) throws {
    try requireCount(shapes.count...shapes.count)
    for (index, shape) in shapes.enumerated() {
      let given = try required(index).shape
      guard given == shape else {
        throw OperatorFault.invalid(
          "input \(index) was planned for the shape \(shape), not \(given)")
      }
    }
  }

  /// Throws unless the inputs at `indices` that are given share one element type, which it returns.
  @discardableResult
  package func requireSameType(_ indices: [Int]) throws -> ElementType {
    let given = indices.compactMap { self[$0]?.elementType }
    guard let first = given.first else { throw OperatorFault.invalid("has no inputs") }
    if let other = given.first(where: { $0 != first }) {
      throw OperatorFault.invalid(
        "mixes \(first.rawValue) and \(other.rawValue) inputs; cast one of them")
    }
    return first
  }

  /// The contents of integer input `index`, nil when it is left out.
  ///
  /// Throws when the contents are not known or are not integers.
  package func integers(_ index: Int) throws -> [Int]? {
    guard let facts = self[index] else { return nil }
    guard let constant = facts.constant else {
      throw OperatorFault.invalid("the contents of input \(index) are needed to know the shapes")
    }
    return try constant.integerElements(input: index)
  }

  /// The contents of input `index`, which must hold one integer; nil when it is left out.
  package func integer(_ index: Int) throws -> Int? {
    guard let values = try integers(index) else { return nil }
    guard values.count == 1 else {
      throw OperatorFault.invalid("input \(index) holds \(values.count) values where one is needed")
    }
    return values[0]
  }

  /// The contents of input `index` as floating-point numbers, nil when it is left out.
  package func numbers(_ index: Int) throws -> [Double]? {
    guard let facts = self[index] else { return nil }
    guard let constant = facts.constant else {
      throw OperatorFault.invalid("the contents of input \(index) are needed before running")
    }
    return try constant.numericElements()
  }
}

extension Tensor {
  /// The elements of an integer tensor.
  package func integerElements(input index: Int) throws -> [Int] {
    switch elementType {
    case .int64: return elements(as: Int64.self).map(Int.init)
    case .int32: return elements(as: Int32.self).map(Int.init)
    case _ where elementType.isNarrowInteger || elementType == .bool:
      return try numericElements().map { Int($0) }
    case .uint64:
      return try elements(as: UInt64.self).map {
        guard let value = Int(exactly: $0) else {
          throw OperatorFault.invalid("input \(index) holds \($0), which is too large")
        }
        return value
      }
    default:
      throw OperatorFault.invalid("input \(index) is \(elementType.rawValue) and must be integer")
    }
  }

  /// The elements as `Double`s; 64-bit integers may be rounded.
  package func numericElements() throws -> [Double] {
    switch elementType {
    case _ where elementType.byteWidth == 1 && elementType.isFloatingPoint:
      try ElementConversion.convert(self, to: .float32).elements(as: Float.self).map(Double.init)
    case _ where elementType.bitWidth < 8:
      try ElementConversion.convert(self, to: .int8).elements(as: Int8.self).map(Double.init)
    case .float32: elements(as: Float.self).map(Double.init)
    case .float64: elements(as: Double.self)
    case .float16: elements(as: Half.self).map { Double(Float($0)) }
    case .bfloat16: elements(as: BFloat16.self).map { Double(Float($0)) }
    case .int8: elements(as: Int8.self).map(Double.init)
    case .int16: elements(as: Int16.self).map(Double.init)
    case .int32: elements(as: Int32.self).map(Double.init)
    case .int64: elements(as: Int64.self).map(Double.init)
    case .uint8: elements(as: UInt8.self).map(Double.init)
    case .uint16: elements(as: UInt16.self).map(Double.init)
    case .uint32: elements(as: UInt32.self).map(Double.init)
    case .uint64:
      // `Double.init` would be the one that takes bits.
      elements(as: UInt64.self).map { Double($0) }
    default: elements(as: UInt8.self, bitsOf: self).map { $0 == 0 ? 0 : 1 }
    }
  }

  private func elements(as: UInt8.Type, bitsOf tensor: Tensor) -> [UInt8] {
    tensor.withBytes { Array($0) }
  }
}

/// Axes and other integers of a graph, checked.
package enum Checked {
  /// `axis` counted from the front; throws outside `-rank..<rank`.
  package static func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw OperatorFault.invalid("axis \(axis) is not one of the \(rank) dimensions")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// `axes` counted from the front, sorted; throws outside the rank or where one repeats.
  package static func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let result = try axes.map { try axis($0, rank: rank) }.sorted()
    for index in result.indices.dropFirst() where result[index] == result[index - 1] {
      throw OperatorFault.invalid("axis \(result[index]) is named twice in \(axes)")
    }
    return result
  }

  /// A sum that throws where it overflows.
  package static func sum(_ left: Int, _ right: Int) throws -> Int {
    let (result, overflow) = left.addingReportingOverflow(right)
    guard !overflow else { throw OperatorFault.invalid("\(left) + \(right) overflows") }
    return result
  }

  /// A product that throws where it overflows.
  package static func product(_ left: Int, _ right: Int) throws -> Int {
    let (result, overflow) = left.multipliedReportingOverflow(by: right)
    guard !overflow else { throw OperatorFault.invalid("\(left) × \(right) overflows") }
    return result
  }

  /// `value` as an integer; throws for NaN, infinities and what no integer can hold.
  package static func integer(_ value: Double) throws -> Int {
    guard let result = Int(exactly: value.rounded(.towardZero)) else {
      throw OperatorFault.invalid("\(value) is no usable integer")
    }
    return result
  }
}
