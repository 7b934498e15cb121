// Room: Networks. The operator Resize.

internal import Foundation
internal import Tensors

/// Interpolation to another size: nearest, linear or cubic, in any number of dimensions.
///
/// The axes that change are interpolated one after another, each with its own table of taps and
/// weights, which is the same as doing all at once. **Source**: ONNX Resize, opsets 10, 11, 13, 18,
/// 19.
package struct ResizeOperator: Operator {
  private let rule: ResizeRule
  private let opset: Int

  package init(_ node: NodeDescription) throws {
    rule = try ResizeRule(node)
    opset = node.opset
  }

  /// Whether every result is one of the input's elements.
  var copies: Bool { rule.copies && rule.coordinates != "tf_crop_and_resize" }

  /// Whether every result is a mean of elements of its own channel, with weights that sum up to one,
  /// wherever only lengths behind the channels change.
  var averages: Bool {
    (rule.mode == .nearest || rule.mode == .linear) && rule.coordinates != "tf_crop_and_resize"
      && !rule.antialias && rule.policy == "stretch"
  }

  /// Whether lengths of all axes are given, the channels' among them, where lengths are.
  var namesAllAxes: Bool { rule.axes == nil }

  package static var versions: ClosedRange<Int> { 10...Opset.newest }

  package var widening: Widening { rule.copies ? .adapts : .halves }
  package var valueInputs: [Int] { opset < 11 ? [1] : [1, 2, 3] }

  private func axes(_ inputs: Operands) throws -> [ResizedAxis] {
    let shape = try inputs.required(0).shape
    if opset < 11 {
      return try rule.resolve(shape, region: nil, scales: inputs.numbers(1), sizes: nil)
    }
    func given(_ values: [Double]?) -> [Double]? { values?.isEmpty == true ? nil : values }
    let sizes = try inputs.integers(3)
    return try rule.resolve(
      shape, region: given(inputs.numbers(1)), scales: given(inputs.numbers(2)),
      sizes: sizes?.isEmpty == true ? nil : sizes)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    return [try TensorFacts(input.elementType, checking: axes(inputs).map(\.output))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    guard !rule.copies, !input.elementType.isFloatingPoint else {
      return try SeparableResize.kernel(
        input.elementType, input.shape, axes: axes(inputs), rule: rule)
    }
    // Integers are cut off once, at the end.
    let kernel = try SeparableResize.kernel(
      .float64, input.shape, axes: axes(inputs), rule: rule)
    return Kernel(scratchBytes: kernel.scratchBytes) { arguments in
      var wide = arguments
      let output = try arguments.output()
      let result = try Tensor(working: output.shape, .float64)
      wide.inputs[0] = try ElementConversion.convert(arguments.input(0), to: .float64)
      wide.outputs[0] = result
      try kernel.run(wide)
      try ElementConversion.convert(result, into: output)
    }
  }
}
