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
      guard let target = floats.plannedDestination(of: Float.self).baseAddress, x.shape.count > 0
      else { return }
      _ = try arguments.input(0).withRawBytes { bytes in
        values.withUnsafeBufferPointer { values in
          guard let values = values.baseAddress else { return }
          Parallel.elements(x.shape.count, nanosecondsPerElement: 0.5) { range in
            for index in range { target[index] = values[Int(bytes[index])] }
          }
        }
      }
      // In place.
      (wide.inputs, wide.outputs) = ([floats], [floats])
      try kernel.run(wide)
      guard let bytes = try arguments.output().plannedBytes.baseAddress else { return }
      VectorMath.quantize(
        target, count: x.shape.count, scale: to.scale, zero: to.zero, isSigned: to.isSigned,
        to: bytes.assumingMemoryBound(to: UInt8.self))
    }
  }
}
