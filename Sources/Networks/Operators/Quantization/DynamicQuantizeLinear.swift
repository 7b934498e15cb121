// Room: Networks. The operator DynamicQuantizeLinear.

internal import Tensors

/// A tensor as unsigned bytes, with the scale and the zero point that fit its own range.
///
/// **Source**: ONNX `DynamicQuantizeLinear`, opset 11.
package struct DynamicQuantizeLinearOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireType(0, .float32)
    return [
      TensorFacts(.uint8, try inputs.required(0).shape), TensorFacts(.float32, .scalar),
      TensorFacts(.uint8, .scalar),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { arguments in
      let (scale, zero) = try DynamicQuantization.quantize(
        arguments.input(0), into: arguments.outputs[0]?.plannedDestination(of: UInt8.self))
      if arguments.outputs.count > 1 {
        arguments.outputs[1]?.plannedDestination(of: Float.self)[0] = scale
      }
      if arguments.outputs.count > 2 {
        arguments.outputs[2]?.plannedDestination(of: UInt8.self)[0] = zero
      }
    }
  }
}

/// Quantisation to unsigned bytes by a tensor's own range, which always holds 0.
enum DynamicQuantization {
  /// Writes the bytes, where they are wanted; gives the scale and the zero point.
  static func quantize(
    _ tensor: Tensor, into target: UnsafeMutableBufferPointer<UInt8>?
  ) throws -> (scale: Float, zero: UInt8) {
    tensor.withElements(of: Float.self) { x in
      var (low, high) = (Float(0), Float(0))
      if let base = x.baseAddress, !x.isEmpty {
        low = Swift.min(0, Float(VectorMath.reduce(.minimum, base, count: x.count)))
        high = Swift.max(0, Float(VectorMath.reduce(.maximum, base, count: x.count)))
      }
      let width = high - low
      let scale = width > 0 && width.isFinite ? width / 255 : 1
      let zero = Rounding.quantized(-low / scale, 0, 0, 255)
      if let target, let y = target.baseAddress, let base = x.baseAddress {
        VectorMath.quantize(base, count: x.count, scale: scale, zero: Int32(zero), to: y)
      }
      return (scale, UInt8(zero))
    }
  }
}
