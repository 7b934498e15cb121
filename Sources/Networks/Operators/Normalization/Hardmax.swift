// Room: Networks. The operator Hardmax.

/// 1 at the first largest element along an axis, 0 elsewhere.
package struct HardmaxOperator: SoftmaxFamily {
  package let axis: SoftmaxAxis

  package init(_ node: NodeDescription) throws { axis = try SoftmaxAxis(node) }

  package func row<T: Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, count: Int, step: Int
  ) {
    var place = 0
    for index in 0..<count where x[index * step] > x[place * step] { place = index }
    for index in 0..<count { y[index * step] = index == place ? 1 : 0 }
  }
}
