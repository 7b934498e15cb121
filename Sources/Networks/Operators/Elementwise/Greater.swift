// Room: Networks. The operator Greater.

package import Tensors

/// Whether `a > b`, of two broadcast operands.
package struct GreaterOperator: ComparisonOperator {
  package let legacy: LegacyBroadcast
  package var comparison: Comparison { .greater }

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func compare<T: Number>(_ a: T, _ b: T) -> Bool { a > b }
}
