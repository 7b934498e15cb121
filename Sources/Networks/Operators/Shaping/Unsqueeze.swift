// Room: Networks. The operator Unsqueeze.

package import Tensors

/// Inserts dimensions of length 1, at places counted in the result.
///
/// **Source**: ONNX Unsqueeze, opsets 1 (axes as attribute), 13 (axes as input).
package struct UnsqueezeOperator: ViewOperator {
  private let axes: [Int]?

  package init(_ node: NodeDescription) throws { axes = try node.ints("axes") }

  package var valueInputs: [Int] { [1] }

  package func viewedShape(_ input: TensorFacts, _ inputs: Operands) throws -> Shape {
    guard let named = try inputs.integers(1) ?? axes else {
      throw OperatorFault.invalid("does not say which axes to insert")
    }
    let rank = input.shape.rank + named.count
    let inserted = Set(try Checked.axes(named, rank: rank))
    var rest = input.shape.dimensions.makeIterator()
    return try Shape(checking: (0..<rank).map { inserted.contains($0) ? 1 : rest.next() ?? 1 })
  }
}
