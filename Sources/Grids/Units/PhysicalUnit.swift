// Room: Grids. Units of measure through UDUNITS-2, which is not thread-safe: one lock around it.

internal import CUDUNITS
internal import GridFiles
import Synchronization

/// A unit of measure that UDUNITS understands.
///
/// Source: UDUNITS-2; CF 1.11 section 3.1.
public struct PhysicalUnit: Sendable, Hashable, CustomStringConvertible {
  /// The unit as written.
  public let text: String
  /// The unit in a spelling that UDUNITS reads, and other programs with it: `1e-3` for `PSU`.
  public let spelling: String

  /// Reads a unit such as `kg m-2 s-1`, `mm/h`, `degC` or `1`.
  ///
  /// Edge cases: `unitless`, `none` and an empty text count as 1; spellings that are common in files
  /// and unknown to UDUNITS (`PSU`, `DEG C`, `mb` for millibar, capital letters) are understood.
  /// Throws: `GridError` with code `units`.
  public init(_ text: String) throws(GridError) {
    spelling = try UnitSystem.locked { (system) throws(GridError) in
      let (unit, spelling) = try UnitSystem.parse(text, system)
      ut_free(unit)
      return spelling
    }
    self.text = text.trimmingBlanks
  }

  /// Whether numbers in this unit can be converted to `other`, be it by a logarithm.
  public func isConvertible(to other: PhysicalUnit) -> Bool {
    (try? curve(to: other)) != nil
  }

  /// How numbers in this unit become numbers in `other`.
  ///
  /// Edge cases: logarithmic units such as dBZ convert among themselves and to what they are logarithms
  /// of; such a conversion is not `isLinear`.
  /// Throws: `GridError` with code `units` where the units measure different things.
  public func conversion(to other: PhysicalUnit) throws(GridError) -> UnitConversion {
    try curve(to: other)
  }

  private func curve(to other: PhysicalUnit) throws(GridError) -> UnitConversion {
    let (from, to) = (spelling, other.spelling)
    // What UDUNITS makes of a detour over base units is not quite nothing.
    if from == to { return UnitConversion(scale: 1, offset: 0) }
    return try UnitSystem.locked { (system) throws(GridError) in
      let source = try UnitSystem.parse(from, system).unit
      defer { ut_free(source) }
      let target = try UnitSystem.parse(to, system).unit
      defer { ut_free(target) }
      guard ut_are_convertible(source, target) != 0,
        let converter = ut_get_converter(source, target)
      else {
        throw GridError(.units, "'\(from)' cannot be converted to '\(to)'")
      }
      defer { cv_free(converter) }
      guard let conversion = UnitConversion(sampling: { cv_convert_double(converter, $0) }) else {
        throw GridError(
          .units, "'\(from)' is converted to '\(to)' in a way that is not known here")
      }
      return conversion
    }
  }

  /// The unit as written.
  public var description: String { text }
}

/// The one unit system of the process, behind its lock.
private enum UnitSystem {
  /// The loaded system; the pointer is used under the lock only, and never freed.
  private struct Loaded: @unchecked Sendable { var system: OpaquePointer? }

  private static let gate = Mutex<Loaded?>(nil)

  static func locked<R: Sendable>(
    _ body: (OpaquePointer) throws(GridError) -> R
  ) throws(GridError) -> R {
    let outcome: Result<R, GridError> = gate.withLock { loaded in
      if loaded == nil {
        // UDUNITS would print its complaints on standard error.
        ut_set_error_message_handler { _, _ in 0 }
        loaded = Loaded(system: ut_read_xml(nil))
      }
      guard let system = loaded?.system else {
        return .failure(
          GridError(
            .units,
            "the UDUNITS-2 database cannot be read; install libudunits2-data "
              + "or correct UDUNITS2_XML_PATH"))
      }
      do throws(GridError) {
        return .success(try body(system))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  static func parse(
    _ text: String, _ system: OpaquePointer
  ) throws(GridError) -> (unit: OpaquePointer, spelling: String) {
    // What UDUNITS understands is left to it, but for the few words that it takes for something else.
    let spelling = UnitWords.corrected(text) ?? text.trimmingBlanks
    if let unit = ut_parse(system, spelling, UT_UTF8) { return (unit, spelling) }
    for attempt in UnitWords.alternatives(to: spelling) {
      if let unit = ut_parse(system, attempt, UT_UTF8) { return (unit, attempt) }
    }
    throw GridError(
      .units, "'\(text)' is not a unit; write units as UDUNITS does, like 'mm h-1'")
  }
}
