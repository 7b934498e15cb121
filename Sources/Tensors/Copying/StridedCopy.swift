// Room: Tensors. Dense copies of strided elements, in blocks that the caches like.

internal import CVectorKernels

/// A copy of elements that lie at any strides into a dense row, laid out once.
///
/// Dimensions that lie as in the copy are merged. Where the source runs along another dimension than
/// the copy (a transposition), squares of both are turned at a time. Short runs are taken in the
/// source's order as far as the copy is written in whole lines.
package struct StridedCopy: Sendable {
  private(set) var lengths: [Int] = []
  private(set) var strides: [Int] = []
  private(set) var targetStrides: [Int] = []
  let count: Int
  /// The dimension along which the source runs, when it is not the last.
  private let turned: Int?

  static let tileElements = 1 << 14

  /// A copy of `shape` elements at `strides`, 0 and negative ones included.
  package init(shape: Shape, strides sourceStrides: [Int]) {
    count = shape.count
    for index in 0..<shape.rank where shape[index] != 1 {
      if let last = strides.last, last == sourceStrides[index] * shape[index] {
        lengths[lengths.count - 1] *= shape[index]
        strides[strides.count - 1] = sourceStrides[index]
      } else {
        lengths.append(shape[index])
        strides.append(sourceStrides[index])
      }
    }
    if lengths.isEmpty {
      lengths = [1]
      strides = [1]
    }
    targetStrides = lengths
    var step = 1
    for index in lengths.indices.reversed() {
      targetStrides[index] = step
      step *= max(lengths[index], 1)
    }
    let inner = strides[strides.count - 1]
    let along = strides.dropLast().firstIndex(of: 1)
    turned = inner == 1 || inner == 0 ? nil : along
  }

  /// Copies elements of `width` bytes (1, 2, 4 or 8) from `source`, where the first element lies.
  package func run(
    from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, width: Int
  ) {
    guard count > 0 else { return }
    if let runs = ShortRuns(of: self, width: width) { return runs.copy(from: source, to: target) }
    switch width {
    case 1: run(UInt8.self, source, target)
    case 2: run(UInt16.self, source, target)
    case 4: run(UInt32.self, source, target)
    default: run(UInt64.self, source, target)
    }
  }

  private func run<Bits: FixedWidthInteger & BitwiseCopyable>(
    _: Bits.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let from = source.assumingMemoryBound(to: Bits.self)
    let to = target.assumingMemoryBound(to: Bits.self)
    if let turned { turn(turned, from, to) } else { runRows(from, to) }
  }

  private func runRows<Bits: FixedWidthInteger>(
    _ from: UnsafePointer<Bits>, _ to: UnsafeMutablePointer<Bits>
  ) {
    let inner = lengths[lengths.count - 1]
    let step = strides[strides.count - 1]
    let chunk = min(inner, Self.tileElements)
    let chunks = (inner + chunk - 1) / chunk
    let rows = count / inner
    let rowsPerTile = max(1, Self.tileElements / inner)
    let tiles = (rows + rowsPerTile - 1) / rowsPerTile * chunks
    let kernels = KernelVariant.current.table
    ThreadPool.current.forEachTile(tiles, nanoseconds: Double(count) * 0.4) { tile in
      let start = tile % chunks * chunk
      let length = min(chunk, inner - start)
      let first = tile / chunks * rowsPerTile
      for row in first..<min(first + rowsPerTile, rows) {
        let line = from + offset(row, through: 0..<lengths.count - 1) + start * step
        let place = to + row * inner + start
        if step == 1 {
          place.update(from: line, count: length)
        } else if step == 0 {
          place.update(repeating: line[0], count: length)
        } else if MemoryLayout<Bits>.size == 4, step > 0 {
          kernels.pointee.f32_take(
            length, step, UnsafeRawPointer(line).assumingMemoryBound(to: Float.self),
            UnsafeMutableRawPointer(place).assumingMemoryBound(to: Float.self))
        } else {
          for i in 0..<length { place[i] = line[i &* step] }
        }
      }
    }
  }

  /// How far from the first element number `index` of those dimensions lies.
  func offset(_ index: Int, through axes: some BidirectionalCollection<Int>) -> Int {
    var (rest, result) = (index, 0)
    for axis in axes.reversed() {
      result += rest % lengths[axis] * strides[axis]
      rest /= lengths[axis]
    }
    return result
  }
}

extension Tensor {
  /// A dense copy with storage of its own.
  package func copied() -> Tensor {
    let result = Tensor(uninitialized: shape, elementType)
    copyElements(to: result.storage.base)
    return result
  }

  /// Copies the elements, in row-major order, to `target`.
  package func copyElements(to target: UnsafeMutableRawPointer) {
    let width = elementType.byteWidth
    StridedCopy(shape: shape, strides: strides).run(
      from: storage.base + offset * width, to: target, width: width)
    withExtendedLifetime(storage) {}
  }

  /// Where a dense tensor's elements begin, to be written by the one who made or planned it.
  var destinationBytes: UnsafeMutableRawPointer {
    precondition(isContiguous && storage.isWritable)
    return storage.base + offset * elementType.byteWidth
  }
}
