// Room: Tensors. Copies whose source runs along another dimension than they do: transpositions.

internal import CVectorKernels

extension StridedCopy {
  /// Copies where the source runs along dimension `turned`. Its rows run along that; rows of the copy
  /// along as many of the last dimensions as make them long: rectangles of both are turned at a time,
  /// so that whole lines of either are read and written.
  func turn<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ turned: Int, _ from: UnsafePointer<Bits>, _ to: UnsafeMutablePointer<Bits>
  ) {
    let columns = lengths[turned]
    let isWord = MemoryLayout<Bits>.size == 4
    var first = lengths.count - 1
    var rows = lengths[first]
    // A few columns are taken one after the other.
    let takes = isWord && columns < 4 && strides[first] > 0
    while !takes, rows < Self.leastRows, first > turned + 1 {
      first -= 1
      rows *= lengths[first]
    }
    let behind = Array(first..<lengths.count)
    let others = (0..<first).reversed().filter { $0 != turned }
    let stride = targetStrides[turned]
    let step = behind.count == 1 ? strides[first] : nil
    // A few rows of the source taken in turn: they stay whole.
    let alternates = isWord && rows <= 16 && step != nil && stride == rows
    let (high, wide) = alternates ? (rows, 2048) : (columns <= 64 ? Self.mostRows : 64, 256)
    let (down, across) = ((rows + high - 1) / high, (columns + wide - 1) / wide)
    ThreadPool.current.forEachTile(
      count / (rows * columns) * down * across, nanoseconds: Double(count) * 0.7
    ) { tile in
      let (outer, top) = (tile / (down * across), tile % down * high)
      let left = tile / down % across * wide
      var (rest, line, place) = (outer, from + left, to + (left * stride + top))
      for axis in others {
        let (next, index) = rest.quotientAndRemainder(dividingBy: lengths[axis])
        line += index * strides[axis]
        place += index * targetStrides[axis]
        rest = next
      }
      let (h, w) = (min(high, rows - top), min(wide, columns - left))
      if let step, alternates {
        KernelVariant.current.table.pointee.f32_interleave(
          w, rows, UnsafeRawPointer(line).assumingMemoryBound(to: Float.self), step,
          UnsafeMutableRawPointer(place).assumingMemoryBound(to: Float.self))
      } else if let step, takes {
        for column in 0..<w {
          KernelVariant.current.table.pointee.f32_take(
            h, step,
            UnsafeRawPointer(line + top * step + column).assumingMemoryBound(to: Float.self),
            UnsafeMutableRawPointer(place + column * stride).assumingMemoryBound(to: Float.self))
        }
      } else if let step, isWord, columns <= 16 {
        KernelVariant.current.transpose(
          rows: h, columns: w, line + top * step, stride: step, to: place, stride: stride)
      } else {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: h) { offsets in
          fill(offsets, from: top, through: behind)
          Self.turn(columns: w, line, rows: UnsafeBufferPointer(offsets), place, stride)
        }
      }
    }
  }

  /// Where elements of those last dimensions lie, from number `start` on.
  private func fill(
    _ offsets: UnsafeMutableBufferPointer<Int>, from start: Int, through axes: [Int]
  ) {
    let (length, step) = (lengths[lengths.count - 1], strides[strides.count - 1])
    var (row, at) = (0, start % length)
    var line = start / length
    while row < offsets.count {
      let first = offset(line, through: axes.dropLast())
      let end = min(offsets.count, row + length - at)
      while row < end {
        offsets.initializeElement(at: row, to: first + at * step)
        row += 1
        at += 1
      }
      at = 0
      line += 1
    }
  }

  /// Shorter rows of the copy are joined by those of the dimension before, and longer ones cut.
  private static let leastRows = 64, mostRows = 256

  /// Turns `columns` columns of rows that begin at the offsets `rows` from `line`.
  private static func turn<Bits: FixedWidthInteger & BitwiseCopyable>(
    columns: Int, _ line: UnsafePointer<Bits>, rows: UnsafeBufferPointer<Int>,
    _ place: UnsafeMutablePointer<Bits>, _ stride: Int
  ) {
    guard MemoryLayout<Bits>.size == 4, let offsets = rows.baseAddress else {
      for column in 0..<columns {
        for row in rows.indices { place[column &* stride &+ row] = line[rows[row] &+ column] }
      }
      return
    }
    func turn(into target: UnsafeMutablePointer<Bits>, _ stride: Int) {
      KernelVariant.current.table.pointee.b32_transpose_rows(
        rows.count, columns, UnsafeRawPointer(line).assumingMemoryBound(to: UInt32.self), offsets,
        UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt32.self), stride)
    }
    // Rows of the copy that are a multiple of so many bytes apart fall into a few places of the
    // first cache, and push each other out.
    guard stride % 256 == 0, columns > 16 else { return turn(into: place, stride) }
    let apart = mostRows + 16
    Scratch.with(Bits.self, count: columns * apart) { scratch in
      turn(into: scratch, apart)
      for column in 0..<columns {
        (place + column * stride).update(from: scratch + column * apart, count: rows.count)
      }
    }
  }
}
