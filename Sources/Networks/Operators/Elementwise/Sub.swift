// Room: Networks. The operator Sub.

package import Tensors

/// `a - b` of two broadcast operands.
package struct SubOperator: BinaryOperator, NeutralOperand {
  package let legacy: LegacyBroadcast

  package var vectorOperation: BinaryOperation? { .subtract }

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.subtracting(a, b) }

  package func neutralValue(at index: Int) -> Double? { index == 1 ? 0 : nil }
}
