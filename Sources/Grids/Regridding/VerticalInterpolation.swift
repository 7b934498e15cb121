// Room: Grids. Takes columns of values from one set of levels to another.

internal import Foundation

/// How values lie between levels.
public enum VerticalMethod: String, Sendable {
  /// Linear in the coordinate.
  case linear
  /// Linear in the logarithm of the coordinate, for pressure.
  case logarithmic
  /// The means over layers: what a layer holds is kept. Needs the layers' edges.
  case conservative
}

/// What becomes of levels beyond the first and last.
public enum VerticalExtrapolation: String, Sendable {
  /// They are missing.
  case none
  /// The value of the nearest level that has one.
  case nearest
}

/// Interpolates columns to other levels.
///
/// Layouts: `[level, cell]`, row-major: the value of level k and cell i is at `k × cells + i`.
/// NaN is missing: a target level between a valid and a missing one is missing, except where it
/// coincides with the valid one; levels that are missing below the sea floor are thus never used.
public struct VerticalInterpolation: Sendable {
  /// How values lie between levels.
  public let method: VerticalMethod
  /// What becomes of levels beyond the ends.
  public let extrapolation: VerticalExtrapolation
  private let threads: Int

  /// Makes an interpolation.
  public init(
    method: VerticalMethod = .linear, extrapolation: VerticalExtrapolation = .none,
    threads: Int? = nil
  ) {
    self.method = method
    self.extrapolation = extrapolation
    self.threads = max(1, threads ?? Parallel.processorCount)
  }

  /// The values on other levels of a vertical axis.
  ///
  /// Units and directions are brought together: metres of depth with metres below the surface
  /// counted as negative heights, hectopascals with pascals.
  /// Throws: `GridError` with code `units` where the axes measure different things, `layout` where
  /// levels neither rise nor fall, `misuse` where sizes do not agree.
  public func apply(
    _ values: [Float], from source: VerticalAxis, to target: VerticalAxis
  ) throws(GridError) -> [Float] {
    let factor = try Self.conversion(from: target, to: source)
    let levels = target.values.map { factor($0) }
    if method == .conservative {
      let from = try LayerEdges(source)
      var to = try LayerEdges(target)
      to.convert { factor($0) }
      return try LayerMeans(from: from, to: to, threads: threads).apply(values)
    }
    return try apply(values, from: source.values, to: levels)
  }

  /// The values at other levels of a coordinate that is the same for all cells.
  ///
  /// - Parameters:
  ///   - values: `source.count × cells`.
  ///   - source: the levels that the values lie on, rising or falling.
  ///   - target: the levels wanted, in any order, in the same unit.
  public func apply(
    _ values: [Float], from source: [Double], to target: [Double]
  ) throws(GridError) -> [Float] {
    let (cells, rest) = values.count.quotientAndRemainder(dividingBy: max(1, source.count))
    guard !source.isEmpty, rest == 0 else {
      throw GridError(
        .misuse, "\(values.count) values are no whole number of cells of \(source.count) levels")
    }
    try Self.check(source)
    let column = try ColumnLevels(
      try source.map { (level) throws(GridError) in try position(level) })
    let wanted = try target.map { (level) throws(GridError) in try position(level) }
    let parts = Parallel.map(wanted.count, threads: threads) { index in
      level(values, cells, column, wanted[index])
    }
    return parts.flatMap { $0 }
  }

  /// The values at levels of a coordinate that differs from cell to cell, such as the depths of
  /// terrain-following levels.
  ///
  /// - Parameters:
  ///   - values: `levels × cells`.
  ///   - coordinates: the coordinate of each value, rising or falling along each column; NaN where
  ///     there is none.
  ///   - target: the levels wanted, in the same unit.
  public func apply(
    _ values: [Float], coordinates: [Double], levelCount: Int, to target: [Double]
  ) throws(GridError) -> [Float] {
    guard levelCount > 0, values.count == coordinates.count, values.count % levelCount == 0 else {
      throw GridError(
        .misuse,
        "\(values.count) values and \(coordinates.count) coordinates are not \(levelCount) levels")
    }
    guard method != .conservative else {
      throw GridError(.misuse, "conservative interpolation needs the edges of one set of layers")
    }
    let cells = values.count / levelCount
    let wanted = try target.map { (level) throws(GridError) in try position(level) }
    let columns = Parallel.mapRanges(cells, of: 4096, threads: threads) { range in
      var part = [Float](repeating: .nan, count: range.count * wanted.count)
      for (index, cell) in range.enumerated() {
        let positions = (0..<levelCount).map { level -> Double in
          let coordinate = coordinates[level * cells + cell]
          return method == .logarithmic ? log(coordinate) : coordinate
        }
        // Levels without a coordinate are no levels of this column.
        let known = positions.indices.filter { positions[$0].isFinite }
        guard let column = try? ColumnLevels(known.map { positions[$0] }) else { continue }
        for (level, position) in wanted.enumerated() {
          part[level * range.count + index] = value(column, position) {
            values[known[$0] * cells + cell]
          }
        }
      }
      return part
    }
    var result = [Float](repeating: .nan, count: cells * wanted.count)
    for (part, range) in zip(columns, Parallel.ranges(cells, of: 4096)) {
      for level in wanted.indices {
        for index in 0..<range.count {
          result[level * cells + range.lowerBound + index] = part[level * range.count + index]
        }
      }
    }
    return result
  }

  // MARK: One level

  private func level(
    _ values: [Float], _ cells: Int, _ column: ColumnLevels, _ position: Double
  ) -> [Float] {
    let nearest = extrapolation == .nearest ? column.nearestFirst(position) : []
    let bracket = column.bracket(position)
    return (0..<cells).map { cell -> Float in
      if let (lower, upper, fraction) = bracket {
        let between = Self.between(
          values[lower * cells + cell], values[upper * cells + cell], fraction)
        if !between.isNaN { return between }
      }
      for level in nearest where !values[level * cells + cell].isNaN {
        return values[level * cells + cell]
      }
      return .nan
    }
  }

  @inline(__always)
  private func value(
    _ column: ColumnLevels, _ position: Double, _ value: (Int) -> Float
  ) -> Float {
    if let (lower, upper, fraction) = column.bracket(position) {
      let between = Self.between(value(lower), value(upper), fraction)
      if !between.isNaN { return between }
    }
    guard extrapolation == .nearest else { return .nan }
    return column.nearestFirst(position).lazy.map(value).first { !$0.isNaN } ?? .nan
  }

  /// The value on the way from one level to the next; one missing level is no matter where the way
  /// ends at the other.
  @inline(__always)
  private static func between(_ a: Float, _ b: Float, _ fraction: Double) -> Float {
    if fraction == 0 { return a }
    if fraction == 1 { return b }
    return Float(Double(a) + fraction * (Double(b) - Double(a)))
  }

  private func position(_ level: Double) throws(GridError) -> Double {
    guard method == .logarithmic else { return level }
    guard level > 0 else {
      throw GridError(.layout, "level \(level) has no logarithm; interpolate linearly")
    }
    return log(level)
  }

  private static func check(_ levels: [Double]) throws(GridError) {
    guard levels.allSatisfy(\.isFinite) else {
      throw GridError(.layout, "levels are missing; repair the vertical coordinate")
    }
  }

  /// How numbers of one axis become numbers of another.
  static func conversion(
    from source: VerticalAxis, to target: VerticalAxis
  ) throws(GridError) -> UnitConversion {
    let kinds = [source.kind, target.kind]
    if kinds == [.index, .index] { return UnitConversion(scale: 1, offset: 0) }
    let from = try PhysicalUnit(source.units)
    let to = try PhysicalUnit(target.units)
    var conversion = try from.conversion(to: to)
    // Depth counts down and height up from the same surface.
    if source.positive != target.positive, source.kind != .pressure, target.kind != .pressure {
      conversion.scale = -conversion.scale
      conversion.offset = -conversion.offset
    }
    return conversion
  }
}

/// The levels of a column, searched by bisection.
struct ColumnLevels: Sendable {
  private let positions: [Double]
  private let falls: Bool

  /// Throws: `GridError` with code `layout` for levels that neither rise nor fall.
  init(_ positions: [Double]) throws(GridError) {
    let falls = (positions.last ?? 0) < (positions.first ?? 0)
    let rising = falls ? positions.map { -$0 } : positions
    guard !positions.isEmpty, zip(rising, rising.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw GridError(.layout, "levels neither rise nor fall; repair the vertical coordinate")
    }
    self.positions = rising
    self.falls = falls
  }

  /// The levels around a position and the way from the first to the second, or nil beyond the ends.
  @inline(__always)
  func bracket(_ position: Double) -> (lower: Int, upper: Int, fraction: Double)? {
    let place = falls ? -position : position
    guard let first = positions.first, let last = positions.last, place.isFinite else { return nil }
    // Levels in single precision may miss the ends by a little.
    let slack = 1e-6 * max(abs(first), abs(last), 1e-12)
    if place <= first { return place >= first - slack ? (0, 0, 0) : nil }
    let top = positions.count - 1
    if place >= last { return place <= last + slack ? (top, top, 0) : nil }
    var (low, high) = (0, top)
    while high - low > 1 {
      let middle = (low + high) / 2
      if positions[middle] <= place { low = middle } else { high = middle }
    }
    let fraction = (place - positions[low]) / (positions[high] - positions[low])
    // Coinciding levels take one value only, whatever the precision they were stored in.
    if fraction < 1e-6 { return (low, high, 0) }
    return (low, high, fraction > 1 - 1e-6 ? 1 : fraction)
  }

  /// All levels, the nearest first.
  func nearestFirst(_ position: Double) -> [Int] {
    let place = falls ? -position : position
    return positions.indices.sorted {
      (abs(positions[$0] - place), $0) < (abs(positions[$1] - place), $1)
    }
  }
}
