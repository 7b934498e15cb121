// Room: SquallCommand. From any room's error to one line and an exit code.

internal import Forecasting
internal import GridFiles
internal import Grids
internal import Networks
internal import Nowcasting
internal import ONNXFormat
internal import Tensors

/// Why a run failed: one line for a person and the exit code that goes with it.
struct Failure: Error, CustomStringConvertible {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = Console.oneLine(message)
  }

  var description: String { message }
}

extension Failure {
  /// What a room's error means for the person who ran the program.
  init(explaining error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as GridError: self.init(Self.status(error.exitStatus), error.description)
    case let error as GridFileError:
      self.init(Self.status(error.code.exitStatus), error.description)
    case let error as ForecastError: self.init(Self.status(of: error.code), error.description)
    case let error as NowcastError: self.init(Self.status(error.exitStatus), error.description)
    case let error as ONNXError: self.init(Self.status(of: error.code), error.description)
    case let error as NetworkError: self.init(Self.status(of: error.code), error.description)
    case let error as TensorError: self.init(.badInput, error.description)
    case is CancellationError: self.init(.runFailed, "stopped before the end")
    default: self.init(.bug, "\(error): this should not happen; report it with the input")
    }
  }

  /// The same for an error that does not itself name the file: `subject` does.
  init(explaining error: any Error, about subject: String) {
    let failure = Failure(explaining: error)
    self.init(failure.status, "\(subject): \(failure.message)")
  }

  private static func status(_ number: Int32) -> ExitStatus {
    ExitStatus(rawValue: number) ?? .runFailed
  }

  private static func status(of code: ONNXError.Code) -> ExitStatus {
    switch code {
    case .fileMissing: .inputMissing
    case .fileUnreadable: .inputOutput
    case .fileNotCreated: .cannotCreate
    case .fileNotWritten: .inputOutput
    default: .badInput
    }
  }

  private static func status(of code: NetworkError.Code) -> ExitStatus {
    switch code {
    case .memoryLimit, .runFailed, .cancelled: .runFailed
    case .notWritten: .cannotCreate
    default: .badInput
    }
  }

  private static func status(of code: ForecastError.Code) -> ExitStatus {
    switch code {
    case .modelMissing: .inputMissing
    case .invalidManifest, .checksumMismatch, .unusableNetwork: .badInput
    }
  }
}
