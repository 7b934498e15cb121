// Room: Networks. The operator LessOrEqual.

package import Tensors

/// Whether `a <= b`, of two broadcast operands.
package struct LessOrEqualOperator: ComparisonOperator {
  package let legacy: LegacyBroadcast
  package var comparison: Comparison { .lessOrEqual }

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func compare<T: Number>(_ a: T, _ b: T) -> Bool { a <= b }
}
