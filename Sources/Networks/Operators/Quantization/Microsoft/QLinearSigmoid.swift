// Room: Networks. The operator QLinearSigmoid of com.microsoft.

/// The logistic function of quantised values.
package struct ComMicrosoftQLinearSigmoidOperator: QuantizedUnaryOperator {
  package init(_ node: NodeDescription) throws {}

  package func value(_ x: Float) -> Float { Float.sigmoid(x) }
}
