// Room: Networks. ONNX Runtime's operator FusedMatMulActivation.

/// `FusedMatMul` followed by an activation.
///
/// **Source**: com.microsoft FusedMatMulActivation, version 1.
package struct ComMicrosoftFusedMatMulActivationOperator: CompositeOperator {
  private let fusion: MatrixFusion
  private let activation: FusedActivation

  package init(_ node: NodeDescription) throws {
    fusion = try MatrixFusion(node)
    activation = try FusedActivation(node)
  }

  package func expand(_ body: inout CompositeBody) throws -> [ValueID?] {
    [try activation.apply(to: fusion.expand(&body), in: &body)]
  }
}
