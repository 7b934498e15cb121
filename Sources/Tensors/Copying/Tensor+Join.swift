// Room: Tensors. Joining tensors along a dimension and cutting them apart.

extension Tensor {
  /// The tensors one after the other along dimension `axis`.
  ///
  /// **Throws** `shapeMismatch` when there is none, the axis is not there or the other dimensions
  /// differ; `elementTypeMismatch` for different types.
  /// **Source**: ONNX `Concat`.
  public static func concatenated(_ tensors: [Tensor], axis: Int) throws(TensorError) -> Tensor {
    guard let first = tensors.first, axis >= 0, axis < first.shape.rank else {
      throw TensorError(
        .shapeMismatch,
        "concatenation of \(tensors.count) tensors along dimension \(axis): there must be one at "
          + "least, and it must have that dimension")
    }
    var lengths = first.shape.dimensions
    lengths[axis] = 0
    for tensor in tensors {
      guard tensor.elementType == first.elementType else {
        throw TensorError(
          .elementTypeMismatch,
          "concatenation of \(first.elementType.rawValue) and \(tensor.elementType.rawValue): "
            + "all must have one type")
      }
      var own = tensor.shape.dimensions
      guard own.count == lengths.count else { throw mismatch(first, tensor, axis) }
      let (sum, overflow) = lengths[axis].addingReportingOverflow(own[axis])
      own[axis] = lengths[axis]
      guard own == lengths, !overflow else { throw mismatch(first, tensor, axis) }
      lengths[axis] = sum
    }
    let output = Tensor(uninitialized: try Shape(checking: lengths), first.elementType)
    concatenate(tensors, axis: axis, into: output)
    return output
  }

  private static func mismatch(_ a: Tensor, _ b: Tensor, _ axis: Int) -> TensorError {
    TensorError(
      .shapeMismatch,
      "concatenation of \(a.shape) and \(b.shape) along dimension \(axis): the others must be equal"
    )
  }

  /// Writes the tensors one after the other along dimension `axis` of a dense output that fits.
  package static func concatenate(_ tensors: [Tensor], axis: Int, into output: Tensor) {
    guard output.count > 0 else { return }
    let width = output.elementType.byteWidth
    let inner = output.shape.dimensions[(axis + 1)...].reduce(1, *) * width
    let outer = output.shape.dimensions[..<axis].reduce(1, *)
    let pitch = inner * output.shape[axis]
    var start = output.storage.base + output.offset * width
    for tensor in tensors {
      let block = tensor.shape[axis] * inner
      let target = start
      tensor.withBytes { bytes in
        guard let source = bytes.baseAddress, block > 0 else { return }
        // Long blocks in pieces, short ones several to a tile.
        let piece = min(block, 1 << 16)
        let pieces = (block + piece - 1) / piece
        let together = max(1, (1 << 16) / block)
        let tiles = (outer + together - 1) / together * pieces
        ThreadPool.current.forEachTile(
          tiles, nanoseconds: Double(outer) * Double(block) * 0.08
        ) { tile in
          let from = tile % pieces * piece
          let first = tile / pieces * together
          for row in first..<min(first + together, outer) {
            (target + row * pitch + from).copyMemory(
              from: source + row * block + from, byteCount: min(piece, block - from))
          }
        }
      }
      start += block
    }
  }

  /// Views of consecutive pieces of dimension `axis`, as long as `lengths` says.
  ///
  /// **Throws** `shapeMismatch` when the lengths are negative or do not add up to the dimension's.
  /// **Source**: ONNX `Split`.
  public func split(axis: Int, lengths: [Int]) throws(TensorError) -> [Tensor] {
    var sum = 0
    var fits = axis >= 0 && axis < shape.rank
    for length in lengths {
      fits = fits && length >= 0 && length <= (fits ? shape[axis] : 0) - sum
      if fits { sum += length }
    }
    guard fits, sum == shape[axis] else {
      throw TensorError(
        .shapeMismatch, "pieces of \(lengths) along dimension \(axis) of \(shape) do not fill it")
    }
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return sliced(axis, start..<start + length)
    }
  }
}
