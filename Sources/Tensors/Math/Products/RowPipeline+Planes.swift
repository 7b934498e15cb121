// Room: Tensors. Steps over rows that lie in planes, a channel in each.

internal import CVectorKernels

extension RowPipeline {
  /// How rows lie where each of their elements has a plane of its own: row p of an image is element p
  /// of each of its planes.
  package struct Planes: Sendable {
    /// The elements of a plane: the rows of one image.
    package var length: Int
    /// Whether the source and the result lie so.
    package var source: Bool, result: Bool

    package init(length: Int, source: Bool, result: Bool) {
      (self.length, self.source, self.result) = (length, source, result)
    }
  }

  /// Runs all steps for rows that lie in planes before or afterwards; a block of them is turned on
  /// its way into the cache, and back.
  ///
  /// - Parameter residual: Is added to a result that lies in planes, as it does; it may be the output's
  ///   own memory.
  package func run(
    _ planes: Planes, source: UnsafePointer<Float>, operands: [UnsafePointer<Float>],
    residual: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>
  ) {
    guard count > 0, resultWidth > 0, planes.length > 0 else { return }
    // Whole vectors of positions, where there are several blocks.
    let wanted = PanelLayout.rowsPerBlock(planes.length, width: widest)
    let block = wanted < planes.length ? (wanted + 15) / 16 * 16 : wanted
    let blocks = (planes.length + block - 1) / block
    let images = count / planes.length
    ThreadPool.current.forEachTile(images * blocks, nanoseconds: estimatedNanoseconds) { tile in
      let (image, number) = tile.quotientAndRemainder(dividingBy: blocks)
      let start = number * block
      let piece = Piece(
        image: image, start: start, count: min(block, planes.length - start))
      run(planes, piece, source, operands, residual, output)
    }
  }

  /// Neighbouring positions of one image.
  private struct Piece {
    var image: Int, start: Int, count: Int
  }

  private func run(
    _ planes: Planes, _ piece: Piece, _ source: UnsafePointer<Float>,
    _ operands: [UnsafePointer<Float>], _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let first = piece.image * planes.length + piece.start
    let (width, rows) = (sourceWidth, piece.count)
    let (inStride, outStride) = (Self.spaced(width), Self.spaced(resultWidth))
    let pitch = Self.spaced(rows)
    let outPlace = piece.image * planes.length * resultWidth + piece.start
    let floats =
      (planes.source ? rows * inStride : 0) + (planes.result ? rows * outStride : 0)
      + pitch * max(planes.source ? width : 0, planes.result ? resultWidth : 0)
    Scratch.with(Float.self, count: floats) { memory in
      let results = memory + (planes.source ? rows * inStride : 0)
      let columns = results + (planes.result ? rows * outStride : 0)
      var group = Group(
        count: rows, source: source + first * width, list: nil, first: first,
        output: planes.result ? results : output + first * resultWidth)
      var done = 0
      if planes.source {
        let corner = source + piece.image * planes.length * width + piece.start
        done = turn(corner, planes.length, rows, columns, pitch, operands, into: memory, inStride)
        group.source = UnsafePointer(memory)
        group.sourceStride = inStride
      }
      if planes.result { group.outputStride = outStride }
      run(group, 0, rows, operands, from: done)
      guard planes.result else { return }
      let target = output + outPlace
      guard let residual else {
        return transpose(rows, resultWidth, results, outStride, target, planes.length)
      }
      transpose(rows, resultWidth, results, outStride, columns, pitch)
      var plain = squall_epilogue()
      for channel in 0..<resultWidth {
        variant.table.pointee.f32_finish(
          rows, columns + channel * pitch, residual + outPlace + channel * planes.length,
          target + channel * planes.length, &plain)
      }
    }
  }

  /// Turns planes into rows, normalised on the way where that is the first step; how many steps that
  /// has done.
  private func turn(
    _ corner: UnsafePointer<Float>, _ plane: Int, _ rows: Int,
    _ columns: UnsafeMutablePointer<Float>, _ pitch: Int, _ operands: [UnsafePointer<Float>],
    into memory: UnsafeMutablePointer<Float>, _ stride: Int
  ) -> Int {
    let width = sourceWidth
    guard case .normalize(let centers, let epsilon, let scale, let shift) = steps.first,
      steps.count > 1
    else {
      transpose(width, rows, corner, plane, memory, stride)
      return 0
    }
    for channel in 0..<width {
      (columns + channel * pitch).update(from: corner + channel * plane, count: rows)
    }
    variant.table.pointee.f32_normalize_columns(
      rows, width, columns, pitch, centers, epsilon, scale.map { operands[$0] },
      shift.map { operands[$0] }, columns, pitch)
    transpose(width, rows, columns, pitch, memory, stride)
    return 1
  }

  private func transpose(
    _ rows: Int, _ columns: Int, _ source: UnsafePointer<Float>, _ stride: Int,
    _ target: UnsafeMutablePointer<Float>, _ targetStride: Int
  ) {
    variant.table.pointee.b32_transpose(
      rows, columns, UnsafeRawPointer(source).assumingMemoryBound(to: UInt32.self), stride,
      UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt32.self), targetStride)
  }

  /// A distance between lines of `width` floats that does not let them share few places of a cache.
  private static func spaced(_ width: Int) -> Int { ((width + 15) / 16 | 1) * 16 }

  /// A normalisation of planes alone, which needs no turning; nil for other steps.
  package var onlyNormalization: (centers: Bool, epsilon: Double, scale: Int?, shift: Int?)? {
    guard steps.count == 1,
      case .normalize(let centers, let epsilon, let scale, let shift) = steps[0]
    else { return nil }
    return (centers, epsilon, scale, shift)
  }
}
