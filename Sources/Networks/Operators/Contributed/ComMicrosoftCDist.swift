// Room: Networks. ONNX Runtime's operator CDist.

internal import Tensors

/// The distance of each of some points from each of others.
///
/// **Shapes**: `[m, size]` and `[n, size]` give `[m, n]`. **Source**: com.microsoft CDist, version 1,
/// metrics `euclidean` and `sqeuclidean`.
package struct ComMicrosoftCDistOperator: Operator {
  private let isSquared: Bool

  package init(_ node: NodeDescription) throws {
    isSquared =
      try node.choice("metric", default: "sqeuclidean", ["euclidean", "sqeuclidean"])
      == "sqeuclidean"
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1])
    let (a, b) = (
      try inputs.required(0, rank: 2...2).shape, try inputs.required(1, rank: 2...2).shape
    )
    guard a[1] == b[1] else {
      throw OperatorFault.invalid("points of shapes \(a) and \(b) differ in dimensions")
    }
    return [try TensorFacts(type, checking: [a[0], b[0]])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(1).shape)
    return try RealKernel.make(
      a.elementType,
      DistanceBody(m: a.shape[0], n: b[0], size: b[1], isSquared: isSquared))
  }
}

private struct DistanceBody: RealBody {
  var m: Int
  var n: Int
  var size: Int
  var isSquared: Bool

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      try arguments.input(1).withElements(of: T.self) { others in
        try arguments.map(T.self, to: T.self) { points, target in
          Parallel.items(m, nanoseconds: Double(n * size) * 2) { row in
            for column in 0..<n {
              var sum = 0.0
              for index in 0..<size {
                let difference =
                  Double(points[row * size + index]) - Double(others[column * size + index])
                sum += difference * difference
              }
              target[row * n + column] = T(isSquared ? sum : sum.squareRoot())
            }
          }
        }
      }
    }
  }
}
