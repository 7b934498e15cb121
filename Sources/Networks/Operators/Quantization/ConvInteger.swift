// Room: Networks. The operator ConvInteger.

internal import Tensors

/// Convolution of bytes less their zero points, in 32-bit integers.
///
/// **Source**: ONNX `ConvInteger`, opset 10.
package struct ConvIntegerOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
  }

  package var widening: Widening { .none }

  private func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    try ConvolutionShapes(
      Operands([try inputs.required(0), try inputs.required(1)]), window, groups)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...4)
    try inputs.requireBytes(0, 1, 2, 3)
    try inputs.requireSingle(2)
    let shapes = try shapes(inputs)
    guard inputs[3].map({ $0.shape.count == 1 || $0.shape.dimensions == [shapes.outputs] }) ?? true
    else { throw OperatorFault.invalid("the zero points do not fit") }
    return [try shapes.output(.int32)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    return try IntegerConvolution.kernel(
      shapes, inputs, places: .init(input: 0, inputZero: 2, weights: 1, weightZeros: 3, bias: nil),
      prepared: (), preparing: { _ in },
      storing: { _, output, run in
        guard let base = output.plannedBytes.baseAddress else { return }
        let (target, size) = (base.assumingMemoryBound(to: Int32.self), shapes.outputPlane)
        try run { plane, place, count, sums in
          (target + plane * size + place).update(from: sums, count: count)
        }
      })
  }
}
