// Room: Networks. The operator Max.

package import Tensors

/// The largest of any number of broadcast operands, element by element.
package struct MaxOperator: VariadicOperator {
  package var vectorOperation: BinaryOperation? { .maximum }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.maximum(a, b) }
}
