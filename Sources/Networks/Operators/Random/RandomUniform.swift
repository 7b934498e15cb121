// Room: Networks. The operator RandomUniform.

package import Tensors

/// Evenly distributed numbers of a given shape; see `SeededNumbers` for the generator.
package struct RandomUniformOperator: RandomOperator {
  package let seed: Float?
  package let type: ElementType?
  package let shape: [Int]?
  private let low: Double
  private let high: Double

  package init(_ node: NodeDescription) throws {
    seed = try node.float("seed")
    type = try node.elementType("dtype")
    shape = try node.ints("shape") ?? []
    low = Double(try node.float("low", default: 0))
    high = Double(try node.float("high", default: 1))
  }

  package func number(uniform: () -> Double, normal: () -> Double) -> Double {
    low + (high - low) * uniform()
  }
}
