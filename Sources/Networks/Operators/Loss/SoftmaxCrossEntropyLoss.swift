// Room: Networks. The operator SoftmaxCrossEntropyLoss.

internal import Tensors

/// The negative log-probabilities of the target classes after a softmax, and the log-probabilities.
package struct SoftmaxCrossEntropyLossOperator: Operator {
  private let loss: ClassLoss

  package init(_ node: NodeDescription) throws { loss = try ClassLoss(node) }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    return [try loss.infer(inputs), TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let (classes, plane) = (shape[1], shape.dimensions[2...].reduce(1, *))
    return Kernel { [loss] arguments in
      var scores = try ElementConversion.convert(arguments.input(0), to: .float64)
        .elements(as: Double.self)
      for item in 0..<shape[0] * plane where classes > 0 {
        let start = item / plane * classes * plane + item % plane
        var largest = -Double.infinity
        for index in 0..<classes { largest = max(largest, scores[start + index * plane]) }
        var sum = 0.0
        for index in 0..<classes { sum += Double.exp(scores[start + index * plane] - largest) }
        let logarithm = largest + Double.log(sum)
        for index in 0..<classes { scores[start + index * plane] -= logarithm }
      }
      try loss.write(scores, shape, arguments)
      if arguments.outputs.count > 1, let output = arguments.outputs[1] {
        try ElementConversion.convert(Tensor(scores, shape: shape), into: output)
      }
    }
  }
}
