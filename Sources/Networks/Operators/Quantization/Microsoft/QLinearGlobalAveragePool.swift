// Room: Networks. The operator QLinearGlobalAveragePool of com.microsoft.

internal import Tensors

/// The mean of each channel's quantised values, quantised again.
package struct ComMicrosoftQLinearGlobalAveragePoolOperator: Operator {
  private let channelsLast: Bool

  package init(_ node: NodeDescription) throws { channelsLast = try node.flag("channels_last") }

  /// The pool that a pass makes of one between quantisations.
  init() { channelsLast = false }

  package var widening: Widening { .none }

  private func pool(_ inputs: Operands) throws -> QuantizedPool {
    let x = try inputs.required(0, rank: 3...16)
    let lengths = QuantizedPool.lengths(x.shape, channelsLast: channelsLast)
    return QuantizedPool(
      batch: lengths.batch, channels: lengths.channels,
      windows: lengths.spatial.map {
        Window(length: $0, kernel: $0, stride: 1, dilation: 1, before: 0, after: 0, output: 1)
      }, channelsLast: channelsLast, countsPadding: false)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(4...5)
    try inputs.requireBytes(0, 2, 4)
    try inputs.requireSingle(1, 2, 3, 4)
    let type = try inputs[4]?.elementType ?? inputs.required(0).elementType
    return [try TensorFacts(type, checking: pool(inputs).result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let type = try inputs.required(0).elementType
    return try pool(inputs).kernel(type, outputs[0]?.elementType ?? type)
  }
}
