// Room: Networks. The operator QLinearConv.

internal import Tensors

/// Convolution of quantised tensors, quantised again.
package struct QLinearConvOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
  }

  private func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    try ConvolutionShapes(
      Operands([try inputs.required(0), try inputs.required(3), inputs[8]]), window, groups)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(8...9)
    let shapes = try shapes(inputs)
    for index in [0, 3, 7] { try inputs.requireType(index, .int8, .uint8) }
    try inputs.requireType(8, .int32)
    for (index, length) in [
      (1, 0), (2, 0), (4, shapes.outputs), (5, shapes.outputs), (6, 0), (7, 0),
    ] {
      let shape = try inputs.required(index).shape
      guard shape.count == 1 || shape.dimensions == [length] else {
        throw OperatorFault.invalid("scales or zero points of shape \(shape) do not fit")
      }
    }
    return [try shapes.output(inputs.required(7).elementType)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let convolution = IntegerConvolution(shapes: try shapes(inputs))
    guard let range = outputs[0]?.elementType.integerRange else {
      throw OperatorFault.unsupported("this element type")
    }
    return Kernel { arguments in
      func numbers(_ index: Int) throws -> [Double] { try arguments.input(index).numericElements() }
      let (inputScale, weightScales) = (try numbers(1)[0], try numbers(4))
      let (scale, zero) = (try numbers(6)[0], try numbers(7)[0])
      let bias = try arguments.optionalInput(8)?.numericElements()
      let output = try arguments.output()
      let result = Tensor(uninitialized: output.shape, .float64)
      let target = result.plannedDestination(of: Double.self)
      try convolution.run(
        arguments.input(0), arguments.input(3), inputZero: Int32(numbers(2)[0]),
        weightZeros: numbers(5).map { Int32($0) }
      ) { index, channel, sum in
        let total = Double(sum) + (bias?[channel] ?? 0)
        let weight = weightScales[weightScales.count == 1 ? 0 : channel]
        let rounded = (total * inputScale * weight / scale).rounded(.toNearestOrEven) + zero
        target[index] = min(max(rounded, range.lowerBound), range.upperBound)
      }
      try ElementConversion.convert(result, into: output)
    }
  }
}
