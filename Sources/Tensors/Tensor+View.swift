// Room: Tensors. Views: the same storage seen with another shape or other strides.

extension Tensor {
  /// The tensor itself when its elements lie in a row, else a dense copy.
  public func contiguous() -> Tensor { isContiguous ? self : copied() }

  /// The same elements in the same order under another shape; copies only a strided view.
  ///
  /// **Throws** `TensorError.shapeMismatch` when the number of elements differs.
  public func reshaped(to newShape: Shape) throws(TensorError) -> Tensor {
    guard newShape.count == count else {
      throw TensorError(
        .shapeMismatch,
        "\(count) elements of shape \(shape) cannot take the shape \(newShape) of \(newShape.count)"
      )
    }
    let dense = contiguous()
    return Tensor(
      storage: dense.storage, elementType: elementType, shape: newShape, offset: dense.offset)
  }

  /// A view whose dimension `i` is this tensor's dimension `permutation[i]`.
  ///
  /// **Throws** `TensorError.shapeMismatch` when `permutation` is not one.
  public func transposed(_ permutation: [Int]) throws(TensorError) -> Tensor {
    guard permutation.sorted() == Array(0..<shape.rank) else {
      throw TensorError(
        .shapeMismatch, "\(permutation) is no permutation of the \(shape.rank) dimensions \(shape)")
    }
    return Tensor(
      storage: storage, elementType: elementType, shape: Shape(permutation.map { shape[$0] }),
      strides: permutation.map { strides[$0] }, offset: offset)
  }

  /// A view in which dimensions of length 1 (and missing leading ones) repeat to fill `target`.
  ///
  /// **Throws** `TensorError.shapeMismatch` where a length is neither 1 nor the target's.
  public func broadcast(to target: Shape) throws(TensorError) -> Tensor {
    let missing = target.rank - shape.rank
    var newStrides = [Int](repeating: 0, count: target.rank)
    for index in 0..<target.rank where index >= missing {
      let length = missing < 0 ? -1 : shape[index - missing]
      if length == target[index] {
        newStrides[index] = strides[index - missing]
      } else if length != 1 {
        throw TensorError(.shapeMismatch, "shape \(shape) does not broadcast to \(target)")
      }
    }
    guard missing >= 0 else {
      throw TensorError(.shapeMismatch, "shape \(shape) does not broadcast to \(target)")
    }
    return Tensor(
      storage: storage, elementType: elementType, shape: target, strides: newStrides,
      offset: offset)
  }

  /// A view of every `step`-th element of `range` along dimension `axis`.
  ///
  /// **Edge cases**: traps when the range leaves the dimension or the step is not positive.
  public func sliced(_ axis: Int, _ range: Range<Int>, step: Int = 1) -> Tensor {
    precondition(step > 0 && range.lowerBound >= 0 && range.upperBound <= shape[axis])
    var lengths = shape.dimensions
    var newStrides = strides
    lengths[axis] = (range.count + step - 1) / step
    newStrides[axis] = strides[axis] * step
    return Tensor(
      storage: storage, elementType: elementType, shape: Shape(lengths), strides: newStrides,
      offset: offset + range.lowerBound * strides[axis])
  }
}
