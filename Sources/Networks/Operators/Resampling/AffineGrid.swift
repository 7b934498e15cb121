// Room: Networks. The operator AffineGrid.

internal import Tensors

/// The sampling grid of an affine map, for `GridSample`.
///
/// **Shapes**: theta `[batch, d, d + 1]`, size `[batch, channels, spatial…]`, result
/// `[batch, spatial…, d]`. **Source**: ONNX AffineGrid, opset 20.
package struct AffineGridOperator: Operator {
  private let alignsCorners: Bool

  package init(_ node: NodeDescription) throws {
    alignsCorners = try node.flag("align_corners")
  }

  package var valueInputs: [Int] { [1] }

  private func size(_ inputs: Operands) throws -> [Int] {
    let theta = try inputs.required(0, rank: 3...3).shape
    guard let size = try inputs.integers(1), (4...5).contains(size.count), size[0] == theta[0],
      theta[1] == size.count - 2, theta[2] == size.count - 1, size.allSatisfy({ $0 > 0 })
    else { throw OperatorFault.invalid("the size does not fit maps of shape \(theta)") }
    return size
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let size = try size(inputs)
    return [
      try TensorFacts(
        inputs.required(0).elementType, checking: [size[0]] + size[2...] + [size.count - 2])
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let size = try size(inputs)
    return try RealKernel.make(
      inputs.required(0).elementType,
      AffineBody(batch: size[0], lengths: Array(size[2...]), alignsCorners: alignsCorners))
  }
}

private struct AffineBody: RealBody {
  let batch: Int
  let lengths: [Int]
  let alignsCorners: Bool

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let rank = lengths.count
      let points = lengths.reduce(1, *)
      try arguments.map(T.self, to: T.self) { theta, target in
        var place = [T](repeating: 1, count: rank + 1)
        for item in 0..<batch * points {
          var rest = item % points
          for axis in (0..<rank).reversed() {
            let (index, length) = (rest % lengths[axis], lengths[axis])
            rest /= lengths[axis]
            // The innermost dimension is the map's first coordinate.
            place[rank - 1 - axis] =
              alignsCorners
              ? length > 1 ? T(2 * index) / T(length - 1) - 1 : 0
              : T(2 * index + 1) / T(length) - 1
          }
          for row in 0..<rank {
            var sum: T = 0
            for column in 0...rank {
              sum += theta[(item / points * rank + row) * (rank + 1) + column] * place[column]
            }
            target[item * rank + row] = sum
          }
        }
      }
    }
  }
}
