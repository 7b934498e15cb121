// Room: GridFiles. The one error this room throws: what is wrong with which file, and what to do.

/// What went wrong with a grid file, in one line fit for a person.
public struct GridFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds of failure, each of which knows the exit status a command should end with.
  public enum Code: String, Sendable, Equatable {
    /// The file does not exist or may not be read.
    case noInput
    /// The file exists but is not NetCDF.
    case notNetCDF
    /// The file ends before its own header says it does.
    case truncated
    /// The file is NetCDF but its content contradicts itself or cannot be decoded.
    case corrupt
    /// The file is sound but uses something that is not supported here (filters, compound types).
    case unsupported
    /// The file has no such variable, dimension or attribute.
    case notFound
    /// A part of a variable was asked for that lies outside it: a mistake of the caller.
    case outOfBounds
    /// The output cannot be created.
    case cannotCreate
    /// Reading or writing failed half-way.
    case inputOutput
    /// Another process is at work on the same file; try again later.
    case busy

    /// The BSD `sysexits` number for this kind of failure.
    public var exitStatus: Int32 {
      switch self {
      case .noInput: 66
      case .notNetCDF, .truncated, .corrupt, .unsupported, .notFound: 65
      case .outOfBounds: 70
      case .cannotCreate: 73
      case .inputOutput: 74
      case .busy: 75
      }
    }
  }

  /// The kind of failure.
  public var code: Code
  /// The file, as the caller named it.
  public var path: String
  /// The variable, where one was involved.
  public var variable: String?
  /// What is wrong and what to do, without the file's name.
  public var message: String

  /// Makes an error.
  public init(_ code: Code, path: String, variable: String? = nil, _ message: String) {
    self.code = code
    self.path = path
    self.variable = variable
    self.message = message
  }

  /// One line: file, variable, what is wrong, what to do.
  public var description: String {
    if let variable { return "\(path): variable '\(variable)': \(message)" }
    return "\(path): \(message)"
  }
}
