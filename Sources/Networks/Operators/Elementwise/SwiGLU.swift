// Room: Networks. The operator SwiGLU.

/// `swish(a) · b`, where `swish(a) = a · sigmoid(alpha · a)`.
///
/// **Shapes**: both inputs have one shape. **Source**: ONNX SwiGLU, opset 28.
package struct SwiGLUOperator: CompositeOperator {
  private let alpha: Float

  package init(_ node: NodeDescription) throws { alpha = try node.float("alpha", default: 1) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    let gate = try body.one("Swish", [body.input(0)], ["alpha": .float(alpha)])
    return [try body.one("Mul", [gate, body.input(1)])]
  }
}
