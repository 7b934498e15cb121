// Room: Networks. The operator CausalConvWithState.

internal import Tensors

/// A depthwise convolution over what was before: each result sees its own place and those to the
/// left, of which a state carries the last from call to call.
///
/// **Shapes**: input `[batch, channels, length]`, weights `[channels, 1, width]`, states `[batch,
/// channels, width − 1]`. **Edge cases**: without a state, zeros came before. **Source**: ONNX
/// CausalConvWithState, opset 27.
package struct CausalConvWithStateOperator: Operator {
  private let activates: Bool

  package init(_ node: NodeDescription) throws {
    activates = try node.choice("activation", default: "none", ["none", "silu", "swish"]) != "none"
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...4)
    let type = try inputs.requireSameType([0, 1, 2, 3])
    guard type.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    let input = try inputs.required(0, rank: 3...3).shape
    let weights = try inputs.required(1, rank: 3...3).shape
    guard weights[0] == input[1], weights[1] == 1, weights[2] > 0,
      inputs[2].map({ $0.shape.dimensions == [input[1]] }) ?? true
    else {
      throw OperatorFault.invalid("weights of shape \(weights) do not fit an input \(input)")
    }
    let state = [input[0], input[1], weights[2] - 1]
    if let past = inputs[3]?.shape, past.dimensions != state {
      throw OperatorFault.invalid("a state of shape \(past) is not \(state)")
    }
    return [TensorFacts(type, input), try TensorFacts(type, checking: state)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0).shape
    return try RealKernel.make(
      inputs.required(0).elementType,
      CausalBody(
        rows: input[0] * input[1], channels: input[1], length: input[2],
        width: inputs.required(1).shape[2], activates: activates))
  }
}

private struct CausalBody: RealBody {
  var rows: Int
  var channels: Int
  var length: Int
  var width: Int
  var activates: Bool

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let weights = try arguments.input(1).elements(as: T.self)
      let bias = arguments.optionalInput(2)?.elements(as: T.self)
      let past = arguments.optionalInput(3)?.elements(as: T.self)
      let carried = width - 1
      let result = arguments.outputs.first?.map { $0.plannedDestination(of: T.self) }
      let present =
        arguments.outputs.count > 1
        ? arguments.outputs[1].map { $0.plannedDestination(of: T.self) } : nil
      try arguments.input(0).withElements(of: T.self) { x in
        Parallel.items(rows, nanoseconds: Double(length * width)) { row in
          /// What lies at `place` of the state followed by the input.
          func element(_ place: Int) -> T {
            place >= carried
              ? x[row * length + place - carried] : past?[row * carried + place] ?? 0
          }
          let channel = row % channels
          for position in 0..<length {
            var sum = bias?[channel] ?? 0
            for tap in 0..<width { sum += weights[channel * width + tap] * element(position + tap) }
            result?[row * length + position] = activates ? sum * T.sigmoid(sum) : sum
          }
          for place in 0..<carried { present?[row * carried + place] = element(length + place) }
        }
      }
    }
  }
}
