// Room: Networks. The operator DynamicQuantizeLinear.

internal import Tensors

/// A tensor as unsigned bytes, with the scale and the zero point that fit its own range.
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
      try arguments.input(0).withElements(of: Float.self) { x in
        let low = min(0, x.min() ?? 0)
        let high = max(0, x.max() ?? 0)
        let scale = high == low ? 1 : (high - low) / 255
        let zero = min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)
        if let y = arguments.outputs[0]?.plannedDestination(of: UInt8.self) {
          for index in x.indices {
            let value = (x[index] / scale).rounded(.toNearestOrEven) + zero
            y[index] = value.isNaN ? 0 : UInt8(min(max(value, 0), 255))
          }
        }
        if arguments.outputs.count > 1 {
          arguments.outputs[1]?.plannedDestination(of: Float.self)[0] = scale
        }
        if arguments.outputs.count > 2 {
          arguments.outputs[2]?.plannedDestination(of: UInt8.self)[0] = UInt8(zero)
        }
      }
    }
  }
}
