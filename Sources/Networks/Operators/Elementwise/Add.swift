// Room: Networks. The operator Add.

package import Tensors

/// `a + b` of two broadcast operands.
package struct AddOperator: BinaryOperator, NeutralOperand {
  package let legacy: LegacyBroadcast

  package var vectorOperation: BinaryOperation? { .add }

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.adding(a, b) }

  package func neutralValue(at index: Int) -> Double? { -0.0 }
}
