// Room: Networks. The operator HammingWindow.

/// A Hamming window of a given length.
package struct HammingWindowOperator: WindowFunction {
  package static let coefficients: [Double] = [25.0 / 46, 21.0 / 46]
  package let attributes: WindowFunctionAttributes

  package init(_ node: NodeDescription) throws { attributes = try WindowFunctionAttributes(node) }
}
