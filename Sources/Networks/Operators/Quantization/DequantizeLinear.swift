// Room: Networks. The operator DequantizeLinear.

internal import Tensors

/// `(x - zero point) · scale`, by tensor, by channel, or by block.
package struct DequantizeLinearOperator: Operator {
  private let axis: Int
  private let block: Int
  private let type: ElementType?

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 1)
    block = try node.int("block_size", default: 0)
    type = try node.int("output_dtype", default: 0) == 0 ? nil : node.elementType("output_dtype")
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    _ = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    if let zero = inputs[2], zero.shape.count != scale.shape.count {
      throw OperatorFault.invalid("zero points of shape \(zero.shape) for scales of \(scale.shape)")
    }
    guard x.elementType.integerRange != nil else {
      throw OperatorFault.unsupported("quantised \(x.elementType.rawValue)")
    }
    return [try TensorFacts(type ?? scale.elementType, checking: x.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    let place = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    return Kernel { arguments in
      let scales = try arguments.input(1).numericElements().map(Float.init)
      let zeros = try arguments.optionalInput(2)?.numericElements()
      let source = try ElementConversion.convert(arguments.input(0), to: .int64)
      let output = try arguments.output()
      let result =
        output.elementType == .float32 ? output : Tensor(uninitialized: output.shape, .float32)
      let target = result.plannedDestination(of: Float.self)
      source.withElements(of: Int64.self) { x in
        Parallel.elements(x.count, nanosecondsPerElement: 3) { range in
          for index in range {
            let own = place.scaleIndex(index)
            target[index] = Float(Double(x[index]) - (zeros?[own] ?? 0)) * scales[own]
          }
        }
      }
      if output.elementType != .float32 { try ElementConversion.convert(result, into: output) }
    }
  }
}
