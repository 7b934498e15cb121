// Room: Networks. The operator SequenceEmpty.

internal import Tensors

/// A sequence without elements.
package struct SequenceEmptyOperator: DynamicOperator {
  private let type: ElementType

  package init(_ node: NodeDescription) throws {
    type = try node.elementType("dtype") ?? .float32
  }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    [.sequence([], type)]
  }
}

extension DynamicInputs {
  /// Input `index`, which must be a sequence.
  func sequence(_ index: Int) throws -> ([Tensor], ElementType) {
    switch self[index] {
    case .sequence(let tensors, let type)?: return (tensors, type)
    case .optional(.sequence(let tensors, let type)?)?: return (tensors, type)
    case let value?:
      throw OperatorFault.invalid("input \(index) is \(value.kindDescription), not a sequence")
    case nil: throw OperatorFault.invalid("input \(index) is missing")
    }
  }

  /// Input `index` as a place in a sequence of `count` elements; nil when it is left out.
  func position(_ index: Int, count: Int) throws -> Int? {
    guard let values = try optionalTensor(index)?.integerElements(input: index) else { return nil }
    guard values.count == 1, values[0] >= -count, values[0] < count else {
      throw OperatorFault.invalid("position \(values) lies outside a sequence of \(count)")
    }
    return values[0] < 0 ? values[0] + count : values[0]
  }
}
