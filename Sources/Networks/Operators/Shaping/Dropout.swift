// Room: Networks. The operator Dropout.

package import Tensors

/// Outside training, the input as it is, and a mask of `true`; in training, each element is 0 with
/// the probability `ratio`, and the others grow to keep the mean.
///
/// **Edge cases**: training needs input 2, since opset 12; see `RandomSource` for the generator.
/// **Source**: ONNX Dropout, opsets 7 (the mask has the input's type), 10, 12, 13, 22.
package struct DropoutOperator: Operator, PassThrough {
  private let source: RandomSource
  private let maskIsBoolean: Bool
  private let mayTrain: Bool

  package init(_ node: NodeDescription) throws {
    source = try RandomSource(node)
    maskIsBoolean = node.opset >= 10
    mayTrain = node.opset >= 12 && node.hasInput(2)
    if try node.opset < 7 && node.has("is_test") && !node.flag("is_test") {
      throw OperatorFault.unsupported("training in opset \(node.opset)")
    }
  }

  package var widening: Widening { .none }
  package var valueInputs: [Int] { [1, 2] }
  package var isDeterministic: Bool { !mayTrain }

  package func isDeterministic(given constants: [Tensor?]) -> Bool {
    guard mayTrain else { return true }
    guard constants.count > 2, let training = constants[2] else { return false }
    return (try? training.numericElements().first) == 0
  }

  /// Not when input 2 may ask for training.
  package func passedInput(_ node: GraphNode) -> Int? { node.inputs.count < 3 ? 0 : nil }

  /// The probability of 0 in training; nil outside.
  private func ratio(_ inputs: Operands) throws -> Double? {
    guard mayTrain, try inputs.numbers(2)?.first ?? 0 != 0 else { return nil }
    let ratio = try inputs.numbers(1)?.first ?? 0.5
    guard ratio >= 0, ratio < 1 else {
      throw OperatorFault.invalid("ratio \(ratio) is not from 0 up to but without 1")
    }
    return ratio
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    _ = try ratio(inputs)
    let input = try inputs.required(0)
    return [
      TensorFacts(input.elementType, input.shape),
      TensorFacts(maskIsBoolean ? .bool : input.elementType, input.shape),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let ratio = try ratio(inputs)
    return Kernel { [source] arguments in
      let input = try arguments.input(0)
      let output = arguments.outputs.first.flatMap { $0 }
      let mask = arguments.outputs.count > 1 ? arguments.outputs[1] : nil
      guard let ratio, ratio > 0 else {
        if let output { try ElementConversion.convert(input, into: output) }
        if let mask { try SeededNumbers.fill(mask) { _ in 1 } }
        return
      }
      let numbers = source.numbers()
      let values = try input.numericElements()
      if let output {
        try SeededNumbers.fill(output) {
          numbers.uniform($0) < ratio ? 0 : values[$0] / (1 - ratio)
        }
      }
      if let mask { try SeededNumbers.fill(mask) { numbers.uniform($0) < ratio ? 0 : 1 } }
    }
  }
}
