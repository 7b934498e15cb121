// Room: Networks. The operator Sum.

package import Tensors

/// The sum of any number of broadcast operands, element by element.
package struct SumOperator: VariadicOperator {
  package var vectorOperation: BinaryOperation? { .add }

  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.adding(a, b) }
}
