// Room: Grids. Fields inside a box, from a meridian eastwards, or at the place nearest to a point.

internal import Foundation
internal import GridFiles

extension Field {
  /// The field inside `box`: cells whose centres lie in it.
  ///
  /// Latitude–longitude grids give columns from west to east across whatever meridian the file begins
  /// at, with longitudes counted on from the box's western edge. Other grids give the smallest window
  /// of rows and columns that holds all cells inside, and cells outside are missing.
  /// Throws: `GridError` with code `layout` where no cell lies inside or cells have no places.
  public func selecting(box: GeographicBox) throws(GridError) -> Field {
    let grid = try grid()
    if grid.kind == .geographic {
      let rows = grid.y.values.indices.filter {
        grid.y.values[$0] >= box.south - 1e-9 && grid.y.values[$0] <= box.north + 1e-9
      }
      guard !rows.isEmpty else { throw outside(box, grid) }
      return try taking(rows, along: .y).columns(from: box.west, width: box.width, box: box)
    }
    return try window(box, grid)
  }

  /// The field with longitudes from `start` eastwards: −180 or 0 in most cases.
  ///
  /// Edge cases: columns that the file repeats at both ends come once; a grid that does not go around
  /// the Earth keeps its columns, counted from `start`.
  public func rolled(toLongitude start: Double) throws(GridError) -> Field {
    let grid = try grid()
    guard grid.kind == .geographic else {
      throw GridError(
        .layout, variable: name, "has no axis of longitudes that could be rolled; regrid it first")
    }
    return try columns(from: start, width: 360, box: nil)
  }

  private func columns(
    from west: Double, width: Double, box: GeographicBox?
  ) throws(GridError) -> Field {
    let grid = try grid()
    let globe = try GeographicBox(west: west, east: west + 360, south: -90, north: 90)
    let frame = box ?? globe
    let slack = 1e-6
    var chosen = grid.x.values.enumerated().map { (index: $0, offset: frame.offset($1)) }
      .filter { width >= 360 || $0.offset <= width + slack }
    guard !chosen.isEmpty else { throw outside(frame, grid) }
    chosen.sort { ($0.offset, $0.index) < ($1.offset, $1.index) }
    var kept: [(index: Int, offset: Double)] = []
    for entry in chosen where kept.last.map({ entry.offset - $0.offset > slack }) ?? true {
      kept.append(entry)
    }
    if !grid.x.isAscending { kept.reverse() }
    var field = try taking(kept.map(\.index), along: .x)
    guard var axis = field.horizontal?.x else { return field }
    for (place, entry) in kept.enumerated() {
      let value = frame.west + entry.offset
      // The file's own number, unless it is counted from another meridian.
      let turns = ((value - axis.values[place]) / 360).rounded() * 360
      axis.values[place] += turns
      if axis.bounds?.count ?? 0 > 2 * place + 1 {
        axis.bounds?[2 * place] += turns
        axis.bounds?[2 * place + 1] += turns
      }
    }
    field.horizontal?.x = axis
    return field
  }

  private func outside(_ box: GeographicBox, _ grid: HorizontalGrid) -> GridError {
    let ends = { (axis: HorizontalAxis) in
      [axis.values.min(), axis.values.max()].compactMap { $0 }.map { String(format: "%.4g", $0) }
        .joined(separator: " to ")
    }
    let extent =
      grid.kind == .geographic
      ? "; longitudes run from \(ends(grid.x)), latitudes from \(ends(grid.y))" : ""
    return GridError(
      .layout, variable: name,
      "no cell lies between \(box.west.shortText) and \(box.east.shortText) east, "
        + "\(box.south.shortText) and \(box.north.shortText) north" + extent)
  }

  // MARK: Grids whose cells have places of their own

  private func window(_ box: GeographicBox, _ grid: HorizontalGrid) throws(GridError) -> Field {
    let places = try grid.cellPlaces(of: name)
    var inside = [Bool](repeating: false, count: width * height)
    var rows = [Bool](repeating: false, count: height)
    var columns = [Bool](repeating: false, count: width)
    for cell in inside.indices
    where box.contains(longitude: places.longitudes[cell], latitude: places.latitudes[cell]) {
      inside[cell] = true
      rows[cell / width] = true
      columns[cell % width] = true
    }
    guard let first = rows.firstIndex(of: true), let last = rows.lastIndex(of: true) else {
      throw outside(box, grid)
    }
    var field = self
    let own = CellMask(rows: height, columns: width, isInside: inside)
    field.mask =
      mask.map { old in
        CellMask(
          rows: height, columns: width,
          isInside: zip(old.isInside, inside).map { $0 && $1 })
      } ?? own
    let chosen = circularWindow(columns, mayWrap: places.isCyclic(width, height))
    return try field.taking(Array(first...last), along: .y).taking(chosen, along: .x)
  }

  /// The shortest run of columns that holds all used ones, across the end where that joins the start.
  private func circularWindow(_ used: [Bool], mayWrap: Bool) -> [Int] {
    guard let first = used.firstIndex(of: true), let last = used.lastIndex(of: true) else {
      return []
    }
    guard mayWrap else { return Array(first...last) }
    var (best, bestStart, gap) = (used.count - (last - first + 1), last + 1, 0)
    for column in first...last {
      gap = used[column] ? 0 : gap + 1
      if gap > best { (best, bestStart) = (gap, column - gap + 1) }
    }
    guard bestStart != last + 1 else { return Array(first...last) }
    let start = bestStart + best
    return (0..<used.count - best).map { (start + $0) % used.count }
  }

  // MARK: The nearest cell

  /// The field at the cell whose centre is nearest to a place, by the great circle.
  ///
  /// With `seaOnly`, cells whose first layer is missing are left out.
  /// Throws: `GridError` with code `layout` where cells have no places.
  public func nearest(
    longitude: Double, latitude: Double, seaOnly: Bool = false
  ) throws(GridError) -> (field: Field, kilometres: Double) {
    guard longitude.isFinite, latitude.isFinite, abs(latitude) <= 90 else {
      throw GridError(.layout, "a place is a longitude and a latitude between -90 and 90")
    }
    let layer = seaOnly ? try layer() : []
    var best = (cell: -1, distance: Double.infinity)
    let places = try grid().cellPlaces(of: name)
    for cell in places.latitudes.indices where !seaOnly || !layer[cell].isNaN {
      let distance = greatCircleKilometres(
        latitude, longitude, places.latitudes[cell], places.longitudes[cell])
      if distance < best.distance { best = (cell, distance) }
    }
    guard best.cell >= 0 else {
      throw GridError(.layout, variable: name, "has no cell with a place and a value")
    }
    let field = try taking([best.cell / width], along: .y).taking([best.cell % width], along: .x)
    return (field, best.distance)
  }
}

/// The centres of all cells of a grid.
struct CellPlaces: Sendable {
  var longitudes: [Double]
  var latitudes: [Double]

  /// Whether the first column is about as near to the last as to the second.
  func isCyclic(_ width: Int, _ height: Int) -> Bool {
    guard width > 3, height > 0, longitudes.count == width * height else { return false }
    let row = height / 2 * width
    let step = { (a: Int, b: Int) in
      greatCircleKilometres(latitudes[a], longitudes[a], latitudes[b], longitudes[b])
    }
    let (inner, outer) = (step(row, row + 1), step(row + width - 1, row))
    return outer.isFinite && outer < 2.5 * max(inner, 1e-3)
  }
}

extension HorizontalGrid {
  /// Longitude and latitude of every cell.
  ///
  /// Throws: `GridError` with code `layout` where nothing tells them.
  func cellPlaces(of name: String) throws(GridError) -> CellPlaces {
    if kind == .geographic {
      return CellPlaces(
        longitudes: y.values.flatMap { _ in x.values },
        latitudes: y.values.flatMap { latitude in x.values.map { _ in latitude } })
    }
    do throws(GridError) {
      let (longitudes, latitudes) = try geometry().centres()
      return CellPlaces(longitudes: longitudes, latitudes: latitudes)
    } catch {
      throw GridError(error.code, path: error.path, variable: name, error.message)
    }
  }
}
