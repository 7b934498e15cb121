// Room: Networks. The operator SequenceAt.

/// The element at a place; negative ones count from the end.
package struct SequenceAtOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let (tensors, _) = try inputs.sequence(0)
    guard let place = try inputs.position(1, count: tensors.count) else {
      throw OperatorFault.invalid("input 1, the place, is missing")
    }
    return [.tensor(tensors[place])]
  }
}
