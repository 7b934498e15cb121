// Room: Networks. The operator ConvTranspose.

internal import Tensors

/// The transpose of a convolution: each input element spreads over a window of the output.
///
/// **Shapes**: input `[batch, channels, spatial…]`, weights `[channels, outputs / groups, kernel…]`,
/// bias `[outputs]`. **Source**: ONNX ConvTranspose, opsets 1, 11, 22.
package struct ConvTransposeOperator: Operator {
  let window: WindowAttributes
  let groups: Int
  private let outputPadding: [Int]?
  private let outputShape: [Int]?
  /// Applied to each result; set by fusion.
  private(set) var activation = Activation.none
  private let packed = PackedOnce<TransposedConvolution>()

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
    outputPadding = try node.ints("output_padding")
    outputShape = try node.ints("output_shape")
  }

  /// The same operator followed by `activation`.
  func followed(by activation: Activation) -> Self {
    var result = self
    result.activation = activation
    return result
  }

  /// Whether what is cut off the result's beginning is given as it is, and is less than a window.
  var padsAreGiven: Bool {
    guard window.autoPad == "NOTSET" || window.autoPad == "VALID", outputShape == nil else {
      return false
    }
    guard window.autoPad == "NOTSET", let pads = window.pads else { return true }
    let dilations = window.dilations ?? [Int](repeating: 1, count: pads.count / 2)
    guard let kernel = window.kernel, kernel.count * 2 == pads.count,
      dilations.count == kernel.count
    else { return pads.allSatisfy { $0 == 0 } }
    return kernel.indices.allSatisfy { axis in
      let (extent, overflow) = (kernel[axis] - 1).multipliedReportingOverflow(by: dilations[axis])
      return !overflow && 0...min(max(extent, 0), 1 << 10) ~= pads[axis]
    }
  }

  /// Whether the vector kernels compute it, which also apply activations.
  func hasVectorKernel(_ inputs: Operands) -> Bool {
    guard inputs[0]?.elementType == .float32, inputs[1]?.constant != nil,
      let shapes = try? shapes(inputs)
    else { return false }
    return VectorTransposedConvolution.covers(shapes)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...3)
    let type = try inputs.requireSameType([0, 1, 2])
    guard type.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    let shapes = try shapes(inputs)
    return [
      try TensorFacts(
        type, checking: [shapes.batch, shapes.outputs] + shapes.windows.map(\.length))
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    switch try inputs.required(0).elementType {
    case .float32 where VectorTransposedConvolution.covers(shapes):
      return try VectorTransposedConvolution.kernel(inputs, shapes, activation, packed)
    case .float32 where activation == .none:
      return DirectTransposedConvolution.kernel(Float.self, shapes)
    case .float64 where activation == .none:
      return DirectTransposedConvolution.kernel(Double.self, shapes)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  /// The shapes of the convolution that this transposes: its input is our output.
  func shapes(_ inputs: Operands) throws -> ConvolutionShapes {
    let input = try inputs.required(0, rank: 3...64).shape
    let weights = try inputs.required(1, rank: input.rank...input.rank).shape
    let rank = input.rank - 2
    let kernel = Array(weights.dimensions[2...])
    guard groups > 0, weights[0] == input[1], input[1] % groups == 0 else {
      throw OperatorFault.invalid(
        "weights of shape \(weights) in \(groups) groups do not fit an input of shape \(input)")
    }
    let outputs = try Checked.product(weights[1], groups)
    if let bias = inputs[2], bias.shape.dimensions != [outputs] {
      throw OperatorFault.invalid("bias of shape \(bias.shape) does not fit \(outputs) outputs")
    }
    if let given = window.kernel, given != kernel {
      throw OperatorFault.invalid("kernel_shape \(given) is not that of the weights, \(kernel)")
    }
    let ones = [Int](repeating: 1, count: rank)
    let strides = window.strides ?? ones
    let dilations = window.dilations ?? ones
    let pads = window.pads ?? [Int](repeating: 0, count: 2 * rank)
    let extra = outputPadding ?? [Int](repeating: 0, count: rank)
    var wanted = outputShape
    if let shape = wanted, shape.count == rank + 2 { wanted = Array(shape[2...]) }
    guard strides.count == rank, dilations.count == rank, pads.count == 2 * rank,
      extra.count == rank, wanted.map({ $0.count == rank }) ?? true,
      (strides + dilations + kernel).allSatisfy({ 1...1 << 31 ~= $0 }),
      (pads + extra + (wanted ?? [])).allSatisfy({ 0...1 << 31 ~= $0 }),
      input.dimensions.allSatisfy({ $0 <= 1 << 40 })
    else {
      throw OperatorFault.invalid(
        "strides \(strides), dilations \(dilations), pads \(pads) or output padding \(extra) do not "
          + "fit \(rank) spatial dimensions")
    }
    let windows = try (0..<rank).map { axis in
      let length = input[axis + 2]
      let extent = try Checked.sum(Checked.product(dilations[axis], kernel[axis] - 1), 1)
      guard extent <= 1 << 40 else {
        throw OperatorFault.invalid("a kernel of extent \(extent) is absurd")
      }
      let full = try Checked.sum(
        Checked.product(strides[axis], max(length - 1, 0)), extent + extra[axis])
      var (before, after) = (pads[axis], pads[axis + rank])
      if window.autoPad == "SAME_UPPER" || window.autoPad == "SAME_LOWER" || wanted != nil {
        let target = try wanted?[axis] ?? Checked.product(length, strides[axis])
        let total = max(0, full - target)
        before = window.autoPad == "SAME_UPPER" ? total / 2 : total - total / 2
        after = full - target - before
      } else if window.autoPad == "VALID" {
        (before, after) = (0, 0)
      }
      let output = full - before - after
      guard output >= 0, length > 0 else {
        throw OperatorFault.invalid(
          "pads \(before) and \(after) leave nothing of the length \(full) along axis \(axis + 2)")
      }
      return Window(
        length: output, kernel: kernel[axis], stride: strides[axis], dilation: dilations[axis],
        before: before, after: after, output: length)
    }
    return ConvolutionShapes(
      batch: input[0], groups: groups, groupInputs: input[1] / groups, groupOutputs: weights[1],
      windows: windows)
  }
}
