// Room: Networks. The operator RandomUniform.

internal import Tensors

/// Evenly distributed numbers of a given shape; see `RandomSource` for the generator.
package struct RandomUniformOperator: RandomOperator {
  let source: RandomSource
  let type: ElementType?
  let shape: [Int]?
  private let low: Double
  private let high: Double

  package init(_ node: NodeDescription) throws {
    source = try RandomSource(node)
    type = try node.elementType("dtype")
    shape = try node.ints("shape") ?? []
    low = Double(try node.float("low", default: 0))
    high = Double(try node.float("high", default: 1))
  }

  func number(uniform: () -> Double, normal: () -> Double) -> Double {
    low + (high - low) * uniform()
  }
}
