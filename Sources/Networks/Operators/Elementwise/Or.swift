// Room: Networks. The operator Or.

/// `a || b` of two broadcast booleans.
package struct OrOperator: LogicalOperator {
  package let legacy: LegacyBroadcast

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func combine(_ a: Bool, _ b: Bool) -> Bool { a || b }
}
