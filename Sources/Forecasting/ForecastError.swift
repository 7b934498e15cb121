// Room: Forecasting. What can go wrong between a model package and a forecast.

/// An error of the Forecasting room: one line that says what is wrong, where, and what to do.
public struct ForecastError: Error, Sendable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Code: Sendable, Hashable {
    /// The model package's folder, its manifest or its network is not there.
    case modelMissing
    /// The manifest cannot be read, says something impossible, or names something unknown.
    case invalidManifest
    /// The network's bytes are not those that the manifest names.
    case checksumMismatch
    /// The network cannot be read or run, or it does not take or give what the manifest says.
    case unusableNetwork
  }

  /// What kind of error it is.
  public var code: Code
  /// What is wrong, where, and what to do, in one line.
  public var message: String

  /// An error with a kind and a line for a person.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
