// Room: Networks. The operator Relu.

internal import Tensors

/// `max(x, 0)` for each element.
package struct ReluOperator: IntegerUnaryOperator {
  package var nanosecondsPerElement: Double { 0.3 }

  package var vectorFunction: VectorFunction? { VectorFunction(.relu) }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func value<T: Real>(_ x: T) -> T { x < 0 ? 0 : x }
  package func value(_ x: Int64) -> Int64 { Swift.max(x, 0) }
  package func value(_ x: UInt64) -> UInt64 { x }
}
