// Room: Networks. ONNX Runtime's operator FusedMatMul.

/// A matrix product with transpositions and a factor; see `MatrixFusion`.
///
/// **Source**: com.microsoft FusedMatMul, version 1.
package struct ComMicrosoftFusedMatMulOperator: CompositeOperator {
  private let fusion: MatrixFusion

  package init(_ node: NodeDescription) throws { fusion = try MatrixFusion(node) }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try fusion.expand(&body)]
  }
}
