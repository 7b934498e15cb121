// Room: Networks. The operator Sign.

internal import Tensors

/// -1, 0 or 1 by the sign of each element.
package struct SignOperator: IntegerUnaryOperator {
  package var nanosecondsPerElement: Double { 0.3 }

  package var vectorFunction: VectorFunction? { VectorFunction(.sign) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x > 0 ? 1 : x < 0 ? -1 : x }
  package func value(_ x: Int64) -> Int64 { x.signum() }
  package func value(_ x: UInt64) -> UInt64 { x == 0 ? 0 : 1 }
}
