// Room: SquallCommand. The exit codes: the BSD `sysexits` numbers where there is one.

/// How a run of `squall` ends.
///
/// A verb throws one to end quietly with it, having reported the outcome itself.
enum ExitStatus: Int32, Error {
  /// All was done.
  case done = 0
  /// The run failed for a reason that has no number of its own.
  case runFailed = 1
  /// The check found a difference.
  case differenceFound = 2
  /// The command line makes no sense.
  case wrongUsage = 64
  /// The input is there but cannot be used.
  case badInput = 65
  /// The input is not there.
  case inputMissing = 66
  /// The program contradicts itself.
  case bug = 70
  /// The output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed half-way.
  case inputOutput = 74
  /// The input is not complete yet, or somebody else is at work.
  case tryAgain = 75
}
