// Room: Networks. The operator ConvInteger.

internal import Tensors

/// Convolution of bytes less their zero points, in 32-bit integers.
package struct ConvIntegerOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
  }

  private func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    try ConvolutionShapes(
      Operands([try inputs.required(0), try inputs.required(1)]), window, groups)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...4)
    for index in 0...1 { try inputs.requireType(index, .int8, .uint8) }
    let shapes = try shapes(inputs)
    guard inputs[2].map({ $0.shape.count == 1 }) ?? true,
      inputs[3].map({ $0.shape.count == 1 || $0.shape.dimensions == [shapes.outputs] }) ?? true
    else { throw OperatorFault.invalid("the zero points do not fit") }
    return [try shapes.output(.int32)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let convolution = IntegerConvolution(shapes: try shapes(inputs))
    return Kernel { arguments in
      func zeros(_ index: Int) throws -> [Int32] {
        guard let tensor = arguments.optionalInput(index) else { return [0] }
        return try ElementConversion.convert(tensor, to: .int32).elements(as: Int32.self)
      }
      let target = try arguments.output().plannedDestination(of: Int32.self)
      try convolution.run(
        arguments.input(0), arguments.input(1), inputZero: zeros(2)[0], weightZeros: zeros(3)
      ) { index, _, sum in
        target[index] = Int32(truncatingIfNeeded: sum)
      }
    }
  }
}
