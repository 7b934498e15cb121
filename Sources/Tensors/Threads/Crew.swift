// Room: Tensors. The thread pool's machinery: how tiles are claimed and threads woken and parked.

internal import CVectorKernels
internal import Dispatch
internal import Foundation
internal import Synchronization

/// The state that a pool's threads share.
///
/// `ticket` holds the region's generation in its upper half and the next unclaimed tile in its
/// lower half. A claim is one compare-and-exchange of the whole word, so a thread that comes late
/// cannot claim a tile of a region it has not seen; and a region cannot end while a claimed tile is
/// running, so what describes it (`tiles`, `body`) is steady from claim to completion.
final class Crew: @unchecked Sendable {
  typealias Body = (Int) -> Void

  private let ticket = Atomic<UInt64>(0)
  private let tileCount = Atomic<Int>(0)
  private let completed = Atomic<Int>(0)
  private let busy = Atomic<Bool>(false)
  private let parkedWorkers = Atomic<Int>(0)
  private let callerParked = Atomic<Bool>(false)
  private let dismissed = Atomic<Bool>(false)
  private let workAvailable = NSCondition()
  private let regionDone = NSCondition()
  // Written by the region's caller before the ticket is published, read after a claim.
  private var body: UnsafePointer<Body>?

  /// Spin this long before parking: longer, and a busy machine pays for it in milliseconds.
  private static let spinNanoseconds: UInt64 = 20_000
  /// No tile of this region is left: what an idle crew's ticket holds in its lower half.
  private static let exhausted = UInt64(UInt32.max)

  init() { ticket.store(Self.exhausted, ordering: .relaxed) }

  /// Takes the crew for one region; false when another caller has it.
  func acquire() -> Bool {
    busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  func release() { busy.store(false, ordering: .releasing) }

  /// Runs a region with the acquired crew and returns when every tile is done.
  func run(tiles: Int, helpers: Int, body: UnsafePointer<Body>) {
    self.body = body
    tileCount.store(tiles, ordering: .releasing)
    completed.store(0, ordering: .relaxed)
    let generation = ((ticket.load(ordering: .relaxed) >> 32) &+ 1) & 0xffff_ffff
    ticket.store(generation << 32, ordering: .sequentiallyConsistent)
    let parked = parkedWorkers.load(ordering: .sequentiallyConsistent)
    if parked > 0 {
      workAvailable.lock()
      if helpers >= parked {
        workAvailable.broadcast()
      } else {
        for _ in 0..<helpers { workAvailable.signal() }
      }
      workAvailable.unlock()
    }
    drain()
    awaitCompletion(of: tiles)
    // Retire the ticket before the next region's tile count appears, or a late thread could claim
    // one tile too many of this region.
    ticket.store((generation << 32) | Self.exhausted, ordering: .sequentiallyConsistent)
  }

  /// A worker thread's life.
  func work() {
    ThreadState.current.regionDepth = 1
    while !dismissed.load(ordering: .acquiring) {
      drain()
      awaitWork()
    }
  }

  /// Lets the workers end once they are idle.
  func dismiss() {
    dismissed.store(true, ordering: .sequentiallyConsistent)
    workAvailable.lock()
    workAvailable.broadcast()
    workAvailable.unlock()
  }

  /// Claims and runs tiles until none is left.
  private func drain() {
    var seen = ticket.load(ordering: .acquiring)
    while true {
      let tile = seen & 0xffff_ffff
      guard tile < UInt64(tileCount.load(ordering: .acquiring)), tile != Self.exhausted else {
        return
      }
      let (claimed, current) = ticket.compareExchange(
        expected: seen, desired: seen &+ 1, ordering: .acquiringAndReleasing)
      guard claimed else {
        seen = current
        continue
      }
      let tiles = tileCount.load(ordering: .relaxed)
      body?.pointee(Int(tile))
      if completed.add(1, ordering: .sequentiallyConsistent).newValue == tiles {
        announceCompletion()
      }
      seen = ticket.load(ordering: .acquiring)
    }
  }

  private var hasWork: Bool {
    let tile = ticket.load(ordering: .sequentiallyConsistent) & 0xffff_ffff
    return tile != Self.exhausted && tile < UInt64(tileCount.load(ordering: .relaxed))
  }

  private func awaitWork() {
    if spin(until: { hasWork || dismissed.load(ordering: .acquiring) }) { return }
    workAvailable.lock()
    parkedWorkers.add(1, ordering: .sequentiallyConsistent)
    while !hasWork && !dismissed.load(ordering: .sequentiallyConsistent) { workAvailable.wait() }
    parkedWorkers.subtract(1, ordering: .sequentiallyConsistent)
    workAvailable.unlock()
  }

  private func awaitCompletion(of tiles: Int) {
    if spin(until: { completed.load(ordering: .acquiring) == tiles }) { return }
    regionDone.lock()
    callerParked.store(true, ordering: .sequentiallyConsistent)
    while completed.load(ordering: .sequentiallyConsistent) != tiles { regionDone.wait() }
    callerParked.store(false, ordering: .relaxed)
    regionDone.unlock()
  }

  private func announceCompletion() {
    guard callerParked.load(ordering: .sequentiallyConsistent) else { return }
    regionDone.lock()
    regionDone.broadcast()
    regionDone.unlock()
  }

  private func spin(until condition: () -> Bool) -> Bool {
    if condition() { return true }
    let deadline = DispatchTime.now().uptimeNanoseconds &+ Self.spinNanoseconds
    repeat {
      for _ in 0..<32 {
        if condition() { return true }
        squall_spin_hint()
      }
    } while DispatchTime.now().uptimeNanoseconds < deadline
    return condition()
  }
}
