// Room: Networks. The operator Squeeze.

package import Tensors

/// Removes dimensions of length 1: the named ones, or all.
///
/// **Source**: ONNX Squeeze, opsets 1 (axes as attribute), 13 (axes as input).
package struct SqueezeOperator: ViewOperator {
  private let axes: [Int]?

  package init(_ node: NodeDescription) throws { axes = try node.ints("axes") }

  package var valueInputs: [Int] { [1] }

  package func viewedShape(_ input: TensorFacts, _ inputs: Operands) throws -> Shape {
    let lengths = input.shape.dimensions
    guard let named = try inputs.integers(1) ?? axes else {
      return try Shape(checking: lengths.filter { $0 != 1 })
    }
    let removed = Set(try Checked.axes(named, rank: lengths.count))
    if let wrong = removed.first(where: { lengths[$0] != 1 }) {
      throw OperatorFault.invalid(
        "dimension \(wrong) of \(input.shape) has length \(lengths[wrong]), not 1")
    }
    return try Shape(checking: lengths.indices.filter { !removed.contains($0) }.map { lengths[$0] })
  }
}
