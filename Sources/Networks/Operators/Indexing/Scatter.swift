// Room: Networks. The operator Scatter.

internal import Tensors

/// The former name of `ScatterElements`, without reductions (opsets 9 and 10).
package struct ScatterOperator: Operator {
  private let axis: Int

  package init(_ node: NodeDescription) throws { axis = try node.int("axis", default: 0) }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try ScatterElementsOperator.infer(inputs, axis: axis)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try ScatterElementsOperator.prepare(inputs, axis: axis, .none)
  }
}
