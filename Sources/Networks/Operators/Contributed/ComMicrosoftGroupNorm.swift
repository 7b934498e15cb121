// Room: Networks. ONNX Runtime's operator GroupNorm.

/// `GroupNormalization` of channels that lie last or second, perhaps followed by SiLU.
///
/// **Shapes**: `[batch, y, x, channels]`, or `[batch, channels, y, x]` with `channels_last` 0; scale
/// and shift `[channels]`. **Source**: com.microsoft GroupNorm, version 1.
package struct ComMicrosoftGroupNormOperator: CompositeOperator {
  private let fusion: GroupNormFusion

  package init(_ node: NodeDescription) throws { fusion = try GroupNormFusion(node) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var value = try body.input(0)
    if fusion.isChannelsLast { value = try body.channelsFirst(value) }
    value = try fusion.normalize(value, in: &body)
    return [fusion.isChannelsLast ? try body.channelsLast(value) : value]
  }
}
