// Room: Networks. The operator NegativeLogLikelihoodLoss.

internal import Tensors

/// The negative log-probabilities of the target classes, weighted, and reduced if asked.
package struct NegativeLogLikelihoodLossOperator: Operator {
  private let loss: ClassLoss

  package init(_ node: NodeDescription) throws { loss = try ClassLoss(node) }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [try loss.infer(inputs)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    return Kernel { [loss] arguments in
      let scores = try ElementConversion.convert(arguments.input(0), to: .float64)
        .elements(as: Double.self)
      try loss.write(scores, shape, arguments)
    }
  }
}

/// What the two losses over classes share.
struct ClassLoss: Sendable {
  private let ignored: Int?
  private let reduction: String

  init(_ node: NodeDescription) throws {
    ignored = try node.int("ignore_index")
    reduction = try node.choice("reduction", default: "mean", ["mean", "sum", "none"])
  }

  func infer(_ inputs: Operands) throws -> TensorFacts {
    let input = try inputs.required(0, rank: 2...64)
    let target = try inputs.required(1).shape
    try inputs.requireType(1, .int32, .int64)
    let spatial = Array(input.shape.dimensions[2...])
    guard input.elementType.isFloatingPoint, target.dimensions == [input.shape[0]] + spatial,
      inputs[2].map({ $0.shape.dimensions == [input.shape[1]] }) ?? true
    else {
      throw OperatorFault.invalid("targets of shape \(target) do not fit \(input.shape)")
    }
    return try TensorFacts(
      input.elementType, checking: reduction == "none" ? target.dimensions : [])
  }

  /// Writes the loss for log-probabilities `scores` of `shape`.
  func write(_ scores: [Double], _ shape: Shape, _ arguments: KernelArguments) throws {
    let classes = shape[1]
    let plane = shape.dimensions[2...].reduce(1, *)
    let targets = try arguments.input(1).integerElements(input: 1)
    let weights = try arguments.optionalInput(2)?.numericElements()
    var losses = [Double](repeating: 0, count: targets.count)
    var (sum, weightSum) = (0.0, 0.0)
    for (index, target) in targets.enumerated() where target != ignored {
      guard target >= 0, target < classes else {
        throw OperatorFault.invalid("class \(target) is not one of \(classes)")
      }
      let weight = weights?[target] ?? 1
      let place = (index / plane * classes + target) * plane + index % plane
      losses[index] = -scores[place] * weight
      sum += losses[index]
      weightSum += weight
    }
    let output = try arguments.output()
    switch reduction {
    case "none":
      try ElementConversion.convert(Tensor(losses, shape: output.shape), into: output)
    case "sum": try ElementConversion.convert(Tensor(sum), into: output)
    default: try ElementConversion.convert(Tensor(sum / weightSum), into: output)
    }
  }
}
