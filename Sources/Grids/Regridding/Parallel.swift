// Room: Grids. Work split over threads so that results do not depend on how many there are.

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Splits work into parts that depend on the work alone, and gives parts to threads as they come free.
enum Parallel {
  /// The number of threads for "as many as there are".
  static var processorCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// The results of `body` for 0 ..< `count`, in order.
  static func map<R: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) -> R
  ) -> [R] {
    let workers = max(1, min(threads, count))
    if workers == 1 { return (0..<count).map(body) }
    let next = Atomic<Int>(0)
    let results = Mutex<[R?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        let result = body(index)
        results.withLock { $0[index] = result }
      }
    }
    return results.withLock { $0.compactMap { $0 } }
  }

  /// Cuts 0 ..< `count` into ranges of at most `size`.
  static func ranges(_ count: Int, of size: Int) -> [Range<Int>] {
    let size = max(1, size)
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// The results of `body` for ranges of at most `size` that together are 0 ..< `count`, in order.
  static func mapRanges<R: Sendable>(
    _ count: Int, of size: Int, threads: Int, _ body: @Sendable (Range<Int>) -> R
  ) -> [R] {
    let ranges = ranges(count, of: size)
    return map(ranges.count, threads: threads) { body(ranges[$0]) }
  }

  /// `count` numbers, filled in ranges of at most `size` by `body`.
  static func fill<T: Sendable>(
    _ count: Int, of size: Int, threads: Int, zero: T,
    _ body: @Sendable (Range<Int>, UnsafeMutableBufferPointer<T>) -> Void
  ) -> [T] {
    var result = [T](repeating: zero, count: count)
    let ranges = ranges(count, of: size)
    result.withUnsafeMutableBufferPointer { buffer in
      let shared = Disjoint(buffer: buffer)
      _ = map(ranges.count, threads: threads) { part in
        let range = ranges[part]
        body(range, UnsafeMutableBufferPointer(rebasing: shared.buffer[range]))
        return true
      }
    }
    return result
  }
}

/// Memory that several threads write, each a part of its own.
struct Disjoint<T>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<T>
}

/// Memory that several threads read.
struct UnsafeShared<T>: @unchecked Sendable {
  let buffer: UnsafeBufferPointer<T>
}
