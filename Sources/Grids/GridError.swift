// Room: Grids. The one error this room throws: which file, variable or axis is wrong, and the remedy.

public import GridFiles

/// What is wrong with a dataset, in one line fit for a person.
public struct GridError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds of failure, each of which knows the exit status a command should end with.
  public enum Code: Sendable, Equatable {
    /// A file failed below this room.
    case file(GridFileError.Code)
    /// No file was given.
    case noFiles
    /// The dataset lacks the variable asked for, or has none that would do.
    case noVariable
    /// Several variables would do equally well.
    case ambiguousVariable
    /// Units that are no units, or of the wrong kind.
    case units
    /// A time, duration or calendar that cannot be read, or is not there.
    case time
    /// Two frames have the same time.
    case duplicateTime
    /// Files disagree about the grid or the variable.
    case mismatch
    /// A variable without the axes that are needed.
    case layout
    /// A mistake of the calling program.
    case misuse

    /// The BSD `sysexits` number for this kind of failure.
    public var exitStatus: Int32 {
      switch self {
      case .file(let code): code.exitStatus
      case .noFiles: 66
      case .noVariable, .ambiguousVariable, .units, .time, .duplicateTime, .mismatch, .layout: 65
      case .misuse: 70
      }
    }
  }

  /// The kind of failure.
  public var code: Code
  /// The file, where one is to blame.
  public var path: String?
  /// The variable, where one is to blame.
  public var variable: String?
  /// What is wrong and what to do.
  public var message: String

  /// Makes an error.
  public init(
    _ code: Code, path: String? = nil, variable: String? = nil, _ message: String
  ) {
    self.code = code
    self.path = path
    self.variable = variable
    self.message = message
  }

  /// Passes on an error from below.
  public init(_ error: GridFileError) {
    self.init(.file(error.code), path: error.path, variable: error.variable, error.message)
  }

  /// The BSD `sysexits` number for this failure.
  public var exitStatus: Int32 { code.exitStatus }

  /// One line: file, variable, what is wrong, what to do.
  public var description: String {
    var parts: [String] = []
    if let path { parts.append(path) }
    if let variable { parts.append("variable '\(variable)'") }
    return (parts + [message]).joined(separator: ": ")
  }
}

/// Runs `body` and turns an error from the room below into one of this room.
func files<R: ~Copyable>(_ body: () throws(GridFileError) -> R) throws(GridError) -> R {
  do throws(GridFileError) {
    return try body()
  } catch {
    throw GridError(error)
  }
}
