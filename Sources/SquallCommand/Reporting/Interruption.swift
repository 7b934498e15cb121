// Room: SquallCommand. What happens on ^C or a polite kill: no half-written file stays behind.

internal import Dispatch
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
  // Written by `prepare` alone, before any other thread exists; it only keeps the sources alive.
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

  /// Starts to listen for SIGINT, SIGTERM and SIGHUP, and makes a file that outgrows its limit an
  /// error of the write instead of the end of the process.
  static func prepare() {
    signal(SIGXFSZ, SIG_IGN)
    let queue = DispatchQueue(label: "squall.signals")
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Whoever started us with the signal ignored (nohup) wants it ignored.
      let previous = signal(number, SIG_IGN)
      if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { @Sendable in stop(by: number) }
      source.resume()
      sources.append(source)
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
    // Whoever started us may have the signal blocked, and so may this thread.
    var blocked = sigset_t()
    sigemptyset(&blocked)
    sigaddset(&blocked, number)
    pthread_sigmask(SIG_UNBLOCK, &blocked, nil)
    kill(getpid(), number)
    _exit(128 + number)
  }
}
