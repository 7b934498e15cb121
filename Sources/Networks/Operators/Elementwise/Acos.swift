// Room: Networks. The operator Acos.

/// The arc cosine of each element.
package struct AcosOperator: UnaryOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { T.acos(x) }
}
