// Room: Networks. Splitting element loops over the pool: by the work's size, never by the threads.

internal import Tensors

/// Splits loops into tiles that depend on the work's size alone.
package enum Parallel {
  /// Elements a tile of an element-wise loop has: large enough to pay, small enough to share.
  package static let elementTile = 16_384

  /// Calls `body` for consecutive ranges that cover `0..<count`.
  package static func elements(
    _ count: Int, nanosecondsPerElement: Double = 0.5, _ body: (Range<Int>) -> Void
  ) {
    guard count > elementTile else {
      if count > 0 { body(0..<count) }
      return
    }
    ThreadPool.current.forEachRange(
      count, grain: elementTile, nanosecondsPerItem: nanosecondsPerElement, body)
  }

  /// Calls `body` for each of `0..<count`, each item costing about `nanoseconds`.
  package static func items(_ count: Int, nanoseconds: Double, _ body: (Int) -> Void) {
    let grain = max(1, Int(20_000 / max(nanoseconds, 1)))
    ThreadPool.current.forEachRange(count, grain: grain, nanosecondsPerItem: nanoseconds) { range in
      for item in range { body(item) }
    }
  }
}
