// Room: Networks. The operator GlobalAveragePool.

package import Tensors

/// The mean over all spatial dimensions.
package struct GlobalAveragePoolOperator: GlobalPool {
  package var reduction: Reduction? { .mean }

  package init(_ node: NodeDescription) throws {}

  package func pooled<T: Real>(_ plane: UnsafeBufferPointer<T>) -> T {
    var sum = 0.0
    for value in plane { sum += Double(value) }
    return T(sum / Double(plane.count))
  }
}
