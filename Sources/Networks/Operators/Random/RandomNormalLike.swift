// Room: Networks. The operator RandomNormalLike.

internal import Tensors

/// Normally distributed numbers of the input's shape; see `RandomSource` for the generator.
package struct RandomNormalLikeOperator: RandomOperator {
  let source: RandomSource
  let type: ElementType?
  let shape: [Int]?
  private let mean: Double
  private let scale: Double

  package init(_ node: NodeDescription) throws {
    source = try RandomSource(node)
    type = try node.elementType("dtype")
    shape = nil
    mean = Double(try node.float("mean", default: 0))
    scale = Double(try node.float("scale", default: 1))
  }

  func number(uniform: () -> Double, normal: () -> Double) -> Double {
    mean + scale * normal()
  }
}
