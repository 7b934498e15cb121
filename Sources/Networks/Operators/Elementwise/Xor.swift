// Room: Networks. The operator Xor.

/// `a != b` of two broadcast booleans.
package struct XorOperator: LogicalOperator {
  package let legacy: LegacyBroadcast

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  @inline(__always)
  package func combine(_ a: Bool, _ b: Bool) -> Bool { a != b }
}
