// Room: Networks. The operator Abs.

internal import Tensors

/// The magnitude of each element.
package struct AbsOperator: IntegerUnaryOperator {
  package var nanosecondsPerElement: Double { 0.3 }

  package var vectorFunction: VectorFunction? { VectorFunction(.absolute) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x.magnitude }
  package func value(_ x: Int64) -> Int64 { x == .min ? x : abs(x) }
  package func value(_ x: UInt64) -> UInt64 { x }
}
