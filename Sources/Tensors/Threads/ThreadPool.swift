// Room: Tensors. The one thread pool that computes: parallel loops over fixed tiles.

internal import CVectorKernels
internal import Foundation
internal import Synchronization

/// Threads that share the tiles of a parallel loop.
///
/// A loop's tiles depend on the work's shape alone, not on the number of threads, unless results have
/// the same bits however it is cut; and no sum is split between tiles: results have the same bits
/// whatever the number of threads. Tiles are handed out as threads come for them, so an uneven or a
/// busy machine costs little.
///
/// Loops may be started from any number of tasks at once: one at a time has the threads, the others
/// run on their callers' own threads, as loops started inside a loop do. Nothing ever deadlocks.
public final class ThreadPool: Sendable {
  /// The process's pool, made at its first use with `configure(threads:)`'s number of threads, else
  /// the environment's `SQUALL_THREADS`, else as many as there are cores.
  public static let shared: ThreadPool = {
    let requested = requestedThreads.exchange(-1, ordering: .relaxed)
    return ThreadPool(threads: requested > 0 ? requested : defaultThreadCount)
  }()

  /// Sets how many threads `shared` has, counting the caller's; without effect once it is in use.
  ///
  /// **Returns** whether it took effect.
  @discardableResult
  public static func configure(threads: Int) -> Bool {
    var current = requestedThreads.load(ordering: .relaxed)
    while current >= 0 {
      let (exchanged, original) = requestedThreads.compareExchange(
        expected: current, desired: max(threads, 1), ordering: .relaxed)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// How many threads work on a loop, the caller's included.
  public let threadCount: Int

  /// Regions estimated to take less than this run on the caller's thread. Estimates are of more than
  /// twice what the fastest kernels take, and two threads pay from about 40 microseconds.
  package static let inlineNanoseconds = 100_000.0

  // 0: not asked; above: asked for; -1: the shared pool exists.
  private static let requestedThreads = Atomic<Int>(0)

  private static var defaultThreadCount: Int {
    let environment = ProcessInfo.processInfo.environment["SQUALL_THREADS"]
    if let count = environment.flatMap({ Int($0) }), count > 0 { return min(count, 1024) }
    return max(ProcessInfo.processInfo.activeProcessorCount, 1)
  }

  private let crew: Crew

  /// A pool of its own: for tests, and for programs that separate two kinds of work.
  package init(threads count: Int) {
    let crew = Crew()
    self.crew = crew
    threadCount = min(max(count, 1), 1024)
    for index in 1..<max(threadCount, 1) {
      let thread = Thread { crew.work() }
      thread.name = "squall-\(index)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  deinit { crew.dismiss() }

  /// The pool that code on this thread uses: the shared one, unless inside `asCurrent`.
  package static var current: ThreadPool { ThreadState.current.override ?? shared }

  /// Runs `body` with this pool in the shared one's place on the calling thread.
  package func asCurrent<Result>(_ body: () throws -> Result) rethrows -> Result {
    let state = ThreadState.current
    let previous = state.override
    state.override = self
    defer { state.override = previous }
    return try body()
  }

  /// Calls `body` for every tile in `0..<tiles`, in no particular order, and returns when all are
  /// done. `nanoseconds` estimates the whole region's time on one thread: short ones run inline.
  ///
  /// `body` runs on other threads although its type cannot say so (pointers are not `Sendable`):
  /// write it in a nonisolated function, never in `main.swift` or on the main actor.
  package func forEachTile(
    _ tiles: Int, nanoseconds: Double, _ body: (Int) -> Void
  ) {
    guard tiles > 1, threadCount > 1, nanoseconds >= Self.inlineNanoseconds else {
      for tile in 0..<max(tiles, 0) { body(tile) }
      return
    }
    let state = ThreadState.current
    guard state.regionDepth == 0, tiles < Int(UInt32.max), crew.acquire() else {
      for tile in 0..<tiles { body(tile) }
      return
    }
    state.regionDepth += 1
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        crew.run(tiles: tiles, helpers: min(tiles, threadCount) - 1, body: pointer)
      }
    }
    state.regionDepth -= 1
    crew.release()
  }

  /// Calls `body` for consecutive ranges that cover `0..<count`, each `grain` long but the last.
  package func forEachRange(
    _ count: Int, grain: Int, nanosecondsPerItem: Double, _ body: (Range<Int>) -> Void
  ) {
    let grain = max(grain, 1)
    let tiles = (count + grain - 1) / grain
    forEachTile(tiles, nanoseconds: nanosecondsPerItem * Double(count)) { tile in
      body(tile * grain..<min((tile + 1) * grain, count))
    }
  }
}
