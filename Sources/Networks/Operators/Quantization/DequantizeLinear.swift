// Room: Networks. The operator DequantizeLinear.

internal import Tensors

/// `(x - zero point) · scale`, by tensor, by channel, or by block.
///
/// Computed in float32 and rounded once to the result's type.
///
/// **Source**: ONNX `DequantizeLinear`, opsets 10 to 28.
package struct DequantizeLinearOperator: Operator {
  let axis: Int
  let block: Int
  private let type: ElementType?

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 1)
    block = try node.int("block_size", default: 0)
    type = try node.int("output_dtype", default: 0) == 0 ? nil : node.elementType("output_dtype")
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    _ = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    if let zero = inputs[2], zero.shape.count != scale.shape.count {
      throw OperatorFault.invalid("zero points of shape \(zero.shape) for scales of \(scale.shape)")
    }
    guard x.elementType.integerRange != nil || x.elementType.byteWidth == 1 else {
      throw OperatorFault.unsupported("quantised \(x.elementType.rawValue)")
    }
    // A power of two scales; what it scales is no power of two.
    let scaled = scale.elementType == .float8e8m0 ? .float32 : scale.elementType
    return [try TensorFacts(type ?? scaled, checking: x.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    let place = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    if x.elementType.byteRange != nil, scale.shape.count == 1, block == 0,
      outputs[0]?.elementType == .float32, scale.elementType == .float32
    {
      return Self.byteKernel(x.elementType)
    }
    return Kernel { arguments in
      func floats(_ tensor: Tensor) throws -> [Float] {
        try ElementConversion.convert(tensor, to: .float32).elements(as: Float.self)
      }
      let scales = try floats(arguments.input(1))
      var source = try arguments.input(0)
      var zeros = try arguments.optionalInput(2).map(floats)
      if source.elementType == .int32, let zero = arguments.optionalInput(2) {
        source = try Self.difference(source, zero, place)
        zeros = nil
      }
      let numbers = try ElementConversion.convert(source, to: .float32)
      let output = try arguments.output()
      let result =
        output.elementType == .float32 ? output : try Tensor(working: output.shape, .float32)
      let target = result.plannedDestination(of: Float.self)
      numbers.withElements(of: Float.self) { x in
        Parallel.elements(x.count, nanosecondsPerElement: 1) { range in
          place.forEachRun(in: range) { start, count, scale, step in
            if step == 0 {
              let (factor, zero) = (scales[scale], zeros?[scale] ?? 0)
              for index in start..<start + count { target[index] = (x[index] - zero) * factor }
            } else {
              for index in 0..<count {
                let zero = zeros?[scale + index] ?? 0
                target[start + index] = (x[start + index] - zero) * scales[scale + index]
              }
            }
          }
        }
      }
      if output.elementType != .float32 { try ElementConversion.convert(result, into: output) }
    }
  }

  /// From bytes with one scale to float32.
  private static func byteKernel(_ type: ElementType) -> Kernel {
    Kernel { arguments in
      let scale = try QuantizationValues.floats(arguments.input(1))[0]
      let zero = try QuantizationValues.integers(arguments.optionalInput(2))[0]
      let count = try arguments.output().count
      guard
        let target = try arguments.output().plannedDestination(of: Float.self).baseAddress
      else { return }
      _ = try arguments.input(0).withRawBytes { x in
        VectorMath.dequantize(
          x, count: count, scale: scale, zero: zero, isSigned: type == .int8, to: target)
      }
    }
  }

  /// What 32-bit integers are above their zero points, which float32 could not hold.
  private static func difference(
    _ x: Tensor, _ zero: Tensor, _ place: QuantizationAxis
  ) throws -> Tensor {
    let zeros = try ElementConversion.convert(zero, to: .int64).elements(as: Int64.self)
    var wide = try ElementConversion.convert(x, to: .int64)
    wide.withMutableElements(of: Int64.self) { values in
      place.forEachRun(in: 0..<values.count) { start, count, scale, step in
        for index in 0..<count { values[start + index] &-= zeros[scale + index * step] }
      }
    }
    return wide
  }
}
