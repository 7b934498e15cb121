// Room: Networks. The operator GlobalLpPool.

/// The p-norm over all spatial dimensions.
package struct GlobalLpPoolOperator: GlobalPool {
  private let power: Double

  package init(_ node: NodeDescription) throws {
    power =
      node.opset < 2
      ? Double(try node.float("p", default: 2)) : Double(try node.int("p", default: 2))
  }

  package func pooled<T: Real>(_ plane: UnsafeBufferPointer<T>) -> T {
    var sum = 0.0
    for value in plane { sum += Double.pow(abs(Double(value)), power) }
    return T(Double.pow(sum, 1 / power))
  }
}
