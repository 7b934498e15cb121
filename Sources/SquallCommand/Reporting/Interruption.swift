// Room: SquallCommand. What happens on ^C or a polite kill: no half-written file stays behind.

internal import Foundation
internal import GridFiles
internal import Synchronization

/// Removes unfinished outputs when the process is asked to stop.
enum Interruption {
  private struct State {
    var cleanUps: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private static let state = Mutex(State())
  // Written once, before there is a handler that reads it; a handler may not wait for a lock.
  nonisolated(unsafe) private static var pipeToWatcher: Int32 = -1

  /// Starts to listen for SIGINT, SIGTERM and SIGHUP, and makes a file that outgrows its limit an
  /// error of the write instead of the end of the process.
  static func prepare() {
    signal(SIGXFSZ, SIG_IGN)
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let readEnd = ends[0]
    pipeToWatcher = ends[1]

    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Whoever started us with the signal ignored (nohup) wants it ignored.
      let previous = signal(number, handle)
      if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      } else {
        sigaddset(&wanted, number)
      }
    }
    // Whoever started us may have had them blocked; threads made from here on inherit this.
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    Thread.detachNewThread { watch(readEnd) }
  }

  /// All that a signal handler may do: pass the number on.
  private static let handle: @convention(c) (Int32) -> Void = { number in
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(pipeToWatcher, &byte, 1)
  }

  @Sendable private static func watch(_ readEnd: Int32) {
    var byte: UInt8 = 0
    while true {
      if read(readEnd, &byte, 1) == 1 { stop(by: Int32(byte)) }
    }
  }

  /// Calls `cleanUp` if the process is asked to stop while `body` runs. Unfinished NetCDF files need
  /// none: they are known to `TemporaryFiles`.
  static func cleaningUp<Result>(
    _ cleanUp: @escaping @Sendable () -> Void, during body: () throws -> Result
  ) rethrows -> Result {
    let key = state.withLock { state in
      state.next += 1
      state.cleanUps[state.next] = cleanUp
      return state.next
    }
    defer { state.withLock { _ = $0.cleanUps.removeValue(forKey: key) } }
    return try body()
  }

  /// Cleans up and dies of the signal itself, so that the caller sees what happened.
  private static func stop(by number: Int32) -> Never {
    let cleanUps = state.withLock { Array($0.cleanUps.values) }
    for cleanUp in cleanUps { cleanUp() }
    TemporaryFiles.removeAll()
    Console.note("squall: stopped by \(number == SIGINT ? "interruption" : "signal \(number)")")
    signal(number, SIG_DFL)
    kill(getpid(), number)
    // It goes to any thread that takes it; this one only has to wait for the end.
    sleep(5)
    _exit(128 + number)
  }
}
