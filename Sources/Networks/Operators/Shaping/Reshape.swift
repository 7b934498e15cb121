// Room: Networks. The operator Reshape.

package import Tensors

/// The same elements under another shape: 0 keeps a length (unless `allowzero`), one -1 is deduced.
///
/// **Source**: ONNX Reshape, opsets 1 (shape as attribute), 5, 14 (`allowzero`).
package struct ReshapeOperator: ViewOperator {
  private let shape: [Int]?
  private let allowsZero: Bool

  package init(_ node: NodeDescription) throws {
    shape = node.opset < 5 ? try node.ints("shape") ?? [] : nil
    allowsZero = try node.flag("allowzero")
  }

  package var valueInputs: [Int] { [1] }

  package func viewedShape(_ input: TensorFacts, _ inputs: Operands) throws -> Shape {
    guard var lengths = try shape ?? inputs.integers(1) else {
      throw OperatorFault.invalid("input 1, the new shape, is missing")
    }
    if !allowsZero {
      for index in lengths.indices where lengths[index] == 0 {
        guard index < input.shape.rank else {
          throw OperatorFault.invalid(
            "the new shape \(lengths) keeps length \(index), which \(input.shape) lacks")
        }
        lengths[index] = input.shape[index]
      }
    }
    return try Self.deduced(lengths, count: input.shape.count, from: input.shape)
  }

  /// `lengths` with at most one -1 replaced so that there are `count` elements.
  static func deduced(_ lengths: [Int], count: Int, from source: Shape) throws -> Shape {
    let open = lengths.indices.filter { lengths[$0] == -1 }
    guard let place = open.first else { return try Shape(checking: lengths) }
    var result = lengths
    result[place] = 1
    let known = try Shape(checking: result)
    guard open.count == 1, known.count > 0, count % known.count == 0 else {
      throw OperatorFault.invalid("shape \(source) cannot become \(lengths)")
    }
    result[place] = count / known.count
    return try Shape(checking: result)
  }
}
