// Room: Networks. The operator QLinearAdd of com.microsoft.

package import Tensors

/// The sum of two quantised operands, quantised again.
package struct ComMicrosoftQLinearAddOperator: QuantizedBinaryOperator {
  package var operation: QuantizedOperation { .add }

  package init(_ node: NodeDescription) throws {}
}
