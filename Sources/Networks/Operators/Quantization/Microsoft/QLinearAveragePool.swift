// Room: Networks. The operator QLinearAveragePool of com.microsoft.

internal import Tensors

/// The mean of each window of quantised values, quantised again.
package struct ComMicrosoftQLinearAveragePoolOperator: QuantizedPoolOperator {
  private let window: WindowAttributes
  private let channelsLast: Bool
  private let countsPadding: Bool

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    channelsLast = try node.flag("channels_last")
    countsPadding = try node.flag("count_include_pad")
  }

  /// The pool that a pass makes of one between quantisations.
  init(window: WindowAttributes, countsPadding: Bool) {
    (self.window, channelsLast, self.countsPadding) = (window, false, countsPadding)
  }

  func pool(_ inputs: Operands) throws -> QuantizedPool {
    let x = try inputs.required(0, rank: 3...16)
    let lengths = QuantizedPool.lengths(x.shape, channelsLast: channelsLast)
    return QuantizedPool(
      batch: lengths.batch, channels: lengths.channels,
      windows: try window.resolve(spatial: lengths.spatial), channelsLast: channelsLast,
      countsPadding: countsPadding)
  }
}
