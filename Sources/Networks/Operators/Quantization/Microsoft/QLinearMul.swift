// Room: Networks. The operator QLinearMul of com.microsoft.

package import Tensors

/// The product of two quantised operands, quantised again.
package struct ComMicrosoftQLinearMulOperator: QuantizedBinaryOperator {
  package var operation: QuantizedOperation { .multiply }

  package init(_ node: NodeDescription) throws {}
}
