// Room: Networks. The operator QLinearSoftmax of com.microsoft.

internal import Tensors

/// The softmax of quantised values, computed in float32 and quantised again.
///
/// Attribute `opset` says whose semantics: before 13 all dimensions from the axis on are one row.
package struct ComMicrosoftQLinearSoftmaxOperator: Operator {
  private let softmax: SoftmaxOperator

  package init(_ node: NodeDescription) throws {
    guard let opset = try node.int("opset") else {
      throw OperatorFault.invalid("attribute 'opset' is missing")
    }
    var inner = NodeDescription(opType: "Softmax", opset: opset)
    inner.attributes["axis"] = node.attributes["axis"]
    softmax = try SoftmaxOperator(inner)
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(4...5)
    try inputs.requireBytes(0, 2, 4)
    try inputs.requireSingle(1, 2, 3, 4)
    let x = try inputs.required(0)
    _ = try softmax.infer(Operands([TensorFacts(.float32, x.shape)]))
    return [TensorFacts(x.elementType, x.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let x = try inputs.required(0)
    let facts = TensorFacts(.float32, x.shape)
    let kernel = try softmax.prepare(Operands([facts]), outputs: [facts])
    return Kernel(scratchBytes: kernel.scratchBytes) { arguments in
      let from = try QuantizedType(
        x.elementType, scale: arguments.input(1), zero: arguments.optionalInput(2))
      let to = try QuantizedType(
        x.elementType, scale: arguments.input(3), zero: arguments.optionalInput(4))
      let values = (0..<256).map { from.value(UInt8($0)) }
      var wide = arguments
      let floats = try Tensor(working: x.shape, .float32)
      let target = floats.plannedDestination(of: Float.self)
      _ = try arguments.input(0).withRawBytes { bytes in
        for index in target.indices { target[index] = values[Int(bytes[index])] }
      }
      let result = try Tensor(working: x.shape, .float32)
      (wide.inputs, wide.outputs) = ([floats], [result])
      try kernel.run(wide)
      let bytes = try arguments.output().plannedBytes
      result.withElements(of: Float.self) { elements in
        for index in elements.indices { bytes[index] = to.code(elements[index]) }
      }
    }
  }
}
