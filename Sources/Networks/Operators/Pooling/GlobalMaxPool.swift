// Room: Networks. The operator GlobalMaxPool.

package import Tensors

/// The largest value over all spatial dimensions.
package struct GlobalMaxPoolOperator: GlobalPool {
  package var reduction: Reduction? { .maximum }

  package init(_ node: NodeDescription) throws {}

  package func pooled<T: Real>(_ plane: UnsafeBufferPointer<T>) -> T {
    var best = -T.infinity
    for value in plane where value > best || value.isNaN { best = value }
    return best
  }
}
