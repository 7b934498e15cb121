// Room: Networks. The operator Upsample.

internal import Tensors

/// Interpolation to a multiple of the size, nearest or linear: what `Resize` was before opset 10.
///
/// **Source**: ONNX Upsample, opsets 7 (scales as an attribute), 9 (as an input).
package struct UpsampleOperator: Operator {
  private let rule: ResizeRule
  private let scales: [Double]?

  package static var versions: ClosedRange<Int> { 7...Opset.newest }

  package init(_ node: NodeDescription) throws {
    var old = node
    old.opset = 10
    rule = try ResizeRule(old)
    scales = try node.floats("scales")?.map(Double.init)
  }

  package var widening: Widening { rule.copies ? .none : [.halves, .integers] }
  package var valueInputs: [Int] { [1] }

  private func axes(_ inputs: Operands) throws -> [ResizedAxis] {
    try rule.resolve(
      inputs.required(0).shape, region: nil, scales: scales ?? inputs.numbers(1), sizes: nil)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    return [try TensorFacts(input.elementType, checking: axes(inputs).map(\.output))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    return try SeparableResize.kernel(
      input.elementType, input.shape, axes: axes(inputs), rule: rule)
  }
}
