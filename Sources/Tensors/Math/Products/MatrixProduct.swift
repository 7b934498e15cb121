// Room: Tensors. Matrix products of any two tensors, batched, as `MatMul` and `Gemm` want them.

internal import CVectorKernels

/// A matrix in memory: where it begins, how far its rows are apart, and whether it is meant
/// transposed.
package struct MatrixOperand<Scalar> {
  package var base: UnsafePointer<Scalar>
  package var stride: Int
  package var transposed: Bool

  package init(_ base: UnsafePointer<Scalar>, stride: Int, transposed: Bool = false) {
    self.base = base
    self.stride = stride
    self.transposed = transposed
  }
}

/// A float type that OpenBLAS multiplies.
protocol MatrixScalar: TensorScalar, BinaryFloatingPoint {
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Self, _ a: MatrixOperand<Self>, _ b: MatrixOperand<Self>,
    beta: Self, _ c: UnsafeMutablePointer<Self>, _ cStride: Int)
}

extension Float: MatrixScalar {
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float, _ a: MatrixOperand<Float>,
    _ b: MatrixOperand<Float>, beta: Float, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
  ) {
    OpenBLAS.multiply(
      m, n, k, alpha: alpha, a.base, a.stride, transposeA: a.transposed, b.base, b.stride,
      transposeB: b.transposed, beta: beta, c, cStride)
  }
}

extension Double: MatrixScalar {
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Double, _ a: MatrixOperand<Double>,
    _ b: MatrixOperand<Double>, beta: Double, _ c: UnsafeMutablePointer<Double>, _ cStride: Int
  ) {
    OpenBLAS.multiply(
      m, n, k, alpha: alpha, a.base, a.stride, transposeA: a.transposed, b.base, b.stride,
      transposeB: b.transposed, beta: beta, c, cStride)
  }
}

/// Matrix products over plain memory, for planned runs.
package enum MatrixProduct {
  /// `C = alpha op(A) op(B) + beta C`, row-major, shared by the pool's threads in fixed blocks of C.
  package static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, _ a: MatrixOperand<Float>,
    _ b: MatrixOperand<Float>, beta: Float = 0, _ c: UnsafeMutablePointer<Float>, stride: Int
  ) {
    run(m, n, k, alpha, a, b, beta, c, stride)
  }

  /// The same in double precision.
  package static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Double = 1, _ a: MatrixOperand<Double>,
    _ b: MatrixOperand<Double>, beta: Double = 0, _ c: UnsafeMutablePointer<Double>, stride: Int
  ) {
    run(m, n, k, alpha, a, b, beta, c, stride)
  }

  static func run<Scalar: MatrixScalar>(
    _ m: Int, _ n: Int, _ k: Int, _ alpha: Scalar, _ a: MatrixOperand<Scalar>,
    _ b: MatrixOperand<Scalar>, _ beta: Scalar, _ c: UnsafeMutablePointer<Scalar>, _ stride: Int
  ) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      for row in 0..<m {
        for column in 0..<n {
          let place = row * stride + column
          c[place] = beta == 0 ? 0 : beta * c[place]
        }
      }
      return
    }
    // Blocks of C large enough that packing the operands again for each costs little.
    let rowBlock = blockLength(m, other: n)
    let columnBlock = blockLength(n, other: m)
    let columns = (n + columnBlock - 1) / columnBlock
    let tiles = (m + rowBlock - 1) / rowBlock * columns
    let nanoseconds = KernelVariant.current.nanoseconds(
      multiplyAdds: Double(m) * Double(n) * Double(k))
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { tile in
      let (top, left) = (tile / columns * rowBlock, tile % columns * columnBlock)
      var (a, b) = (a, b)
      a.base += a.transposed ? top : top * a.stride
      b.base += b.transposed ? left * b.stride : left
      Scalar.multiply(
        min(rowBlock, m - top), min(columnBlock, n - left), k, alpha: alpha, a, b, beta: beta,
        c + top * stride + left, stride)
    }
  }

  /// Quarters of the longer side, halves of the shorter, 128 at least.
  private static func blockLength(_ length: Int, other: Int) -> Int {
    let parts = length >= other ? 4 : 2
    return max(128, ((length + parts - 1) / parts + 15) / 16 * 16)
  }

  static func limitError(_ a: Shape, _ b: Shape) -> TensorError {
    TensorError(
      .shapeMismatch, "matrix product of \(a) and \(b): a side is longer than 2147483647")
  }
}

extension Tensor {
  /// The matrix product over the last two dimensions, the others broadcast (NumPy `matmul`).
  ///
  /// float32 and float64 by OpenBLAS, half precision by widening, integers wrap around.
  ///
  /// **Shapes**: `[…, m, k]` times `[…, k, n]` is `[…, m, n]`; a one-dimensional operand is a row
  /// on the left, a column on the right, and its dimension is dropped from the result.
  /// **Throws** `shapeMismatch` when they do not match, `elementTypeMismatch` for two types or
  /// booleans.
  /// **Source**: ONNX `MatMul`.
  public func matrixProduct(with other: Tensor) throws(TensorError) -> Tensor {
    guard elementType == other.elementType, elementType != .bool else {
      throw TensorError(
        .elementTypeMismatch,
        "matrix product of \(elementType.rawValue) and \(other.elementType.rawValue): both must "
          + "have one numeric type")
    }
    guard shape.rank > 0, other.shape.rank > 0 else {
      throw TensorError(
        .shapeMismatch, "matrix product of \(shape) and \(other.shape): a scalar is no matrix")
    }
    let a = shape.rank == 1 ? try reshaped(to: Shape(checking: [1, count])) : self
    let b =
      other.shape.rank == 1 ? try other.reshaped(to: Shape(checking: [other.count, 1])) : other
    let (m, k) = (a.shape[a.shape.rank - 2], a.shape[a.shape.rank - 1])
    let n = b.shape[b.shape.rank - 1]
    guard b.shape[b.shape.rank - 2] == k else {
      throw TensorError(
        .shapeMismatch,
        "matrix product of \(shape) and \(other.shape): the inner lengths must be equal")
    }
    guard max(m, n, k) <= Int32.max else { throw MatrixProduct.limitError(shape, other.shape) }
    let batch = try Shape(checking: Array(a.shape.dimensions.dropLast(2))).broadcast(
      with: Shape(checking: Array(b.shape.dimensions.dropLast(2))))
    let full = try Shape(checking: batch.dimensions + [m, n])
    var visible = batch.dimensions
    if shape.rank > 1 { visible.append(m) }
    if other.shape.rank > 1 { visible.append(n) }
    let result: Tensor
    switch elementType {
    case .float32: result = a.multiplied(Float.self, b, full)
    case .float64: result = a.multiplied(Double.self, b, full)
    case _ where elementType.isNarrowFloat:
      result = try a.converted(to: .float32).matrixProduct(with: b.converted(to: .float32))
        .converted(to: elementType)
    case .int64: result = a.multipliedIntegers(Int64.self, b, full)
    case .uint64: result = a.multipliedIntegers(UInt64.self, b, full)
    case _ where elementType.isNarrowInteger:
      result = try a.converted(to: .int64).matrixProduct(with: b.converted(to: .int64))
        .converted(to: elementType)
    default: preconditionFailure("booleans were turned away above")
    }
    return try result.reshaped(to: Shape(checking: visible))
  }

  private func multiplied<Scalar: MatrixScalar>(
    _: Scalar.Type, _ other: Tensor, _ full: Shape
  ) -> Tensor {
    let output = Tensor(uninitialized: full, elementType)
    guard let target = output.plannedDestination(of: Scalar.self).baseAddress, full.count > 0
    else { return output }
    let (m, n) = (full[full.rank - 2], full[full.rank - 1])
    let k = shape[shape.rank - 1]
    let (left, right) = (matrixReady(), other.matrixReady())
    let pairs = Self.matrixOffsets(left, right, full)
    left.withStridedElements(of: Scalar.self) { a in
      right.withStridedElements(of: Scalar.self) { b in
        let (aMatrix, bMatrix) = (left.matrixOperand(a), right.matrixOperand(b))
        func multiply(_ index: Int) {
          var (x, y) = (aMatrix, bMatrix)
          x.base += pairs[index].0
          y.base += pairs[index].1
          MatrixProduct.run(m, n, k, 1, x, y, 0, target + index * m * n, n)
        }
        // One stack of rows times one matrix is a single product.
        if pairs.count > 1, pairs.allSatisfy({ $0.1 == 0 }), !aMatrix.transposed,
          aMatrix.stride == k,
          pairs.indices.allSatisfy({ pairs[$0].0 == $0 * m * k }), m * pairs.count <= Int32.max
        {
          MatrixProduct.run(m * pairs.count, n, k, 1, aMatrix, bMatrix, 0, target, n)
        } else if pairs.count < 8 {
          for index in pairs.indices { multiply(index) }
        } else {
          let nanoseconds = KernelVariant.current.nanoseconds(
            multiplyAdds: Double(m) * Double(n) * Double(k) * Double(pairs.count))
          ThreadPool.current.forEachTile(pairs.count, nanoseconds: nanoseconds, multiply)
        }
      }
    }
    return output
  }

  /// Where each matrix of the batch begins in both operands, from their first elements on.
  private static func matrixOffsets(
    _ a: Tensor, _ b: Tensor, _ full: Shape
  ) -> [(Int, Int)] {
    let batch = Array(full.dimensions.dropLast(2))
    func steps(_ tensor: Tensor) -> [Int] {
      let own = tensor.shape.rank - 2
      return batch.indices.map { index in
        let axis = index - (batch.count - own)
        return axis < 0 || tensor.shape[axis] == 1 ? 0 : tensor.strides[axis]
      }
    }
    let (aSteps, bSteps) = (steps(a), steps(b))
    let count = batch.reduce(1, *)
    return (0..<count).map { index in
      var (rest, x, y) = (index, 0, 0)
      for axis in batch.indices.reversed() {
        x += rest % batch[axis] * aSteps[axis]
        y += rest % batch[axis] * bSteps[axis]
        rest /= batch[axis]
      }
      return (x, y)
    }
  }

  /// The tensor itself when its last two dimensions are a matrix that BLAS can read, transposed or
  /// not; else a dense copy.
  private func matrixReady() -> Tensor {
    let (row, column) = (strides[shape.rank - 2], strides[shape.rank - 1])
    let (m, k) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let isPlain = column == 1 && row >= k && row <= Int32.max
    let isTransposed = row == 1 && column >= m && column <= Int32.max
    return isPlain || isTransposed ? self : contiguous()
  }

  private func matrixOperand<Scalar>(_ base: UnsafePointer<Scalar>) -> MatrixOperand<Scalar> {
    let (row, column) = (strides[shape.rank - 2], strides[shape.rank - 1])
    if column == 1, row >= shape[shape.rank - 1] { return MatrixOperand(base, stride: row) }
    if row == 1, column >= shape[shape.rank - 2] {
      return MatrixOperand(base, stride: column, transposed: true)
    }
    // A dense copy whose lengths of 0 or 1 leave odd strides.
    return MatrixOperand(base, stride: max(shape[shape.rank - 1], 1))
  }

  private func multipliedIntegers<Scalar: TensorScalar & FixedWidthInteger>(
    _: Scalar.Type, _ other: Tensor, _ full: Shape
  ) -> Tensor {
    let output = Tensor(uninitialized: full, elementType)
    let (m, n) = (full[full.rank - 2], full[full.rank - 1])
    let k = shape[shape.rank - 1]
    let (left, right) = (contiguous(), other.contiguous())
    let pairs = Self.matrixOffsets(left, right, full)
    let target = output.plannedDestination(of: Scalar.self)
    left.withElements(of: Scalar.self) { a in
      right.withElements(of: Scalar.self) { b in
        for (index, (x, y)) in pairs.enumerated() {
          for row in 0..<m {
            let place = (index * m + row) * n
            for column in 0..<n { target[place + column] = 0 }
            for i in 0..<k {
              let value = a[x + row * k + i]
              for column in 0..<n {
                target[place + column] &+= value &* b[y + i * n + column]
              }
            }
          }
        }
      }
    }
    return output
  }
}
