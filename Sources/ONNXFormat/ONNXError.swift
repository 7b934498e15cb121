// Room: ONNXFormat. The one error of this room: what is wrong, where, and what to do about it.

/// A model, tensor or array file that cannot be read or written, told in one line.
///
/// The description fits on one line whatever the file contains: text taken from the file is
/// shortened and its control characters are escaped.
public struct ONNXError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of thing went wrong.
  public struct Code: Sendable, Hashable {
    /// The code's name, as in `ONNXError.Code.truncated`.
    public let name: String

    private init(_ name: String) { self.name = name }

    /// There is no such file.
    public static let fileMissing = Code("fileMissing")
    /// The file is there but cannot be opened, mapped or read.
    public static let fileUnreadable = Code("fileUnreadable")
    /// The file cannot be created.
    public static let fileNotCreated = Code("fileNotCreated")
    /// The file was created but could not be written whole.
    public static let fileNotWritten = Code("fileNotWritten")
    /// The file ends, or a part of it ends, before what it announced.
    public static let truncated = Code("truncated")
    /// The bytes are not the encoding they should be.
    public static let malformed = Code("malformed")
    /// Messages are nested deeper than any model needs.
    public static let nestedTooDeep = Code("nestedTooDeep")
    /// A test folder is not laid out as ONNX's are.
    public static let testLayout = Code("testLayout")
    /// Well-formed, but of a version or kind that is not read here.
    public static let unsupported = Code("unsupported")
    /// A tensor's type, shape and values do not agree.
    public static let invalidTensor = Code("invalidTensor")
    /// A graph breaks ONNX's rules: names, single assignment, missing values.
    public static let invalidGraph = Code("invalidGraph")
    /// Nodes, or functions, wait for each other in a circle.
    public static let cycle = Code("cycle")
    /// External data is missing, outside the model's folder, or of the wrong length.
    public static let externalData = Code("externalData")
  }

  /// What kind of thing went wrong.
  public let code: Code
  /// What is wrong, where in the file, and what to do.
  public let message: String
  /// The file it is about; nil for bytes that came from no file.
  public let file: String?

  package init(_ code: Code, _ message: String, file: String? = nil) {
    self.code = code
    self.message = message
    self.file = file
  }

  /// One line: the file, then the message.
  public var description: String {
    guard let file else { return message }
    return "\(Self.printable(file, limit: 400)): \(message)"
  }

  /// The same error, said to have happened inside `place`.
  func inside(_ place: @autoclosure () -> String) -> ONNXError {
    ONNXError(code, "\(place()): \(message)", file: file)
  }

  /// The same error, said to be about `file` unless it already names one.
  func about(_ file: String?) -> ONNXError {
    self.file == nil ? ONNXError(code, message, file: file) : self
  }

  /// `text` in quotes, safe to print.
  static func quoted(_ text: String) -> String { "'\(printable(text, limit: 80))'" }

  /// `text` without control characters and at most `limit` characters long.
  private static func printable(_ text: String, limit: Int) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == limit { return result + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
