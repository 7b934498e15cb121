// Room: Networks. The operator Mean.

/// The mean of any number of broadcast operands, element by element.
package struct MeanOperator: VariadicOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.adding(a, b) }

  @inline(__always)
  package func finish<T: Number>(_ value: T, count: Int) -> T {
    T.dividing(value, T(number: Double(count)))
  }
}
