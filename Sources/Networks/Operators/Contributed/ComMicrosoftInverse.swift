// Room: Networks. ONNX Runtime's operator Inverse.

internal import Tensors

/// The inverses of square matrices.
///
/// **Shapes**: `[…, size, size]`. **Edge cases**: a matrix without an inverse gives infinities and
/// NaN. **Source**: com.microsoft Inverse, version 1.
package struct ComMicrosoftInverseOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    let shape = input.shape
    guard shape[shape.rank - 1] == shape[shape.rank - 2], input.elementType.isFloatingPoint else {
      throw OperatorFault.invalid("cannot invert \(input.elementType.rawValue) matrices \(shape)")
    }
    return [TensorFacts(input.elementType, shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    return try RealKernel.make(
      input.elementType, InverseBody(size: input.shape[input.shape.rank - 1]))
  }
}

private struct InverseBody: RealBody {
  var size: Int

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [size] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        guard size > 0 else { return }
        let cost = Double(size * size * size)
        Parallel.items(source.count / (size * size), nanoseconds: cost) { item in
          let start = item * size * size
          let inverse = Self.inverse(
            (0..<size * size).map { Double(source[start + $0]) }, size: size)
          for (index, value) in inverse.enumerated() { target[start + index] = T(value) }
        }
      }
    }
  }

  /// Gauss and Jordan's elimination with the largest pivots of the columns.
  private static func inverse(_ matrix: [Double], size: Int) -> [Double] {
    var a = matrix
    var result = (0..<size * size).map { $0 / size == $0 % size ? 1.0 : 0 }
    for column in 0..<size {
      var pivot = column
      for row in column..<size where abs(a[row * size + column]) > abs(a[pivot * size + column]) {
        pivot = row
      }
      if pivot != column {
        for index in 0..<size {
          a.swapAt(pivot * size + index, column * size + index)
          result.swapAt(pivot * size + index, column * size + index)
        }
      }
      let scale = 1 / a[column * size + column]
      for index in 0..<size {
        a[column * size + index] *= scale
        result[column * size + index] *= scale
      }
      for row in 0..<size where row != column {
        let factor = a[row * size + column]
        guard factor != 0 else { continue }
        for index in 0..<size {
          a[row * size + index] -= factor * a[column * size + index]
          result[row * size + index] -= factor * result[column * size + index]
        }
      }
    }
    return result
  }
}
