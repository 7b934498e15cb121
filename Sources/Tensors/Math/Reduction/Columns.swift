// Room: Tensors. Softmax and normalisation along an axis that is not the last.

internal import CVectorKernels

extension VectorMath {
  /// Floats of columns that are copied together: they stay in the first cache.
  private static var columnWords: Int { 6 << 10 }

  /// How many of `inner` columns of `count` values are copied together.
  private static func columns(_ count: Int, of inner: Int) -> Int {
    min(inner, max(16, min(columnWords / max(count, 1), 512) / 16 * 16))
  }

  /// Softmax (or its logarithm) along the middle one of three dimensions, of lengths `outer`, `count`
  /// and `inner`; the result may be the input's own memory.
  package static func softmaxColumns(
    _ input: UnsafePointer<Float>, outer: Int, count: Int, inner: Int, logarithm: Bool = false,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let kernel = KernelVariant.current.table.pointee.f32_softmax_columns
    forEachBlock(input, outer, count, inner, nanosecondsPerItem: 1, output) { seen, block, pitch in
      kernel(seen, count, block, pitch, logarithm, block, pitch)
    }
  }

  /// The middle one of three dimensions brought to mean 0 (with `centers`) and mean square 1, then
  /// multiplied by `scale` and shifted by `shift`, which have a value for each of its places.
  package static func normalizeColumns(
    _ input: UnsafePointer<Float>, outer: Int, count: Int, inner: Int, centers: Bool,
    epsilon: Double, scale: UnsafePointer<Float>?, shift: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let kernel = KernelVariant.current.table.pointee.f32_normalize_columns
    forEachBlock(input, outer, count, inner, nanosecondsPerItem: 0.5, output) {
      seen, block, pitch in
      kernel(seen, count, block, pitch, centers, epsilon, scale, shift, block, pitch)
    }
  }

  /// Copies blocks of columns to where rows follow each other closely, and back after `body`: planes
  /// of memory would share few places of the caches.
  private static func forEachBlock(
    _ input: UnsafePointer<Float>, _ outer: Int, _ count: Int, _ inner: Int,
    nanosecondsPerItem: Double, _ output: UnsafeMutablePointer<Float>,
    _ body: (_ columns: Int, _ block: UnsafeMutablePointer<Float>, _ pitch: Int) -> Void
  ) {
    guard outer > 0, count > 0, inner > 0 else { return }
    let wide = columns(count, of: inner)
    let pitch = ((wide + 15) / 16 | 1) * 16
    let blocks = (inner + wide - 1) / wide
    let work = Double(outer) * Double(count) * Double(inner) * nanosecondsPerItem
    ThreadPool.current.forEachTile(outer * blocks, nanoseconds: work) { tile in
      let (image, block) = tile.quotientAndRemainder(dividingBy: blocks)
      let start = image * count * inner + block * wide
      let seen = min(wide, inner - block * wide)
      Scratch.with(Float.self, count: count * pitch) { copy in
        for row in 0..<count {
          (copy + row * pitch).update(from: input + start + row * inner, count: seen)
        }
        body(seen, copy, pitch)
        for row in 0..<count {
          (output + start + row * inner).update(from: copy + row * pitch, count: seen)
        }
      }
    }
  }
}
