// Room: Networks. The operator TopK.

internal import Tensors

/// The k largest or smallest elements along an axis, in order, and their places; equal ones in the
/// order of their places.
///
/// **Source**: ONNX TopK, opsets 1 (k as attribute), 10 (as input), 11 (largest, sorted).
package struct TopKOperator: Operator {
  private let axis: Int
  private let takesLargest: Bool
  private let attribute: Int?

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: -1)
    takesLargest = try node.flag("largest", default: true)
    attribute = node.opset < 10 ? try node.int("k", default: 0) : nil
  }

  package var widening: Widening { [.halves, .integers] }
  package var valueInputs: [Int] { [1] }

  private func count(_ inputs: Operands) throws -> (axis: Int, k: Int) {
    let shape = try inputs.required(0).shape
    let place = try Checked.axis(axis, rank: shape.rank)
    guard let k = try attribute ?? inputs.integer(1), k >= 0, k <= shape[place] else {
      throw OperatorFault.invalid("k does not fit a length of \(shape[place])")
    }
    return (place, k)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    let (place, k) = try count(inputs)
    var lengths = input.shape.dimensions
    lengths[place] = k
    return [
      try TensorFacts(input.elementType, checking: lengths),
      try TensorFacts(.int64, checking: lengths),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let (place, k) = try count(inputs)
    return try input.elementType.computing(
      TopBody(
        outer: input.shape.dimensions[..<place].reduce(1, *), count: input.shape[place],
        inner: input.shape.dimensions[(place + 1)...].reduce(1, *), k: k,
        takesLargest: takesLargest))
  }
}

private struct TopBody: NumberBody {
  let outer: Int
  let count: Int
  let inner: Int
  let k: Int
  let takesLargest: Bool

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let values = try arguments.output().plannedDestination(of: T.self)
      let places =
        arguments.outputs.count > 1
        ? arguments.outputs[1]?.plannedDestination(of: Int64.self) : nil
      try arguments.input(0).withElements(of: T.self) { x in
        for item in 0..<outer * inner {
          let start = item / inner * count * inner + item % inner
          // NaN counts as larger than any number.
          let order = (0..<count).sorted { a, b in
            let (left, right) = (x[start + a * inner], x[start + b * inner])
            if left.isNotANumber || right.isNotANumber {
              if left.isNotANumber && right.isNotANumber { return a < b }
              return left.isNotANumber == takesLargest
            }
            if left == right { return a < b }
            return takesLargest ? left > right : left < right
          }
          let first = item / inner * k * inner + item % inner
          for (rank, index) in order.prefix(k).enumerated() {
            values[first + rank * inner] = x[start + index * inner]
            places?[first + rank * inner] = Int64(index)
          }
        }
      }
    }
  }
}
