// Room: Tensors. What each thread that computes keeps for itself: scratch memory, and whether it
// is already inside a parallel region.

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// One thread's scratch memory and nesting; only its own thread touches it.
final class ThreadState {
  /// How many parallel regions this thread is inside of; above 0, further regions run inline.
  var regionDepth = 0
  /// The pool that code on this thread uses instead of the shared one.
  var override: ThreadPool?
  /// What the memory that this thread takes is charged to.
  var account: MemoryAccount?
  /// The kernels that code on this thread uses instead of the chosen ones.
  var variant: KernelVariant?
  private var chunk: UnsafeMutableRawBufferPointer
  private var used = 0
  private var highWater = 0

  private init() {
    chunk = .allocate(byteCount: 256 << 10, alignment: Scratch.alignment)
  }

  deinit { chunk.deallocate() }

  /// The calling thread's state, made at its first use and freed when the thread ends.
  static var current: ThreadState {
    if let existing = pthread_getspecific(key) {
      return Unmanaged<ThreadState>.fromOpaque(existing).takeUnretainedValue()
    }
    let state = ThreadState()
    pthread_setspecific(key, Unmanaged.passRetained(state).toOpaque())
    return state
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key) { state in
      #if canImport(Darwin)
        Unmanaged<ThreadState>.fromOpaque(state).release()
      #else
        if let state { Unmanaged<ThreadState>.fromOpaque(state).release() }
      #endif
    }
    precondition(status == 0, "the system has no thread-specific key left")
    return key
  }()

  /// Loans from here on are counted.
  private static let countedLoan = 1 << 20

  /// Lends `byteCount` bytes until `body` returns. Loans nest like a stack. Large ones are counted by
  /// the thread that has an account, for all that work beside it.
  func withScratch<Result>(
    byteCount: Int, _ body: (UnsafeMutableRawPointer) throws -> Result
  ) rethrows -> Result {
    if byteCount >= Self.countedLoan, let account {
      let sharers = regionDepth > 0 ? (override ?? ThreadPool.shared).threadCount : 1
      let all = byteCount.multipliedReportingOverflow(by: sharers)
      return try account.lend(all.overflow ? byteCount : all.partialValue) {
        try lend(byteCount, body)
      }
    }
    return try lend(byteCount, body)
  }

  private func lend<Result>(
    _ byteCount: Int, _ body: (UnsafeMutableRawPointer) throws -> Result
  ) rethrows -> Result {
    let rounded = (byteCount + Scratch.alignment - 1) / Scratch.alignment * Scratch.alignment
    used += rounded
    highWater = max(highWater, used)
    defer {
      used -= rounded
      if used == 0 { regrow() }
    }
    if used <= chunk.count, let base = chunk.baseAddress { return try body(base + used - rounded) }
    // Older loans keep their places, so this one gets memory of its own; next time all fit.
    let own = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: Scratch.alignment)
    defer { own.deallocate() }
    return try body(own)
  }

  /// Makes the chunk as long as all loans together have been, once none is out.
  private func regrow() {
    guard highWater > chunk.count else { return }
    chunk.deallocate()
    chunk = .allocate(byteCount: highWater, alignment: Scratch.alignment)
  }
}

/// Scratch memory of the calling thread: aligned, reused, and lent for a closure's duration.
package enum Scratch {
  /// The alignment of every loan, in bytes.
  package static let alignment = 64

  /// Lends memory for `count` values, not initialised, until `body` returns. Loans nest.
  @inline(__always)
  package static func with<Scalar: BitwiseCopyable, Result>(
    _ type: Scalar.Type, count: Int, _ body: (UnsafeMutablePointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    try ThreadState.current.withScratch(byteCount: max(count, 1) * MemoryLayout<Scalar>.stride) {
      try body($0.bindMemory(to: Scalar.self, capacity: count))
    }
  }
}
