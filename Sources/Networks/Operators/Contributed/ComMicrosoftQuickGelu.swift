// Room: Networks. ONNX Runtime's operator QuickGelu.

/// `x · sigmoid(alpha · x)`, with 1.702 for alpha unless another is given.
///
/// **Source**: com.microsoft QuickGelu, version 1.
package struct ComMicrosoftQuickGeluOperator: CompositeOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws { alpha = try node.float("alpha", default: 1.702) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try body.one("Swish", [body.input(0)], ["alpha": .float(alpha)])]
  }
}
