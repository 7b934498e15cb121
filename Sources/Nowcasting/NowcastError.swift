// Room: Nowcasting. What can be wrong with frames, or with what is asked of a nowcast.

/// An error of the Nowcasting room: one line that says what is wrong, where, and what to do.
public struct NowcastError: Error, Sendable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Code: Sendable, Hashable {
    /// A lead time, step or other option that no nowcast can have.
    case option
    /// There is no frame at the reference time.
    case referenceTime
    /// The reference time lies beyond the newest frame: it may still come.
    case notYet
    /// Too few frames, or too many missing among them.
    case missingFrames
    /// Frames that do not follow each other evenly.
    case unevenFrames
    /// A frame in which nothing was seen.
    case nothingSeen
    /// The grid is too small, or nothing says how far apart its cells are.
    case grid
    /// The network failed or does not fit its manifest.
    case network

    /// The BSD `sysexits` number for this kind of failure.
    public var exitStatus: Int32 {
      switch self {
      case .option: 64
      case .notYet: 75
      case .network: 1
      case .referenceTime, .missingFrames, .unevenFrames, .nothingSeen, .grid: 65
      }
    }
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

  /// The BSD `sysexits` number for this failure.
  public var exitStatus: Int32 { code.exitStatus }

  /// The message.
  public var description: String { message }
}
