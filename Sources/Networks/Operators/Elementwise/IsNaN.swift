// Room: Networks. The operator IsNaN.

/// Whether each element is not a number.
package struct IsNaNOperator: FloatingTest {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func test<T: Real>(_ x: T) -> Bool { x.isNaN }
}
