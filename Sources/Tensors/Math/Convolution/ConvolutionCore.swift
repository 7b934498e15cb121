// Room: Tensors. What the convolution routes need to know: window, channels, packed weights.

/// A stride-wise regular convolution with its weights packed: what `Convolution` is, and what each
/// phase of a `TransposedConvolution` is.
///
/// There are always three axes, missing ones in front having one tap. Along the first, whole sheets
/// are picked: a sheet of output sees `sheets.taps` sheets of every input channel, which stand beside
/// each other as if they were channels of an image.
struct ConvolutionCore: Sendable {
  let sheets: WindowAxis, vertical: WindowAxis, horizontal: WindowAxis
  let groups: Int, groupInChannels: Int, groupOutChannels: Int
  let activation: Activation
  let variant: KernelVariant
  let weights: ConvolutionWeights
  /// Whether it does without Winograd's sums, whose errors are larger.
  let sumsDirectly: Bool

  /// A convolution along one to three `axes`.
  init(
    axes: [WindowAxis], groups: Int, groupInChannels: Int, groupOutChannels: Int,
    activation: Activation, variant: KernelVariant, weights: ConvolutionWeights,
    sumsDirectly: Bool = false
  ) {
    let axes = [WindowAxis](repeating: WindowAxis(taps: 1), count: 3 - axes.count) + axes
    (sheets, vertical, horizontal) = (axes[0], axes[1], axes[2])
    (self.groups, self.groupInChannels) = (groups, groupInChannels)
    (self.groupOutChannels, self.activation) = (groupOutChannels, activation)
    (self.variant, self.weights, self.sumsDirectly) = (variant, weights, sumsDirectly)
  }

  var axes: [WindowAxis] { [sheets, vertical, horizontal] }
  var inChannels: Int { groups * groupInChannels }
  var outChannels: Int { groups * groupOutChannels }
  /// The length of one output's sum.
  var depth: Int { groupInSheets * vertical.taps * horizontal.taps }
  /// The sheets of input that one sheet of output sees.
  var groupInSheets: Int { groupInChannels * sheets.taps }
  /// Each output position sees one input position, at the same place.
  var isPointwise: Bool { axes.allSatisfy(\.seesItsPlace) }
  /// Each output channel sees one input channel.
  var isDepthwise: Bool { groupInChannels == 1 && groups > 1 }
}

/// Where the sheets, rows and columns of a convolution's result go: one after the other, or some
/// steps apart.
struct OutputLayout: Sendable {
  /// Floats of one channel, and where sheet 0, row 0, column 0 lies in it.
  var channel: Int, first: Int
  /// Floats from one sheet, row, column to the next.
  var sheet: Int, row: Int, column: Int

  /// Every `strides`-th sheet, row and column, from `phase` on, of dense channels of `size`.
  init(size: [Int], phase: [Int] = [0, 0, 0], strides: [Int] = [1, 1, 1]) {
    channel = size[0] * size[1] * size[2]
    first = (phase[0] * size[1] + phase[1]) * size[2] + phase[2]
    sheet = strides[0] * size[1] * size[2]
    row = strides[1] * size[2]
    column = strides[2]
  }
}
