// Room: Networks. The operator Div.

package import Tensors

/// `a / b` of two broadcast operands; integers truncate.
package struct DivOperator: BinaryOperator, NeutralOperand {
  package let legacy: LegacyBroadcast

  package var vectorOperation: BinaryOperation? { .divide }

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.dividing(a, b) }

  package func neutralValue(at index: Int) -> Double? { index == 1 ? 1 : nil }
}
