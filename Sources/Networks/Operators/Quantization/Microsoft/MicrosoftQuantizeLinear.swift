// Room: Networks. The operators QuantizeLinear and DequantizeLinear of com.microsoft.

internal import Tensors

/// `QuantizeLinear` as ONNX has it since opset 21, also for 16-bit and 4-bit integers.
package struct ComMicrosoftQuantizeLinearOperator: Operator, QuantizationNode {
  let quantization: QuantizeLinearOperator

  package init(_ node: NodeDescription) throws {
    var inner = node
    (inner.domain, inner.opset) = ("", 21)
    quantization = try QuantizeLinearOperator(inner)
  }

  package var widening: Widening { quantization.widening }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] { try quantization.infer(inputs) }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try quantization.prepare(inputs, outputs: outputs)
  }
}

/// `DequantizeLinear` as ONNX has it since opset 21, also for 16-bit and 4-bit integers.
package struct ComMicrosoftDequantizeLinearOperator: Operator, DequantizationNode {
  let dequantization: DequantizeLinearOperator

  package init(_ node: NodeDescription) throws {
    var inner = node
    (inner.domain, inner.opset) = ("", 21)
    dequantization = try DequantizeLinearOperator(inner)
  }

  package var widening: Widening { dequantization.widening }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try dequantization.infer(inputs)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try dequantization.prepare(inputs, outputs: outputs)
  }
}

/// A node that quantises, of whichever domain.
protocol QuantizationNode: Operator {
  var quantization: QuantizeLinearOperator { get }
}

/// A node that dequantises, of whichever domain.
protocol DequantizationNode: Operator {
  var dequantization: DequantizeLinearOperator { get }
}

extension QuantizeLinearOperator: QuantizationNode {
  var quantization: QuantizeLinearOperator { self }
}

extension DequantizeLinearOperator: DequantizationNode {
  var dequantization: DequantizeLinearOperator { self }
}
