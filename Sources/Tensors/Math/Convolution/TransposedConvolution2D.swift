// Room: Tensors. Transposed convolution: as many plain convolutions as the strides have phases.

internal import CVectorKernels

/// A two-dimensional transposed convolution with constant weights:
/// `out[b, o, y s_y + i d_y - p_y, x s_x + j d_x - p_x] += in[b, c, y, x] w[c, o, i, j]`, then bias
/// and activation.
///
/// Results whose position is alike modulo the stride see the same taps; each such phase is a plain
/// convolution of the image with those taps in reverse, so that no zero is ever multiplied.
///
/// **Shapes**: weights `[in channels, out channels / groups, rows, columns]`; images
/// `[batch, channel, y, x]`.
/// **Source**: ONNX `ConvTranspose`.
public final class TransposedConvolution2D: Sendable {
  /// Channels of a whole image, in and out.
  public let inChannels: Int, outChannels: Int
  private let vertical: WindowAxis, horizontal: WindowAxis
  private let outputPadding: (Int, Int)
  private let phases: [Phase]
  private let bias: [Float]
  private let activation: Activation

  private struct Phase: Sendable {
    var y: Int, x: Int
    /// Nil where no tap reaches: the result is the bias.
    var core: ConvolutionCore?
  }

  /// Packs `weights` (float32) and `bias` (`[out]`).
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` when these do not belong together.
  public init(
    weights: Tensor, bias: Tensor? = nil, strides: (Int, Int) = (1, 1),
    dilations: (Int, Int) = (1, 1), padding: Padding2D = Padding2D(),
    outputPadding: (Int, Int) = (0, 0), groups: Int = 1, activation: Activation = .none
  ) throws(TensorError) {
    guard weights.elementType == .float32, bias.map({ $0.elementType == .float32 }) ?? true else {
      throw TensorError(
        .elementTypeMismatch,
        "transposed convolution weights and bias must be float32; convert them first")
    }
    guard weights.shape.rank == 4, weights.count > 0, groups > 0, weights.shape[0] % groups == 0
    else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution weights \(weights.shape) in \(groups) groups: they must be [in "
          + "channels, out channels / groups, rows, columns], in channels a multiple of groups")
    }
    let (outChannels, overflow) = weights.shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow, bias.map({ $0.count == outChannels }) ?? true else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution bias \(bias?.shape ?? .scalar) for \(outChannels) out channels")
    }
    let vertical = WindowAxis(
      taps: weights.shape[2], stride: strides.0, dilation: dilations.0, before: padding.top,
      after: padding.bottom)
    let horizontal = WindowAxis(
      taps: weights.shape[3], stride: strides.1, dilation: dilations.1, before: padding.left,
      after: padding.right)
    _ = try vertical.outputLength(1 << 38)
    _ = try horizontal.outputLength(1 << 38)
    // Phases cost a plan each; a stride beyond this is a mistake in the file.
    guard strides.0 <= 64, strides.1 <= 64, outputPadding.0 >= 0, outputPadding.1 >= 0,
      max(outputPadding.0, outputPadding.1) < 1 << 31
    else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution with strides \(strides) and output padding \(outputPadding): "
          + "strides go to 64, output padding must not be negative")
    }
    (self.vertical, self.horizontal) = (vertical, horizontal)
    (self.outputPadding, self.activation) = (outputPadding, activation)
    (inChannels, self.outChannels) = (weights.shape[0], outChannels)
    let biases = bias?.elements(as: Float.self)
    self.bias = biases ?? [Float](repeating: 0, count: outChannels)
    let (groupIn, groupOut) = (weights.shape[0] / groups, weights.shape[1])
    let variant = KernelVariant.current
    phases = weights.withElements(of: Float.self) { source in
      var phases: [Phase] = []
      for y in 0..<strides.0 {
        let rows = PhaseTaps(vertical, phase: y)
        for x in 0..<strides.1 {
          let columns = PhaseTaps(horizontal, phase: x)
          guard let rows, let columns else {
            phases.append(Phase(y: y, x: x, core: nil))
            continue
          }
          let (high, wide) = (rows.taps.count, columns.taps.count)
          let panels = PackedPanels(
            bias: biases, groups: groups, rows: groupOut, depth: groupIn * high * wide,
            panelRows: variant.panelRows
          ) { row, k in
            let (group, out) = (row / groupOut, row % groupOut)
            let channel = group * groupIn + k / (high * wide)
            let (i, j) = (rows.taps[k / wide % high], columns.taps[k % wide])
            return source[((channel * groupOut + out) * vertical.taps + i) * horizontal.taps + j]
          }
          let core = ConvolutionCore(
            vertical: rows.axis, horizontal: columns.axis, groups: groups,
            groupInChannels: groupIn, groupOutChannels: groupOut, activation: activation,
            variant: variant, panels: panels)
          phases.append(Phase(y: y, x: x, core: core))
        }
      }
      return phases
    }
  }

  /// The output's height and width for an image's: `(length - 1) stride + reach + 1 + output
  /// padding - padding`.
  ///
  /// **Throws** `shapeMismatch` when nothing is left.
  public func outputSize(height: Int, width: Int) throws(TensorError) -> (height: Int, width: Int) {
    func length(_ length: Int, _ axis: WindowAxis, _ more: Int) throws(TensorError) -> Int {
      let (steps, overflow) = max(length - 1, 0).multipliedReportingOverflow(by: axis.stride)
      let result = steps + axis.reach + 1 + more - axis.before - axis.after
      guard !overflow, length > 0, steps < 1 << 40, result > 0 else {
        throw TensorError(
          .shapeMismatch,
          "transposed convolution of a length of \(length): padding leaves no output")
      }
      return result
    }
    return (
      try length(height, vertical, outputPadding.0), try length(width, horizontal, outputPadding.1)
    )
  }

  /// The work for images of one size.
  package func plan(height: Int, width: Int) throws(TensorError) -> TransposedConvolutionPlan {
    let size = try outputSize(height: height, width: width)
    let planes = max(inChannels, outChannels)
    _ = try Shape(checking: [planes, max(height, size.height), max(width, size.width), 1 << 12])
    var works: [TiledConvolution] = []
    var empty: [OutputLayout] = []
    for phase in phases where phase.y < size.height && phase.x < size.width {
      let layout = OutputLayout(
        height: size.height, width: size.width, phase: (phase.y, phase.x),
        strides: (vertical.stride, horizontal.stride))
      guard let core = phase.core else {
        empty.append(layout)
        continue
      }
      works.append(
        TiledConvolution(
          core, height: height, width: width,
          outHeight: (size.height - phase.y - 1) / vertical.stride + 1,
          outWidth: (size.width - phase.x - 1) / horizontal.stride + 1, layout: layout))
    }
    return TransposedConvolutionPlan(
      outHeight: size.height, outWidth: size.width, works: works, hasEmpty: !empty.isEmpty,
      bias: bias, activation: activation)
  }

  /// Convolves `input` (float32, `[batch, channel, y, x]`).
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` for tensors that do not belong here.
  public func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    guard input.elementType == .float32, input.shape.rank == 4, input.shape[1] == inChannels else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution of \(input.elementType.rawValue) \(input.shape): it takes float32 "
          + "[batch, \(inChannels), y, x]")
    }
    let plan = try plan(height: input.shape[2], width: input.shape[3])
    let output = Tensor(
      uninitialized: try Shape(
        checking: [input.shape[0], outChannels, plan.outHeight, plan.outWidth]), .float32)
    guard let target = output.plannedDestination(of: Float.self).baseAddress, output.count > 0
    else { return output }
    input.withElements(of: Float.self) { source in
      guard let source = source.baseAddress else { return }
      plan.run(input: source, batch: input.shape[0], output: target)
    }
    return output
  }
}

/// A transposed convolution laid out for one image size.
package final class TransposedConvolutionPlan: Sendable {
  package let outHeight: Int, outWidth: Int
  private let works: [TiledConvolution]
  private let hasEmpty: Bool
  private let fill: [Float]

  init(
    outHeight: Int, outWidth: Int, works: [TiledConvolution], hasEmpty: Bool, bias: [Float],
    activation: Activation
  ) {
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    (self.works, self.hasEmpty) = (works, hasEmpty)
    var values = bias
    var epilogue = activation.epilogue
    let count = values.count
    values.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      KernelVariant.current.table.pointee.f32_finish(count, base, nil, base, &epilogue)
    }
    fill = values
  }

  /// Convolves `batch` images that lie one after the other.
  package func run(
    input: UnsafePointer<Float>, batch: Int, output: UnsafeMutablePointer<Float>
  ) {
    if hasEmpty {
      let plane = outHeight * outWidth
      for index in 0..<batch * fill.count {
        (output + index * plane).update(repeating: fill[index % fill.count], count: plane)
      }
    }
    for work in works { work.run(input: input, batch: batch, residual: nil, output: output) }
  }
}

/// The taps that one phase of a transposed axis sees, last first, and the plain window they make.
private struct PhaseTaps {
  var taps: [Int]
  var axis: WindowAxis

  /// Nil when no tap reaches the phase.
  init?(_ axis: WindowAxis, phase: Int) {
    // Result r stride + phase takes tap i from image position r + (phase + before - i dilation) /
    // stride, where that is whole.
    let matching = (0..<axis.taps).filter {
      (phase + axis.before - $0 * axis.dilation) % axis.stride == 0
    }
    guard let first = matching.first, let last = matching.last else { return nil }
    func shift(_ tap: Int) -> Int { (phase + axis.before - tap * axis.dilation) / axis.stride }
    taps = matching.reversed()
    let spacing = matching.count > 1 ? shift(first) - shift(matching[1]) : 1
    self.axis = WindowAxis(
      taps: matching.count, stride: 1, dilation: spacing, before: -shift(last), after: 0)
  }
}
