// Room: Networks. The operator Softmax.

internal import Tensors

/// `e^x / Σ e^x` along an axis, after subtracting the largest x.
package struct SoftmaxOperator: SoftmaxFamily {
  package let axis: SoftmaxAxis

  package init(_ node: NodeDescription) throws { axis = try SoftmaxAxis(node) }

  package func rows(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, rows: Int, count: Int
  ) {
    VectorMath.softmax(rows: rows, count: count, x, y)
  }

  package func row<T: Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, count: Int, step: Int
  ) {
    var largest = -T.infinity
    for index in 0..<count where x[index * step] > largest || x[index * step].isNaN {
      largest = x[index * step]
    }
    var sum: T = 0
    for index in 0..<count {
      let value = T.exp(x[index * step] - largest)
      y[index * step] = value
      sum += value
    }
    for index in 0..<count { y[index * step] /= sum }
  }
}
