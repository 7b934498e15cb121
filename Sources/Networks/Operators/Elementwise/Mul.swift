// Room: Networks. The operator Mul.

package import Tensors

/// `a · b` of two broadcast operands.
package struct MulOperator: BinaryOperator, NeutralOperand {
  package let legacy: LegacyBroadcast

  package var vectorOperation: BinaryOperation? { .multiply }

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.multiplying(a, b) }

  package func neutralValue(at index: Int) -> Double? { 1 }
}
