// Room: Tensors. What the convolution routes need to know: window, channels, packed weights.

/// A stride-wise regular convolution with its weights packed: what `Convolution2D` is, and what each
/// phase of a `TransposedConvolution2D` is.
struct ConvolutionCore: Sendable {
  let vertical: WindowAxis, horizontal: WindowAxis
  let groups: Int, groupInChannels: Int, groupOutChannels: Int
  let activation: Activation
  let variant: KernelVariant
  let panels: PackedPanels

  var inChannels: Int { groups * groupInChannels }
  var outChannels: Int { groups * groupOutChannels }
  /// The length of one output's sum.
  var depth: Int { groupInChannels * vertical.taps * horizontal.taps }
  /// Each output channel sees one input channel.
  var isDepthwise: Bool { groupInChannels == 1 && groups > 1 }
}

/// Where the rows and columns of a convolution's result go: one after the other, or a step apart.
struct OutputLayout: Sendable {
  /// Floats of one plane, and where row 0, column 0 lies in it.
  var plane: Int, first: Int
  /// Floats from one row, one column to the next.
  var row: Int, column: Int

  /// Dense planes of `height` by `width`.
  init(height: Int, width: Int) {
    (plane, first, row, column) = (height * width, 0, width, 1)
  }

  /// Every `strides`-th row and column, from `phase` on, of dense planes of `height` by `width`.
  init(height: Int, width: Int, phase: (Int, Int), strides: (Int, Int)) {
    plane = height * width
    first = phase.0 * width + phase.1
    row = strides.0 * width
    column = strides.1
  }
}
