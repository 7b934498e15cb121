// Room: Networks. The operator QLinearGlobalAveragePool of com.microsoft.

internal import Tensors

/// The mean of each channel's quantised values, quantised again.
package struct ComMicrosoftQLinearGlobalAveragePoolOperator: QuantizedPoolOperator {
  private let channelsLast: Bool

  package init(_ node: NodeDescription) throws { channelsLast = try node.flag("channels_last") }

  /// The pool that a pass makes of one between quantisations.
  init() { channelsLast = false }

  func pool(_ inputs: Operands) throws -> QuantizedPool {
    let x = try inputs.required(0, rank: 3...16)
    let lengths = QuantizedPool.lengths(x.shape, channelsLast: channelsLast)
    return QuantizedPool(
      batch: lengths.batch, channels: lengths.channels,
      windows: lengths.spatial.map {
        Window(length: $0, kernel: $0, stride: 1, dilation: 1, before: 0, after: 0, output: 1)
      }, channelsLast: channelsLast, countsPadding: false)
  }
}
