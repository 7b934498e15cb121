// Room: Networks. The operator RandomNormal.

internal import Tensors

/// Normally distributed numbers of a given shape; see `RandomSource` for the generator.
package struct RandomNormalOperator: RandomOperator {
  let source: RandomSource
  let type: ElementType?
  let shape: [Int]?
  private let mean: Double
  private let scale: Double

  package init(_ node: NodeDescription) throws {
    source = try RandomSource(node)
    type = try node.elementType("dtype")
    shape = try node.ints("shape") ?? []
    mean = Double(try node.float("mean", default: 0))
    scale = Double(try node.float("scale", default: 1))
  }

  func number(uniform: () -> Double, normal: () -> Double) -> Double {
    mean + scale * normal()
  }
}
