// Room: Networks. What can go wrong with a network: one line that names the node or the value.

/// An error of the Networks room: what is wrong, at which node or value, and what to do.
public struct NetworkError: Error, Sendable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Code: String, Sendable, Hashable {
    /// The file cannot be read as a network.
    case invalidModel
    /// The network asks for operators, element types or options that Squall lacks.
    case unsupported
    /// The graph contradicts itself: shapes, types or indices that an operator does not allow.
    case invalidGraph
    /// An input that the network needs was not given.
    case missingInput
    /// A name that the network does not have was given.
    case unknownInput
    /// An input's shape, element type or kind is not the network's.
    case inputMismatch
    /// More memory would be needed than the caller allows.
    case memoryLimit
    /// Data that only showed themselves while running do not fit an operator.
    case runFailed
    /// The task that ran the network was cancelled.
    case cancelled
    /// A file could not be written.
    case notWritten
  }

  /// What kind of error it is.
  public var code: Code
  /// What is wrong and what to do, in one line.
  public var message: String
  /// For `unsupported`: each missing operator, as in `Foo` or `com.example.Foo`, once.
  public var operators: [String]

  /// An error with a kind and a line for a person.
  public init(_ code: Code, _ message: String, operators: [String] = []) {
    self.code = code
    self.message = message
    self.operators = operators
  }

  /// The message.
  public var description: String { message }
}

/// What an operator finds wrong; the room adds the node's name and makes it a `NetworkError`.
package struct OperatorFault: Error {
  package enum Kind: Sendable {
    case invalid, unsupported, memoryLimit
  }

  package var kind: Kind
  package var message: String

  /// The graph or the data are wrong.
  package static func invalid(_ message: String) -> OperatorFault {
    OperatorFault(kind: .invalid, message: message)
  }

  /// The graph is right as far as one can tell, and Squall cannot do it.
  package static func unsupported(_ message: String) -> OperatorFault {
    OperatorFault(kind: .unsupported, message: message)
  }
}
