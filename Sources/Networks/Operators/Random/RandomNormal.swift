// Room: Networks. The operator RandomNormal.

package import Tensors

/// Normally distributed numbers of a given shape; see `SeededNumbers` for the generator.
package struct RandomNormalOperator: RandomOperator {
  package let seed: Float?
  package let type: ElementType?
  package let shape: [Int]?
  private let mean: Double
  private let scale: Double

  package init(_ node: NodeDescription) throws {
    seed = try node.float("seed")
    type = try node.elementType("dtype")
    shape = try node.ints("shape") ?? []
    mean = Double(try node.float("mean", default: 0))
    scale = Double(try node.float("scale", default: 1))
  }

  package func number(uniform: () -> Double, normal: () -> Double) -> Double {
    mean + scale * normal()
  }
}
