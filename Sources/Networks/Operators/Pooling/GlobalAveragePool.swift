// Room: Networks. The operator GlobalAveragePool.

internal import Tensors

/// The mean over all spatial dimensions.
package struct GlobalAveragePoolOperator: GlobalPool {
  package init(_ node: NodeDescription) throws {}

  package func pooled<T: Real>(_ plane: UnsafeBufferPointer<T>) -> T {
    if T.self == Float.self, let base = plane.baseAddress {
      let row = UnsafeRawPointer(base).assumingMemoryBound(to: Float.self)
      return T(VectorMath.reduce(.sum, row, count: plane.count) / Double(plane.count))
    }
    var sum = 0.0
    for value in plane { sum += Double(value) }
    return T(sum / Double(plane.count))
  }
}
