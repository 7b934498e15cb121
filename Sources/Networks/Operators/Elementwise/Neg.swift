// Room: Networks. The operator Neg.

internal import Tensors

/// The negative of each element.
package struct NegOperator: IntegerUnaryOperator {
  package var nanosecondsPerElement: Double { 0.3 }

  package var vectorFunction: VectorFunction? { VectorFunction(.negate) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { -x }
  package func value(_ x: Int64) -> Int64 { 0 &- x }
  package func value(_ x: UInt64) -> UInt64 { 0 &- x }
}
