// Room: Networks. The operator LogSoftmax.

internal import Tensors

/// The logarithm of the softmax along an axis.
package struct LogSoftmaxOperator: SoftmaxFamily {
  package let axis: SoftmaxAxis
  package var isLogarithm: Bool? { true }

  package init(_ node: NodeDescription) throws { axis = try SoftmaxAxis(node) }

  package func rows(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, rows: Int, count: Int
  ) {
    VectorMath.softmax(rows: rows, count: count, x, y, logarithm: true)
  }

  package func row<T: Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, count: Int, step: Int
  ) {
    var largest = -T.infinity
    for index in 0..<count where x[index * step] > largest || x[index * step].isNaN {
      largest = x[index * step]
    }
    var sum = 0.0
    for index in 0..<count { sum += Double(T.exp(x[index * step] - largest)) }
    let logarithm = T(Double.log(sum))
    for index in 0..<count { y[index * step] = x[index * step] - largest - logarithm }
  }
}
