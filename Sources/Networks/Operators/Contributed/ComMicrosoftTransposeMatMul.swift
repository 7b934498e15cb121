// Room: Networks. ONNX Runtime's operator TransposeMatMul.

/// `FusedMatMul` under its former name.
///
/// **Source**: com.microsoft TransposeMatMul, version 1.
package struct ComMicrosoftTransposeMatMulOperator: CompositeOperator {
  private let fusion: MatrixFusion

  package init(_ node: NodeDescription) throws { fusion = try MatrixFusion(node) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try fusion.expand(&body)]
  }
}
