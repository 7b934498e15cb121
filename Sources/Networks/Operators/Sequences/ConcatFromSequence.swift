// Room: Networks. The operator ConcatFromSequence.

internal import Tensors

/// A sequence's elements joined along an axis, or along a new one.
package struct ConcatFromSequenceOperator: DynamicOperator {
  private let axis: Int
  private let isNewAxis: Bool

  package init(_ node: NodeDescription) throws {
    guard let axis = try node.int("axis") else {
      throw OperatorFault.invalid("attribute 'axis' is missing")
    }
    self.axis = axis
    isNewAxis = try node.flag("new_axis")
  }

  package var keepsInputs: Bool { false }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let (tensors, _) = try inputs.sequence(0)
    guard !tensors.isEmpty else { throw OperatorFault.invalid("the sequence is empty") }
    return [
      .tensor(
        isNewAxis
          ? try TensorStack.stack(tensors, axis: axis, limits: inputs.limits, empty: tensors[0])
          : try TensorStack.concatenate(tensors, axis: axis, limits: inputs.limits))
    ]
  }
}
