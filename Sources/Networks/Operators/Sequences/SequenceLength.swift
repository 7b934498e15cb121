// Room: Networks. The operator SequenceLength.

internal import Tensors

/// How many elements a sequence has.
package struct SequenceLengthOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    [.tensor(Tensor(Int64(try inputs.sequence(0).0.count)))]
  }
}
