// Room: Tensors. Two-dimensional convolution with constant weights, packed once.

internal import CVectorKernels

/// A two-dimensional convolution: `out[b, o, y, x] = act(bias[o] + sum_{c, i, j} w[o, c, i, j]
/// in[b, g C + c, y s_y + i d_y - p_y, x s_x + j d_x - p_x] + residual[b, o, y, x])`.
///
/// Weights are packed for the processor once; `plan(height:width:)` lays out the work for one image
/// size, and the plan then runs without allocating. One-dimensional convolutions use a height of 1.
///
/// **Shapes**: weights `[out channels, in channels / groups, rows, columns]`; images
/// `[batch, channel, y, x]`.
/// **Source**: ONNX `Conv` (and cross-correlation, as everywhere in machine learning).
public final class Convolution2D: Sendable {
  let core: ConvolutionCore
  private let plans = PlanCache()

  /// How the window walks along y.
  public var vertical: WindowAxis { core.vertical }
  /// How the window walks along x.
  public var horizontal: WindowAxis { core.horizontal }
  /// Channels of a whole image that goes in.
  public var inChannels: Int { core.inChannels }
  /// Channels of a whole image that comes out.
  public var outChannels: Int { core.outChannels }

  /// Packs `weights` (float32, `[out, in / groups, rows, columns]`) and `bias` (`[out]`).
  ///
  /// **Throws** `shapeMismatch` or `elementTypeMismatch` when these do not belong together.
  public init(
    weights: Tensor, bias: Tensor? = nil, strides: (Int, Int) = (1, 1),
    dilations: (Int, Int) = (1, 1), padding: Padding2D = Padding2D(), groups: Int = 1,
    activation: Activation = .none
  ) throws(TensorError) {
    guard weights.elementType == .float32, bias.map({ $0.elementType == .float32 }) ?? true else {
      throw TensorError(
        .elementTypeMismatch, "convolution weights and bias must be float32; convert them first")
    }
    guard weights.shape.rank == 4, weights.count > 0, groups > 0, weights.shape[0] % groups == 0
    else {
      throw TensorError(
        .shapeMismatch,
        "convolution weights \(weights.shape) in \(groups) groups: they must be [out channels, in "
          + "channels / groups, rows, columns], none of them 0, out channels a multiple of groups")
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
    let vertical = WindowAxis(
      taps: weights.shape[2], stride: strides.0, dilation: dilations.0, before: padding.top,
      after: padding.bottom)
    let horizontal = WindowAxis(
      taps: weights.shape[3], stride: strides.1, dilation: dilations.1, before: padding.left,
      after: padding.right)
    // Lengths that no window fits are found per image size; senseless numbers are found here.
    let ample = 1 << 38
    _ = try vertical.outputLength(ample)
    _ = try horizontal.outputLength(ample)
    let variant = KernelVariant.current
    let rows = weights.shape[0] / groups
    let depth = weights.count / weights.shape[0]
    let panels = weights.withElements(of: Float.self) { weights in
      let biases = bias?.elements(as: Float.self)
      return PackedPanels(
        bias: biases, groups: groups, rows: rows, depth: depth, panelRows: variant.panelRows
      ) { row, k in weights[row * depth + k] }
    }
    core = ConvolutionCore(
      vertical: vertical, horizontal: horizontal, groups: groups,
      groupInChannels: weights.shape[1], groupOutChannels: rows, activation: activation,
      variant: variant, panels: panels)
  }

  /// The output's height and width for an image's.
  ///
  /// **Throws** `shapeMismatch` when the window does not fit.
  public func outputSize(height: Int, width: Int) throws(TensorError) -> (height: Int, width: Int) {
    (try vertical.outputLength(height), try horizontal.outputLength(width))
  }

  /// The work for images of one size, laid out once and kept.
  package func plan(height: Int, width: Int) throws(TensorError) -> ConvolutionPlan {
    if let known = plans.find(height, width) { return known }
    let plan = try ConvolutionPlan(core, height: height, width: width)
    plans.add(plan)
    return plan
  }

  /// Convolves `input` (float32, `[batch, channel, y, x]`); `residual`, of the output's shape, is
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
    guard input.shape.rank == 4, input.shape[1] == inChannels else {
      throw TensorError(
        .shapeMismatch,
        "convolution of \(input.shape): it takes [batch, \(inChannels), y, x]")
    }
    let plan = try plan(height: input.shape[2], width: input.shape[3])
    let shape = try Shape(
      checking: [input.shape[0], outChannels, plan.outHeight, plan.outWidth])
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
