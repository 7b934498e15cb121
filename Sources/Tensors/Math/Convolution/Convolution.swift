// Room: Tensors. Convolution in one to three dimensions with constant weights, packed once.

internal import CVectorKernels

/// A convolution: `out[b, o, y, x] = act(bias[o] + sum_{c, i, j} w[o, c, i, j] in[b, g C + c,
/// y s_y + i d_y - p_y, x s_x + j d_x - p_x] + residual[b, o, y, x])`, in two dimensions; one and
/// three are alike.
///
/// Weights are packed for the processor once; `plan(for:)` lays out the work for one image size, and
/// the plan then runs without allocating.
///
/// **Shapes**: weights `[out channels, in channels / groups, taps…]`; images `[batch, channel,
/// lengths…]`, one length for each axis.
/// **Source**: ONNX `Conv` (and cross-correlation, as everywhere in machine learning).
public final class Convolution: Sendable {
  let core: ConvolutionCore
  /// How many spatial dimensions images have: one to three.
  public let rank: Int
  private let plans = PlanCache()

  /// How the window walks along each spatial dimension.
  public var axes: [WindowAxis] { Array(core.axes.suffix(rank)) }
  /// Channels of a whole image that goes in.
  public var inChannels: Int { core.inChannels }
  /// Channels of a whole image that comes out.
  public var outChannels: Int { core.outChannels }

  /// Packs `weights` (float32, `[out, in / groups, taps…]`) and `bias` (`[out]`) for windows that
  /// walk along one to three `axes`, whose taps are the weights'.
  ///
  /// - Parameter directly: Without Winograd's sums, which are faster and off by about three times as
  ///   much.
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` when these do not belong together.
  public init(
    weights: Tensor, bias: Tensor? = nil, axes: [WindowAxis], groups: Int = 1,
    activation: Activation = .none, directly: Bool = false
  ) throws(TensorError) {
    guard weights.elementType == .float32, bias.map({ $0.elementType == .float32 }) ?? true else {
      throw TensorError(
        .elementTypeMismatch, "convolution weights and bias must be float32; convert them first")
    }
    guard (1...3).contains(axes.count),
      Array(weights.shape.dimensions.dropFirst(2)) == axes.map(\.taps), weights.count > 0,
      groups > 0, weights.shape[0] % groups == 0
    else {
      throw TensorError(
        .shapeMismatch,
        "convolution weights \(weights.shape) in \(groups) groups: they must be [out channels, in "
          + "channels / groups, taps…] with one to three axes, none of them 0, out channels a "
          + "multiple of groups")
    }
    guard bias.map({ $0.count == weights.shape[0] }) ?? true else {
      throw TensorError(
        .shapeMismatch,
        "convolution bias \(bias?.shape ?? .scalar) for \(weights.shape[0]) out channels: "
          + "it must have one value for each")
    }
    let (_, overflow) = weights.shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow else {
      throw TensorError(.shapeMismatch, "\(groups) groups of \(weights.shape[1]) channels overflow")
    }
    // Lengths that no window fits are found per image size; senseless numbers are found here.
    for axis in axes { _ = try axis.outputLength(1 << 38) }
    let variant = KernelVariant.current
    let rows = weights.shape[0] / groups
    rank = axes.count
    core = ConvolutionCore(
      axes: axes, groups: groups, groupInChannels: weights.shape[1], groupOutChannels: rows,
      activation: activation, variant: variant,
      weights: .of(
        weights, bias: bias, groups: groups, variant: variant), sumsDirectly: directly)
  }

  /// Packs the weights of a two-dimensional convolution, `[out, in / groups, rows, columns]`.
  ///
  /// **Throws** as `init(weights:bias:axes:groups:activation:directly:)`.
  public convenience init(
    weights: Tensor, bias: Tensor? = nil, strides: (Int, Int) = (1, 1),
    dilations: (Int, Int) = (1, 1), padding: Padding2D = Padding2D(), groups: Int = 1,
    activation: Activation = .none
  ) throws(TensorError) {
    try self.init(
      weights: weights, bias: bias,
      axes: try WindowAxis.planar(
        weights: weights, strides: strides, dilations: dilations, padding: padding),
      groups: groups, activation: activation)
  }

  /// The output's lengths for an image's, one for each axis.
  ///
  /// **Throws** `shapeMismatch` when the window does not fit.
  public func outputLengths(_ lengths: [Int]) throws(TensorError) -> [Int] {
    guard lengths.count == rank else {
      throw TensorError(.shapeMismatch, "a convolution of \(rank) axes over lengths \(lengths)")
    }
    var result: [Int] = []
    for (axis, length) in zip(axes, lengths) { result.append(try axis.outputLength(length)) }
    return result
  }

  /// The work for images of one size, laid out once and kept.
  package func plan(for lengths: [Int]) throws(TensorError) -> ConvolutionPlan {
    guard lengths.count == rank else {
      throw TensorError(.shapeMismatch, "a convolution of \(rank) axes over lengths \(lengths)")
    }
    let size = [Int](repeating: 1, count: 3 - rank) + lengths
    let sparing = MemoryAccount.current?.isSparing ?? false
    if let known = plans.find(size, sparing: sparing) { return known }
    if sparing { core.weights.letGoOfWinograd() }
    let plan = try ConvolutionPlan(core, size: size, sparing: sparing)
    plans.add(plan)
    return plan
  }

  /// Convolves `input` (float32, `[batch, channel, lengths…]`); `residual`, of the output's shape, is
  /// added before the activation.
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` for tensors that do not belong here.
  public func callAsFunction(
    _ input: Tensor, residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    guard input.elementType == .float32, residual.map({ $0.elementType == .float32 }) ?? true
    else {
      throw TensorError(
        .elementTypeMismatch,
        "convolution of \(input.elementType.rawValue): it takes float32; convert it first")
    }
    guard input.shape.rank == rank + 2, input.shape[1] == inChannels else {
      throw TensorError(
        .shapeMismatch,
        "convolution of \(input.shape): it takes [batch, \(inChannels)] and \(rank) lengths")
    }
    let lengths = Array(input.shape.dimensions.dropFirst(2))
    let plan = try plan(for: lengths)
    let shape = try Shape(checking: [input.shape[0], outChannels] + outputLengths(lengths))
    guard residual.map({ $0.shape == shape }) ?? true else {
      throw TensorError(
        .shapeMismatch,
        "residual \(residual?.shape ?? .scalar) beside a convolution's result \(shape)")
    }
    let output = Tensor(uninitialized: shape, .float32)
    guard shape.count > 0 else { return output }
    let target = output.plannedDestination(of: Float.self)
    input.withElements(of: Float.self) { source in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      if let residual {
        residual.withElements(of: Float.self) {
          plan.run(
            input: source, batch: input.shape[0], residual: $0.baseAddress, output: target)
        }
      } else {
        plan.run(input: source, batch: input.shape[0], residual: nil, output: target)
      }
    }
    return output
  }
}

/// Zeros around an image.
public struct Padding2D: Sendable, Hashable {
  /// Rows above and below, columns left and right.
  public var top: Int, left: Int, bottom: Int, right: Int

  /// Padding of each side; none by default.
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  /// The same padding on every side.
  public init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
}

extension WindowAxis {
  /// The axes of a planar window with the taps of `weights`, `[…, …, rows, columns]`.
  static func planar(
    weights: Tensor, strides: (Int, Int), dilations: (Int, Int), padding: Padding2D
  ) throws(TensorError) -> [WindowAxis] {
    guard weights.shape.rank == 4 else {
      throw TensorError(
        .shapeMismatch,
        "planar convolution weights \(weights.shape): they must have four dimensions, the last two "
          + "rows and columns")
    }
    return [
      WindowAxis(
        taps: weights.shape[2], stride: strides.0, dilation: dilations.0, before: padding.top,
        after: padding.bottom),
      WindowAxis(
        taps: weights.shape[3], stride: strides.1, dilation: dilations.1, before: padding.left,
        after: padding.right),
    ]
  }
}
