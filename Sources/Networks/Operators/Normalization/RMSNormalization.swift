// Room: Networks. The operator RMSNormalization.

internal import Tensors

/// All dimensions from an axis on divided by their root mean square, then scaled.
package struct RMSNormalizationOperator: Operator {
  private let axis: Int
  let epsilon: Double

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: -1)
    epsilon = Double(try node.float("epsilon", default: 1e-5))
  }

  package var widening: Widening { [.halves, .mixedFloats] }

  /// How many of the last dimensions are normalised.
  func trailing(of rank: Int) -> Int? {
    (try? Checked.axis(axis, rank: rank)).map { rank - $0 }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let (input, scale) = (try inputs.required(0), try inputs.required(1))
    let place = try Checked.axis(axis, rank: input.shape.rank)
    let row = try Shape(checking: Array(input.shape.dimensions[place...]))
    guard try row.broadcast(with: scale.shape) == row else {
      throw OperatorFault.invalid("scale of shape \(scale.shape) does not fit \(row)")
    }
    return [TensorFacts(scale.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    guard input.elementType == outputs[0]?.elementType else {
      throw OperatorFault.unsupported("a scale of another element type")
    }
    let place = try Checked.axis(axis, rank: input.shape.rank)
    return try RealKernel.make(
      input.elementType,
      LayerRows(
        rows: input.shape.dimensions[..<place].reduce(1, *),
        shape: Shape(checking: Array(input.shape.dimensions[place...])), epsilon: epsilon,
        centers: false))
  }
}
