// Room: Tensors. What can go wrong with a tensor that comes from outside.

/// An error of the Tensors room: one line that says what is wrong and what to do.
///
/// Errors of the caller's own program (a wrong element type in `withElements`, a subscript out of
/// range) trap instead; what a file or a user can cause throws.
public struct TensorError: Error, Sendable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Code: Sendable, Hashable {
    case invalidShape, shapeMismatch, elementTypeMismatch, storageTooSmall
  }

  /// What kind of error it is.
  public var code: Code
  /// What is wrong and what to do, in one line.
  public var message: String

  /// An error with a kind and a line for a person.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
