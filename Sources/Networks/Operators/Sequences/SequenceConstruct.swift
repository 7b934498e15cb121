// Room: Networks. The operator SequenceConstruct.

internal import Tensors

/// The inputs as a sequence.
package struct SequenceConstructOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let tensors = try inputs.values.indices.map { try inputs.tensor($0) }
    guard let type = tensors.first?.elementType, tensors.allSatisfy({ $0.elementType == type })
    else { throw OperatorFault.invalid("the elements are of several types, or there are none") }
    return [.sequence(tensors, type)]
  }
}
