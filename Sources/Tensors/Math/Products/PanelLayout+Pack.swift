// Room: Tensors. Matrices on their way into panels.

internal import CVectorKernels

extension PanelLayout {
  /// Packs a matrix in memory, with biases of 0, into `target`.
  func pack(_ matrix: MatrixOperand<Float>, into target: UnsafeMutablePointer<Float>) {
    for index in panels.indices {
      pack(
        index, source: UnsafeRawPointer(matrix.base), stride: matrix.stride,
        transposed: matrix.transposed, biases: nil, into: UnsafeMutableRawPointer(target))
    }
  }

  /// Packs one panel of a matrix whose lines are `stride` numbers of the layout's format apart, at
  /// whatever address; one bias for each column, or one for all, or none. Every byte is written.
  func pack(
    _ index: Int, source: UnsafeRawPointer, stride: Int, transposed: Bool,
    biases: UnsafeBufferPointer<Float>?, into target: UnsafeMutableRawPointer
  ) {
    let panel = panels[index]
    let first = (target + panel.offset).bindMemory(to: Float.self, capacity: panel.width)
    first.update(repeating: 0, count: panel.width)
    if let biases, !biases.isEmpty {
      for x in 0..<panel.columns {
        first[x] = biases[biases.count == 1 ? 0 : panel.firstColumn + x]
      }
    }
    let place = target + panel.weights
    let size = format.byteWidth
    if transposed {
      turn(panel, source + panel.firstColumn * stride * size, stride, into: place)
    } else {
      for row in 0..<rows {
        (place + row * panel.width * size).copyMemory(
          from: source + (row * stride + panel.firstColumn) * size, byteCount: panel.columns * size)
      }
    }
    let missing = panel.width - panel.columns
    guard missing > 0 else { return }
    for row in 0..<rows {
      (place + (row * panel.width + panel.columns) * size).initializeMemory(
        as: UInt8.self, repeating: 0, count: missing * size)
    }
  }

  /// Packs lines of `rows` numbers, each a column of the panel.
  private func turn(
    _ panel: Panel, _ source: UnsafeRawPointer, _ stride: Int,
    into place: UnsafeMutableRawPointer
  ) {
    guard format == .float32 else {
      return turn(UInt16.self, panel, source, stride, into: place)
    }
    guard Int(bitPattern: source) % 4 == 0 else {
      return turn(UInt32.self, panel, source, stride, into: place)
    }
    variant.table.pointee.b32_transpose(
      panel.columns, rows, source.assumingMemoryBound(to: UInt32.self), stride,
      place.assumingMemoryBound(to: UInt32.self), panel.width)
  }

  private func turn<Word: FixedWidthInteger & BitwiseCopyable>(
    _: Word.Type, _ panel: Panel, _ source: UnsafeRawPointer, _ stride: Int,
    into place: UnsafeMutableRawPointer
  ) {
    let size = MemoryLayout<Word>.stride
    let target = place.assumingMemoryBound(to: Word.self)
    // A few rows at a time: a line of the source is read whole before it leaves the cache.
    for start in Swift.stride(from: 0, to: rows, by: 32) {
      let end = min(start + 32, rows)
      for x in 0..<panel.columns {
        let line = source + x * stride * size
        for k in start..<end {
          target[k &* panel.width &+ x] = line.loadUnaligned(
            fromByteOffset: k &* size, as: Word.self)
        }
      }
    }
  }
}
