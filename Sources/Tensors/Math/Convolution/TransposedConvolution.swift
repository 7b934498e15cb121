// Room: Tensors. Transposed convolution: as many plain convolutions as the strides have phases.

internal import CVectorKernels

/// A transposed convolution with constant weights: `out[b, o, y s_y + i d_y - p_y, x s_x + j d_x -
/// p_x] += in[b, c, y, x] w[c, o, i, j]` in two dimensions, then bias and activation; one and three
/// are alike.
///
/// Results whose position is alike modulo the stride see the same taps; each such phase is a plain
/// convolution of the image with those taps in reverse, so that no zero is ever multiplied.
///
/// **Shapes**: weights `[in channels, out channels / groups, taps…]`; images `[batch, channel,
/// lengths…]`, one length for each axis.
/// **Source**: ONNX `ConvTranspose`.
public final class TransposedConvolution: Sendable {
  /// Channels of a whole image, in and out.
  public let inChannels: Int, outChannels: Int
  /// How many spatial dimensions images have: one to three.
  public let rank: Int
  /// Three axes, and what is added to each; missing ones stand in front.
  private let axes: [WindowAxis], outputPadding: [Int]
  private let phases: [TransposedPhase]
  /// Where windows do not overlap; there are no phases then.
  private let spread: SpreadWeights?
  private let bias: [Float]
  private let activation: Activation

  /// Packs `weights` (float32, `[in, out / groups, taps…]`) and `bias` (`[out]`) for one to three
  /// `axes`, whose `before` and `after` are what is cut off the result.
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` when these do not belong together.
  public init(
    weights: Tensor, bias: Tensor? = nil, axes: [WindowAxis], outputPadding: [Int]? = nil,
    groups: Int = 1, activation: Activation = .none
  ) throws(TensorError) {
    guard weights.elementType == .float32, bias.map({ $0.elementType == .float32 }) ?? true else {
      throw TensorError(
        .elementTypeMismatch,
        "transposed convolution weights and bias must be float32; convert them first")
    }
    let more = outputPadding ?? [Int](repeating: 0, count: axes.count)
    guard (1...3).contains(axes.count), more.count == axes.count,
      Array(weights.shape.dimensions.dropFirst(2)) == axes.map(\.taps), weights.count > 0,
      groups > 0, weights.shape[0] % groups == 0
    else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution weights \(weights.shape) in \(groups) groups: they must be [in "
          + "channels, out channels / groups, taps…] with one to three axes, in channels a multiple "
          + "of groups")
    }
    let (outChannels, overflow) = weights.shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow, bias.map({ $0.count == outChannels }) ?? true else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution bias \(bias?.shape ?? .scalar) for \(outChannels) out channels")
    }
    for axis in axes { _ = try axis.outputLength(1 << 38) }
    // Phases cost a plan each; strides beyond this are a mistake in the file.
    guard axes.reduce(1, { min($0, 4097) * min($1.stride, 4097) }) <= 4096,
      more.allSatisfy({ (0..<1 << 31).contains($0) })
    else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution with strides \(axes.map(\.stride)) and output padding \(more): the "
          + "product of the strides goes to 4096, output padding must not be negative")
    }
    let missing = 3 - axes.count
    let all = [WindowAxis](repeating: WindowAxis(taps: 1), count: missing) + axes
    (rank, self.axes) = (axes.count, all)
    self.outputPadding = [Int](repeating: 0, count: missing) + more
    (inChannels, self.outChannels) = (weights.shape[0], outChannels)
    self.activation = activation
    self.bias = bias?.elements(as: Float.self) ?? [Float](repeating: 0, count: outChannels)
    spread = SpreadWeights(
      weights, bias: bias, axes: all, outputPadding: self.outputPadding, groups: groups,
      activation: activation)
    guard spread == nil else {
      phases = []
      return
    }
    let groupOut = weights.shape[1]
    let packing = TransposedPacking(
      axes: all, bias: bias, groups: groups, groupIn: weights.shape[0] / groups,
      groupOut: groupOut, activation: activation)
    var phases: [TransposedPhase] = []
    for z in 0..<all[0].stride {
      for y in 0..<all[1].stride {
        for x in 0..<all[2].stride {
          phases.append(
            TransposedPhase(
              place: [z, y, x], core: packing.core(phase: [z, y, x], weights: weights)))
        }
      }
    }
    self.phases = phases
  }

  /// Packs the weights of a two-dimensional transposed convolution, `[in, out / groups, rows,
  /// columns]`.
  ///
  /// **Throws** as `init(weights:bias:axes:outputPadding:groups:activation:)`.
  public convenience init(
    weights: Tensor, bias: Tensor? = nil, strides: (Int, Int) = (1, 1),
    dilations: (Int, Int) = (1, 1), padding: Padding2D = Padding2D(),
    outputPadding: (Int, Int) = (0, 0), groups: Int = 1, activation: Activation = .none
  ) throws(TensorError) {
    try self.init(
      weights: weights, bias: bias,
      axes: try WindowAxis.planar(
        weights: weights, strides: strides, dilations: dilations, padding: padding),
      outputPadding: [outputPadding.0, outputPadding.1], groups: groups, activation: activation)
  }

  /// The output's lengths for an image's, one for each axis: `(length - 1) stride + reach + 1 +
  /// output padding - padding`.
  ///
  /// **Throws** `shapeMismatch` when nothing is left.
  public func outputLengths(_ lengths: [Int]) throws(TensorError) -> [Int] {
    guard lengths.count == rank else {
      throw TensorError(
        .shapeMismatch, "a transposed convolution of \(rank) axes over lengths \(lengths)")
    }
    var result: [Int] = []
    for (index, length) in lengths.enumerated() {
      let axis = axes[3 - rank + index]
      let (steps, overflow) = max(length - 1, 0).multipliedReportingOverflow(by: axis.stride)
      let own =
        steps + axis.reach + 1 + outputPadding[3 - rank + index] - axis.before - axis.after
      guard !overflow, length > 0, steps < 1 << 40, own > 0 else {
        throw TensorError(
          .shapeMismatch,
          "transposed convolution of a length of \(length): padding leaves no output")
      }
      result.append(own)
    }
    return result
  }

  /// The work for images of one size.
  package func plan(for lengths: [Int]) throws(TensorError) -> TransposedConvolutionPlan {
    let missing = [Int](repeating: 1, count: 3 - rank)
    let outSize = missing + (try outputLengths(lengths))
    let size = missing + lengths
    _ = try Shape(
      checking: [max(inChannels, outChannels), 1 << 12] + zip(size, outSize).map { max($0, $1) })
    if let spread { return TransposedConvolutionPlan(SpreadConvolution(spread, size: size)) }
    if let work = InterleavedConvolution(
      phases, strides: axes.map(\.stride), size: size, outSize: outSize,
      activation: activation)
    {
      return TransposedConvolutionPlan(work)
    }
    var works: [TiledConvolution] = []
    var hasEmpty = false
    for phase in phases where zip(phase.place, outSize).allSatisfy({ $0 < $1 }) {
      guard let core = phase.core else {
        hasEmpty = true
        continue
      }
      let layout = OutputLayout(size: outSize, phase: phase.place, strides: axes.map(\.stride))
      works.append(
        TiledConvolution(
          core, size: size,
          outSize: (0..<3).map { (outSize[$0] - phase.place[$0] - 1) / axes[$0].stride + 1 },
          layout: layout))
    }
    return TransposedConvolutionPlan(
      outSize: outSize, works: works, hasEmpty: hasEmpty, bias: bias, activation: activation)
  }

  /// Convolves `input` (float32, `[batch, channel, lengths…]`).
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` for tensors that do not belong here.
  public func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    guard input.elementType == .float32, input.shape.rank == rank + 2,
      input.shape[1] == inChannels
    else {
      throw TensorError(
        .shapeMismatch,
        "transposed convolution of \(input.elementType.rawValue) \(input.shape): it takes float32 "
          + "[batch, \(inChannels)] and \(rank) lengths")
    }
    let lengths = Array(input.shape.dimensions.dropFirst(2))
    let plan = try plan(for: lengths)
    let output = Tensor(
      uninitialized: try Shape(
        checking: [input.shape[0], outChannels] + outputLengths(lengths)), .float32)
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
  private let interleaved: InterleavedConvolution?
  private let spread: SpreadConvolution?
  private let plane: Int
  private let works: [TiledConvolution]
  private let hasEmpty: Bool
  private let fill: [Float]

  init(_ interleaved: InterleavedConvolution) {
    self.interleaved = interleaved
    spread = nil
    (plane, works, hasEmpty, fill) = (0, [], false, [])
  }

  init(_ spread: SpreadConvolution) {
    self.spread = spread
    interleaved = nil
    (plane, works, hasEmpty, fill) = (0, [], false, [])
  }

  init(
    outSize: [Int], works: [TiledConvolution], hasEmpty: Bool, bias: [Float],
    activation: Activation
  ) {
    interleaved = nil
    spread = nil
    plane = outSize.reduce(1, *)
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
    if let spread { return spread.run(input: input, batch: batch, output: output) }
    if let interleaved { return interleaved.run(input: input, batch: batch, output: output) }
    if hasEmpty {
      for index in 0..<batch * fill.count {
        (output + index * plane).update(repeating: fill[index % fill.count], count: plane)
      }
    }
    for work in works { work.run(input: input, batch: batch, residual: nil, output: output) }
  }
}

/// What the phases of one transposed convolution share while their weights are packed.
private struct TransposedPacking {
  var axes: [WindowAxis]
  var bias: Tensor?
  var groups: Int, groupIn: Int, groupOut: Int
  var activation: Activation

  /// The plain convolution of a phase; nil when no tap reaches it.
  func core(phase: [Int], weights: Tensor) -> ConvolutionCore? {
    let seen = zip(axes, phase).compactMap { PhaseTaps($0, phase: $1) }
    guard seen.count == 3 else { return nil }
    let (deep, high, wide) = (seen[0].taps.count, seen[1].taps.count, seen[2].taps.count)
    let variant = KernelVariant.current
    let panels = WeightPanels(
      weights, bias: bias, groups: groups, rows: groupOut, depth: groupIn * deep * high * wide,
      variant: variant, settings: [1] + seen.flatMap { [$0.taps.count] + $0.taps }
    ) { row, k in
      let (group, out) = (row / groupOut, row % groupOut)
      let channel = group * groupIn + k / (deep * high * wide)
      let (h, i, j) = (
        seen[0].taps[k / (high * wide) % deep], seen[1].taps[k / wide % high],
        seen[2].taps[k % wide]
      )
      return (((channel * groupOut + out) * axes[0].taps + h) * axes[1].taps + i)
        * axes[2].taps + j
    }
    return ConvolutionCore(
      axes: seen.map(\.axis), groups: groups, groupInChannels: groupIn,
      groupOutChannels: groupOut, activation: activation, variant: variant,
      weights: ConvolutionWeights(
        panels, groups: groups, rows: groupOut, depth: groupIn * deep * high * wide,
        variant: variant))
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
