// Room: Networks. ONNX Runtime's operator RotaryEmbedding.

internal import Tensors

/// `RotaryEmbedding` with the positions as input 1, before the tables of cosines and sines.
///
/// **Shapes**: as ONNX's; positions `[batch, length]`, or `[1]`: where counting begins.
/// **Source**: com.microsoft RotaryEmbedding, version 1.
package struct ComMicrosoftRotaryEmbeddingOperator: Operator {
  private let inner: RotaryEmbeddingOperator

  package init(_ node: NodeDescription) throws {
    guard try !node.flag("is_packed_batching") else {
      throw OperatorFault.unsupported("is_packed_batching")
    }
    var own = node
    own.opset = Opset.newest
    inner = try RotaryEmbeddingOperator(own)
  }

  private func operands(_ inputs: Operands) throws -> Operands {
    let shape = try inputs.required(0, rank: 3...4).shape
    let length = shape[shape.rank == 4 ? 2 : 1]
    let ids = try inputs.required(1).shape
    guard ids.dimensions == [1] || ids.dimensions == [shape[0], length] else {
      throw OperatorFault.invalid("positions of shape \(ids) do not fit an input \(shape)")
    }
    return Operands([
      inputs[0], inputs[2], inputs[3], try TensorFacts(.int64, checking: [shape[0], length]),
    ])
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireType(1, .int64)
    return try inner.infer(operands(inputs))
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let operands = try operands(inputs)
    let kernel = try inner.prepare(operands, outputs: outputs)
    let shape = try operands.required(3).shape
    return Kernel(scratchBytes: kernel.scratchBytes) { arguments in
      var ids = try arguments.input(1).integerElements(input: 1)
      if arguments.inputs[1]?.shape.rank == 1, let first = ids.first {
        ids = (0..<shape.count).map { first &+ $0 % max(shape[1], 1) }
      }
      var given = arguments
      given.inputs = [
        arguments.inputs[0], arguments.optionalInput(2), arguments.optionalInput(3),
        Tensor(ids.map(Int64.init), shape: shape),
      ]
      try kernel.run(given)
    }
  }
}
