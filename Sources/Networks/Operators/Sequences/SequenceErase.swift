// Room: Networks. The operator SequenceErase.

/// A sequence with one element less, the last unless a place is given.
package struct SequenceEraseOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    var (tensors, type) = try inputs.sequence(0)
    guard !tensors.isEmpty else { throw OperatorFault.invalid("the sequence is empty") }
    tensors.remove(at: try inputs.position(1, count: tensors.count) ?? tensors.count - 1)
    return [.sequence(tensors, type)]
  }
}
