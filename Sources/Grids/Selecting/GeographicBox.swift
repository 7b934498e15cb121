// Room: Grids. A part of the Earth between two meridians and two parallels.

internal import GridFiles

/// A part of the Earth, from west eastwards to east and from south to north, in degrees.
///
/// Edge cases: where `east` is below `west`, the box crosses the date line or the meridian at which
/// longitudes begin; a box of 360° or more goes all around.
public struct GeographicBox: Sendable, Hashable {
  /// The western meridian.
  public let west: Double
  /// The eastern meridian.
  public let east: Double
  /// The southern parallel.
  public let south: Double
  /// The northern parallel.
  public let north: Double

  /// Makes a box.
  ///
  /// Throws: `GridError` with code `layout` where a number is not finite or south is above north.
  public init(west: Double, east: Double, south: Double, north: Double) throws(GridError) {
    let all = [west, east, south, north]
    guard all.allSatisfy({ $0.isFinite && abs($0) <= 1e4 }) else {
      throw GridError(.layout, "a box is four numbers of degrees: west, east, south, north")
    }
    guard south <= north, south >= -90, north <= 90 else {
      throw GridError(
        .layout, "a box goes from south to north between -90 and 90, not from \(south) to \(north)")
    }
    self.west = west
    self.east = east
    self.south = south
    self.north = north
  }

  /// Reads `west,east,south,north`, such as `120,-120,-10,10`.
  public init(_ text: String) throws(GridError) {
    let numbers = text.split(whereSeparator: { $0 == "," || $0 == "/" }).map {
      Double(String($0).trimmingBlanks)
    }
    let found = numbers.compactMap { $0 }
    guard numbers.count == 4, found.count == 4 else {
      throw GridError(
        .layout, "'\(text)' is not a box; write west,east,south,north such as 120,-120,-10,10")
    }
    try self.init(west: found[0], east: found[1], south: found[2], north: found[3])
  }

  /// Degrees from west to east, 0 to 360.
  public var width: Double {
    if east - west >= 360 { return 360 }
    let width = (east - west).truncatingRemainder(dividingBy: 360)
    return width < 0 ? width + 360 : width
  }

  /// Degrees eastwards from the western meridian to `longitude`, 0 to 360.
  func offset(_ longitude: Double) -> Double {
    let offset = (longitude - west).truncatingRemainder(dividingBy: 360)
    let positive = offset < 0 ? offset + 360 : offset
    // What is a rounding error west of the meridian is on it.
    return positive > 360 - 1e-6 ? 0 : positive
  }

  /// Whether a place lies inside or on the edge.
  public func contains(longitude: Double, latitude: Double) -> Bool {
    latitude >= south - 1e-9 && latitude <= north + 1e-9
      && (width >= 360 || offset(longitude) <= width + 1e-6)
  }
}
