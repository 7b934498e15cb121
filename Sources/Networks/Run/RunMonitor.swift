// Room: Networks. Watches one run: its profile, its iterations, and whether anybody still wants it.

internal import Synchronization

/// What a run and the runs inside its loops and branches share.
package final class RunMonitor: Sendable {
  /// Where times are recorded; nil where nobody asks.
  package let profile: ProfileRecorder?
  private let iterationLimit: Int
  private let iterations = Atomic<Int>(0)

  /// A watch over one run whose loops may do `iterationLimit` iterations, all together.
  package init(profile: ProfileRecorder? = nil, iterationLimit: Int = .max) {
    self.profile = profile
    self.iterationLimit = iterationLimit
  }

  /// Throws `cancelled` when the task that runs the network has been cancelled.
  package func checkCancellation() throws(NetworkError) {
    guard Task.isCancelled else { return }
    throw NetworkError(.cancelled, "the run was cancelled before its end")
  }

  /// Counts an iteration of a loop; throws when the run is cancelled or its loops go on too long.
  package func iterate() throws {
    try checkCancellation()
    let before = iterations.wrappingAdd(1, ordering: .relaxed).oldValue
    guard before < iterationLimit else {
      throw OperatorFault(
        kind: .invalid,
        message: "the run's loops did \(iterationLimit) iterations and have not ended; "
          + "raise the iteration limit if they should go on")
    }
  }
}
