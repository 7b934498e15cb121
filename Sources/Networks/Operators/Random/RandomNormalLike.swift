// Room: Networks. The operator RandomNormalLike.

package import Tensors

/// Normally distributed numbers of the input's shape; see `SeededNumbers` for the generator.
package struct RandomNormalLikeOperator: RandomOperator {
  package let seed: Float?
  package let type: ElementType?
  package let shape: [Int]?
  private let mean: Double
  private let scale: Double

  package init(_ node: NodeDescription) throws {
    seed = try node.float("seed")
    type = try node.elementType("dtype")
    shape = nil
    mean = Double(try node.float("mean", default: 0))
    scale = Double(try node.float("scale", default: 1))
  }

  package func number(uniform: () -> Double, normal: () -> Double) -> Double {
    mean + scale * normal()
  }
}
