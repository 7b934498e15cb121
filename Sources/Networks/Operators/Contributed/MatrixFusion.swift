// Room: Networks. Matrix products with transpositions and a factor, as ONNX Runtime fuses them.

internal import Tensors

/// `alpha · op(a) · op(b)`, where op may transpose the last two dimensions, and before that bring the
/// first dimension to the last but one.
package struct MatrixFusion: Sendable {
  private let alpha: Float
  private let transposes: [Bool]
  private let transposesBatch: [Bool]

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
    transposes = [try node.flag("transA"), try node.flag("transB")]
    transposesBatch = [try node.flag("transBatchA"), try node.flag("transBatchB")]
  }

  package func expand(_ body: inout CompositeBody) throws -> ValueID {
    var sides: [ValueID] = []
    for side in 0...1 {
      let value = try body.input(side)
      let equation: String? =
        switch (transposesBatch[side], transposes[side]) {
        case (false, false): nil
        case (false, true): "...ij->...ji"
        case (true, false): "i...j->...ij"
        case (true, true): "i...j->...ji"
        }
      sides.append(
        try equation.map { try body.one("Einsum", [value], ["equation": .string($0)]) } ?? value)
    }
    let product = try body.one("MatMul", sides)
    if alpha == 1 { return product }
    return try body.one("Mul", [product, body.number(alpha, like: product)])
  }
}
