// Room: Networks. The operator QuantizeLinear.

internal import Tensors

/// `saturate(round(x / scale) + zero point)`, by tensor, by channel, or by block.
package struct QuantizeLinearOperator: Operator {
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
    if let zero = inputs[2], zero.shape != scale.shape {
      throw OperatorFault.invalid("zero points of shape \(zero.shape) for scales of \(scale.shape)")
    }
    let result = type ?? inputs[2]?.elementType ?? .uint8
    guard result.integerRange != nil else {
      throw OperatorFault.unsupported("quantisation to \(result.rawValue)")
    }
    return [try TensorFacts(result, checking: x.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    let place = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    guard let output = outputs[0], let range = output.elementType.integerRange else {
      throw OperatorFault.unsupported("this element type")
    }
    let single = x.elementType != .float64
    return Kernel { arguments in
      let scales = try arguments.input(1).numericElements()
      let zeros = try arguments.optionalInput(2)?.numericElements()
      let source = try ElementConversion.convert(
        arguments.input(0), to: single ? .float32 : .float64)
      let result = Tensor(uninitialized: source.shape, .float64)
      let target = result.plannedDestination(of: Double.self)
      func quantized(_ quotient: Double, _ index: Int) -> Double {
        let rounded = quotient.rounded(.toNearestOrEven) + (zeros?[index] ?? 0)
        return rounded.isNaN ? 0 : min(max(rounded, range.lowerBound), range.upperBound)
      }
      if single {
        source.withElements(of: Float.self) { x in
          for index in x.indices {
            let own = place.scaleIndex(index)
            target[index] = quantized(Double(x[index] / Float(scales[own])), own)
          }
        }
      } else {
        source.withElements(of: Double.self) { x in
          for index in x.indices {
            let own = place.scaleIndex(index)
            target[index] = quantized(x[index] / scales[own], own)
          }
        }
      }
      try ElementConversion.convert(result, into: arguments.output())
    }
  }
}
