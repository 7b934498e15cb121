// Room: Tensors. How much memory a piece of work has taken, and how much it may take.

internal import CVectorKernels
internal import Synchronization

/// The memory that the allocator holds for nobody.
package enum FreeMemory {
  /// Gives it back to the system: what was needed while a plan was made stays with the process else.
  package static func giveBack() { squall_return_free_pages() }
}

/// Something that keeps memory only to be faster next time.
package protocol MemoryKeeper: AnyObject, Sendable {
  /// Lets go of what idles; of plans too when `all`.
  func letGo(all: Bool)
}

/// Counts the bytes that tensors, arenas and packed weights take while the account is the current
/// one of the thread that makes them, until they are freed.
///
/// `require` is asked before anything large is made. What is made without asking (a dense copy of
/// a view) is counted all the same, and whoever runs the work looks at `isOverdrawn` afterwards: so
/// the limit is passed by no more than what one operator makes of its own inputs and outputs.
package final class MemoryAccount: Sendable {
  private struct Keeper {
    weak var object: (any MemoryKeeper)?
  }

  /// The most bytes that may be out at a time.
  package let limit: Int
  /// Where arrays made from weights are found and kept, if anywhere.
  package let weights: (any WeightStore)?
  /// Arrays made from weights that are in use.
  let sharedArrays = SharedArrays()
  private let charged = Atomic<Int>(0)
  private let passedLimit = Atomic<Bool>(false)
  private let sparing = Atomic<Bool>(false)
  private let keepers = Mutex<[Keeper]>([])

  /// An account for at most `limit` bytes.
  package init(limit: Int, weights: (any WeightStore)? = nil) {
    (self.limit, self.weights) = (limit, weights)
  }

  /// How many bytes are out.
  package var used: Int { charged.load(ordering: .relaxed) }

  /// Whether more is out than may be, and could not be called back; or whether a loan that has been
  /// given back since was too large.
  package var isOverdrawn: Bool {
    if passedLimit.load(ordering: .relaxed), passedLimit.exchange(false, ordering: .relaxed) {
      return true
    }
    guard used > limit else { return false }
    return !callBack(0)
  }

  /// Whether work is to be laid out for little memory rather than for speed, since it does not fit
  /// otherwise.
  package var isSparing: Bool { sparing.load(ordering: .relaxed) }

  /// From now on, work is laid out for little memory.
  package func spare() { sparing.store(true, ordering: .relaxed) }

  /// Counts a loan of `byteCount` bytes while `body` runs.
  func lend<Result>(_ byteCount: Int, _ body: () throws -> Result) rethrows -> Result {
    charge(byteCount)
    defer { release(byteCount) }
    if used > limit, !callBack(0) { passedLimit.store(true, ordering: .relaxed) }
    return try body()
  }

  /// Whether `byteCount` bytes more may be taken; caches are emptied before the answer is no.
  package func allows(_ byteCount: Int) -> Bool {
    if fits(byteCount) { return true }
    return byteCount >= 0 && byteCount <= limit && callBack(byteCount)
  }

  private func fits(_ byteCount: Int) -> Bool {
    let (sum, overflow) = used.addingReportingOverflow(byteCount)
    return byteCount >= 0 && !overflow && sum <= limit
  }

  private func callBack(_ byteCount: Int) -> Bool {
    // The objects are held until the lock is free again: letting go may free other keepers.
    let objects = keepers.withLock { $0.compactMap(\.object) }
    for all in [false, true] {
      for object in objects { object.letGo(all: all) }
      if fits(byteCount) { return true }
    }
    return false
  }

  /// Makes `keeper` let go of its memory when there is too little.
  package func register(_ keeper: any MemoryKeeper) {
    keepers.withLock { list in
      list.removeAll { $0.object == nil }
      list.append(Keeper(object: keeper))
    }
  }

  /// Counts `byteCount` bytes that have been taken.
  package func charge(_ byteCount: Int) {
    charged.wrappingAdd(byteCount, ordering: .relaxed)
  }

  /// Counts `byteCount` bytes that have been given back.
  package func release(_ byteCount: Int) {
    charged.wrappingSubtract(byteCount, ordering: .relaxed)
  }

  /// The account of the work that the calling thread does; nil where nobody counts.
  package static var current: MemoryAccount? { ThreadState.current.account }

  /// Runs `body` with this account as the calling thread's.
  package func asCurrent<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let state = ThreadState.current
    let previous = state.account
    state.account = self
    defer { state.account = previous }
    return try body()
  }
}
