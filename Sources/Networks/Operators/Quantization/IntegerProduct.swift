// Room: Networks. Matrix products of bytes less their zero points, in integers.

internal import Tensors

/// Sums of products of bytes; a constant right-hand side is packed once.
struct IntegerProduct: Sendable {
  private let shapes: MatrixShapes
  private let isSigned: (left: Bool, right: Bool)
  private let packed: QuantizedMatrix?

  init(_ shapes: MatrixShapes, a: TensorFacts, b: TensorFacts) {
    self.shapes = shapes
    isSigned = (a.elementType == .int8, b.elementType == .int8)
    packed =
      b.shape.rank <= 2 && b.shape.count > 0
      ? b.constant.map { Self.pack($0, 0, shapes, isSigned: b.elementType == .int8) } ?? nil : nil
  }

  private static func pack(
    _ tensor: Tensor, _ matrix: Int, _ shapes: MatrixShapes, isSigned: Bool
  ) -> QuantizedMatrix? {
    tensor.withRawBytes { bytes in
      QuantizedMatrix(
        bytes + matrix * shapes.k * shapes.n, rows: shapes.k, columns: shapes.n,
        strides: (shapes.n, 1), isSigned: isSigned)
    }
  }

  /// How a run's operands are given.
  struct Operand {
    var tensor: Tensor
    var zeros: [Int32]
  }

  /// Calls `finish` with runs of sums: the row, counted through all matrices, the first column, how
  /// many, where they lie, and what is to be added to each.
  func run(
    _ a: Operand, _ b: Operand, bias: [Int32]? = nil,
    _ finish: (Int, Int, Int, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Void
  ) {
    let (m, n, k) = (shapes.m, shapes.n, shapes.k)
    _ = a.tensor.withRawBytes { left in
      if let packed, a.zeros.count == 1 {
        let rows = shapes.result.reduce(1, *) / max(n, 1)
        packed.run(
          .init(bytes: left, rows: rows, isSigned: isSigned.left, zeros: a.zeros), zeros: b.zeros,
          bias: bias, finish)
        return
      }
      shapes.forEachMatrix(nanoseconds: Double(m * n * k) * 0.05) { index, from, with in
        guard let right = packed ?? Self.pack(b.tensor, with, shapes, isSigned: isSigned.right)
        else { return }
        right.run(
          .init(
            bytes: left + from * m * k, rows: m, isSigned: isSigned.left, zeros: a.zeros),
          zeros: b.zeros, bias: bias
        ) { row, column, count, sums, added in
          finish(index * m + row, column, count, sums, added)
        }
      }
    }
  }
}
