// Room: Networks. The operator Min.

package import Tensors

/// The smallest of any number of broadcast operands, element by element.
package struct MinOperator: VariadicOperator {
  package var vectorOperation: BinaryOperation? { .minimum }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.minimum(a, b) }
}
