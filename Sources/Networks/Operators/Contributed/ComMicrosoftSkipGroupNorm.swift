// Room: Networks. ONNX Runtime's operator SkipGroupNorm.

/// `GroupNorm` of the sum of an input, a residual and perhaps a bias; the sum is output 1.
///
/// **Shapes**: the residual has the input's shape, or one value for each channel of each image.
/// **Source**: com.microsoft SkipGroupNorm, version 1.
package struct ComMicrosoftSkipGroupNormOperator: CompositeOperator {
  private let fusion: GroupNormFusion

  package init(_ node: NodeDescription) throws { fusion = try GroupNormFusion(node) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    var (value, skip) = (try body.input(0), try body.input(3))
    if fusion.isChannelsLast {
      value = try body.channelsFirst(value)
      skip = try body.channelsFirst(skip)
    }
    // A residual by channel becomes one column beside the rows of the planes.
    let rows = try body.one("Flatten", [value], ["axis": .int(2)])
    let column = try body.one("Flatten", [skip], ["axis": .int(2)])
    let shape = try body.one("Shape", [value])
    var sum = try body.one("Reshape", [body.one("Add", [rows, column]), shape])
    if let bias = body.optional(4) {
      sum = try body.channelsFirst(body.one("Add", [body.channelsLast(sum), bias]))
    }
    let result = try fusion.normalize(sum, in: &body)
    guard fusion.isChannelsLast else { return [result, sum] }
    return [try body.channelsLast(result), body.wants(1) ? try body.channelsLast(sum) : nil]
  }
}
