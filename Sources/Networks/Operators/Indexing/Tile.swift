// Room: Networks. The operator Tile.

internal import Tensors

/// A tensor repeated along each axis.
package struct TileOperator: Operator {
  package static var versions: ClosedRange<Int> { 6...Opset.newest }

  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1] }

  private func repeats(_ inputs: Operands) throws -> [Int] {
    let shape = try inputs.required(0).shape
    guard let repeats = try inputs.integers(1), repeats.count == shape.rank,
      repeats.allSatisfy({ $0 >= 0 })
    else { throw OperatorFault.invalid("the repeats do not fit shape \(shape)") }
    return repeats
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    let lengths = try zip(input.shape.dimensions, repeats(inputs)).map {
      try Checked.product($0, $1)
    }
    return [try TensorFacts(input.elementType, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let repeats = try repeats(inputs)
    // Each axis becomes two: the repetition, which stands still in the input, and the axis.
    let lengths = zip(repeats, input.shape.dimensions).flatMap { [$0, $1] }
    let strides = input.shape.rowMajorStrides.flatMap { [0, $0] }
    let shape = try Shape(checking: lengths)
    let width = input.elementType.byteWidth
    return Kernel { arguments in
      try arguments.move { source, target in
        Movement.gather(source, strides: strides, shape: shape, into: target, width: width)
      }
    }
  }
}
