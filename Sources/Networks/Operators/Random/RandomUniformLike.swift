// Room: Networks. The operator RandomUniformLike.

package import Tensors

/// Evenly distributed numbers of the input's shape; see `SeededNumbers` for the generator.
package struct RandomUniformLikeOperator: RandomOperator {
  package let seed: Float?
  package let type: ElementType?
  package let shape: [Int]?
  private let low: Double
  private let high: Double

  package init(_ node: NodeDescription) throws {
    seed = try node.float("seed")
    type = try node.elementType("dtype")
    shape = nil
    low = Double(try node.float("low", default: 0))
    high = Double(try node.float("high", default: 1))
  }

  package func number(uniform: () -> Double, normal: () -> Double) -> Double {
    low + (high - low) * uniform()
  }
}
