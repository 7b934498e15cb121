// Room: Networks. The operator MatMul.

internal import Tensors

/// The matrix product over the last two dimensions; the others broadcast, as NumPy's `matmul`.
package struct MatMulOperator: Operator {
  let packed = PackedOnce<PackedMatrix>()

  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { [.halves, .integers] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let type = try inputs.requireSameType([0, 1])
    return [try TensorFacts(type, checking: MatrixShapes(inputs).result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try MatrixShapes(inputs)
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    if a.elementType == .float32, let weights = b.constant, b.shape.rank == 2, weights.count > 0 {
      let matrix = try packed.get(weights, variant: [0]) { try PackedMatrix(weights) }
      let rows = a.shape.rank == 1 ? 1 : a.shape.dimensions.dropLast().reduce(1, *)
      return Kernel(name: "packed") { arguments in
        try arguments.map(Float.self, to: Float.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
            return
          }
          matrix.run(input: x, count: rows, output: y)
        }
      }
    }
    switch a.elementType {
    case .float32:
      return floats(Float.self, shapes) {
        MatrixProduct.multiply($0, $1, $2, $3, $4, $5, stride: $1)
      }
    case .float64:
      return floats(Double.self, shapes) {
        MatrixProduct.multiply($0, $1, $2, $3, $4, $5, stride: $1)
      }
    case .int64: return integers(Int64.self, shapes)
    case .uint64: return integers(UInt64.self, shapes)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  private func floats<T: TensorScalar>(
    _: T.Type, _ shapes: MatrixShapes,
    _ multiply:
      @escaping @Sendable (
        Int, Int, Int, MatrixOperand<T>, MatrixOperand<T>, UnsafeMutablePointer<T>
      ) -> Void
  ) -> Kernel {
    let (m, n, k) = (shapes.m, shapes.n, shapes.k)
    return Kernel(name: "OpenBLAS") { arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress,
            !target.isEmpty
          else { return }
          shapes.forEachMatrix(nanoseconds: Double(m * n * max(k, 1)) * 0.02) {
            index, left, right in
            multiply(
              m, n, k, MatrixOperand(x + left * m * k, stride: max(k, 1)),
              MatrixOperand(y + right * k * n, stride: n), z + index * m * n)
          }
        }
      }
    }
  }

  private func integers<T: Number>(_: T.Type, _ shapes: MatrixShapes) -> Kernel {
    let (m, n, k) = (shapes.m, shapes.n, shapes.k)
    return Kernel { arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          shapes.forEachMatrix(nanoseconds: Double(m * n * max(k, 1))) { index, left, right in
            for row in 0..<m {
              for column in 0..<n {
                var sum = T.zero
                for step in 0..<k {
                  sum = T.adding(
                    sum,
                    T.multiplying(
                      a[left * m * k + row * k + step], b[right * k * n + step * n + column]))
                }
                target[index * m * n + row * n + column] = sum
              }
            }
          }
        }
      }
    }
  }
}

/// The lengths of a batched matrix product, checked.
package struct MatrixShapes: Sendable {
  package let m: Int
  package let n: Int
  package let k: Int
  package let result: [Int]
  private let count: Int
  /// Which matrix of each operand belongs to each of the result; nil where all in order.
  private let matrices: [(Int, Int)]

  package init(_ inputs: Operands) throws {
    let (a, b) = (try inputs.required(0).shape, try inputs.required(1).shape)
    guard a.rank > 0, b.rank > 0 else {
      throw OperatorFault.invalid("cannot multiply shapes \(a) and \(b): scalars are no matrices")
    }
    let left = a.rank == 1 ? [1, a[0]] : a.dimensions
    let right = b.rank == 1 ? [b[0], 1] : b.dimensions
    m = left[left.count - 2]
    k = left[left.count - 1]
    n = right[right.count - 1]
    guard right[right.count - 2] == k else {
      throw OperatorFault.invalid(
        "cannot multiply shapes \(a) and \(b): lengths \(k) and \(right[right.count - 2]) differ")
    }
    let leftBatch = try Shape(checking: Array(left.dropLast(2)))
    let rightBatch = try Shape(checking: Array(right.dropLast(2)))
    let batch = try leftBatch.broadcast(with: rightBatch)
    result =
      batch.dimensions + (a.rank == 1 ? [] : [m]) + (b.rank == 1 ? [] : [n])
    count = batch.count
    let walk = try BroadcastWalk([leftBatch, rightBatch], to: batch)
    var pairs: [(Int, Int)] = []
    guard batch.count <= 1 << 24 else {
      throw OperatorFault.unsupported("more than \(1 << 24) matrices at once")
    }
    walk.forEachPiece(in: 0..<batch.count) { _, count, offsets in
      for index in 0..<count {
        pairs.append(
          (offsets[0] + index * walk.rowStrides[0], offsets[1] + index * walk.rowStrides[1]))
      }
    }
    matrices = pairs
  }

  /// Calls `body` with each result matrix's number and those of its operands.
  package func forEachMatrix(nanoseconds: Double, _ body: (Int, Int, Int) -> Void) {
    // A single product is shared inside; several are shared as wholes.
    if count == 1 { return body(0, matrices[0].0, matrices[0].1) }
    Parallel.items(count, nanoseconds: nanoseconds) { body($0, matrices[$0].0, matrices[$0].1) }
  }
}
