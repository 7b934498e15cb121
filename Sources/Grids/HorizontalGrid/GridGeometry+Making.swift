// Room: Grids. Finds where the cells of a grid lie from whatever its file gives.

internal import Foundation
internal import GridFiles

extension HorizontalGrid {
  /// Where the cells lie on Earth.
  ///
  /// Taken from longitude and latitude axes; from the projection or the rotated pole of the grid
  /// mapping; or from longitude and latitude of every cell, which also win over a projection that
  /// disagrees with them by more than half a cell.
  ///
  /// Throws: `GridError` with code `layout` where nothing says where the cells are.
  public func geometry(threads: Int? = nil) throws(GridError) -> GridGeometry {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count > 0, count < Int(Int32.max) else {
      throw GridError(.layout, "a grid of \(height) × \(width) cells cannot be placed on Earth")
    }
    let threads = max(1, threads ?? Parallel.processorCount)
    let given = try ownPlaces(count)
    if let rotated = mapping.flatMap({ RotatedPole($0) }) {
      return GridGeometry(
        mapped { x, y in
          let places = zip(x, y).map { rotated.place(longitude: $0, latitude: $1) }
          return (places.map(\.longitude), places.map(\.latitude))
        })
    }
    if kind == .geographic {
      var longitude = x
      let meridian = mapping?.attributes.number("longitude_of_prime_meridian") ?? 0
      if meridian != 0, meridian.isFinite {
        longitude.values = longitude.values.map { $0 + meridian }
        longitude.bounds = longitude.bounds?.map { $0 + meridian }
      }
      return GridGeometry(try RectilinearGeometry(longitude: longitude, latitude: y))
    }
    do throws(GridError) {
      if let projected = try projectedGeometry(given, threads) { return projected }
    } catch {
      guard given != nil else { throw error }
    }
    if let given {
      if let rectilinear = given.rectilinear(width: width, height: height) {
        return GridGeometry(rectilinear)
      }
      return GridGeometry(
        CurvilinearGeometry(width: width, height: height, places: given, threads: threads))
    }
    throw GridError(
      .layout,
      "nothing says where the cells of the grid '\(y.name)' × '\(x.name)' lie on Earth: it needs "
        + "longitude and latitude axes, a grid mapping, or longitude and latitude of every cell")
  }

  /// Longitude and latitude of every cell as the file gives them.
  private func ownPlaces(_ count: Int) throws(GridError) -> OwnPlaces? {
    guard let latitude, let longitude else { return nil }
    guard let latitudes = degrees(latitude), let longitudes = degrees(longitude),
      latitudes.count == count, longitudes.count == count
    else {
      throw GridError(
        .layout, variable: latitude.name,
        "latitude and longitude of the cells are not \(height) × \(width) numbers")
    }
    return OwnPlaces(
      longitudes: longitudes, latitudes: latitudes, longitudeCorners: longitude.bounds,
      latitudeCorners: latitude.bounds, width: width)
  }

  private func degrees(_ coordinate: AuxiliaryCoordinate) -> [Double]? {
    guard var values = coordinate.values.doubles else { return nil }
    // Fill values are no places.
    for name in ["_FillValue", "missing_value"] {
      guard let fill = coordinate.attributes.number(name), fill != 0 else { continue }
      for index in values.indices where values[index] == fill { values[index] = .nan }
    }
    guard let text = coordinate.attributes.text("units"), text.hasPrefix("rad"),
      let unit = try? PhysicalUnit(text), let degree = try? PhysicalUnit("degree"),
      let conversion = try? unit.conversion(to: degree)
    else { return values }
    return values.map { conversion($0) }
  }

  // MARK: Projections

  private func projectedGeometry(
    _ given: OwnPlaces?, _ threads: Int
  ) throws(GridError) -> GridGeometry? {
    guard let mapping, kind == .projected || kind == .angular || kind == .index else { return nil }
    guard let scale = metresPerUnit,
      let projection = try Projection(mapping, metresPerUnit: scale.x), !projection.isGeographic
    else { return nil }
    // Coordinates that call themselves metres are kilometres beside such an ellipsoid too.
    let inKilometres = projection.isInKilometres
    let factor = { (scale: Double) in inKilometres && scale == 1000 ? 1 : scale }
    let geometry = mapped { x, y in
      projection.places(
        x: x.map { $0 * factor(scale.x) }, y: y.map { $0 * factor(scale.y) }, threads: threads)
    }
    if let given, !given.agrees(with: geometry) { return nil }
    return GridGeometry(geometry)
  }

  /// Metres in a unit of each axis; for viewing angles, those at the satellite's height.
  private var metresPerUnit: (x: Double, y: Double)? {
    if mapping?.projection == "geostationary" || kind == .angular {
      let height = mapping?.attributes.number("perspective_point_height") ?? 35_785_831
      if let x = radiansPerUnit(x), let y = radiansPerUnit(y) { return (x * height, y * height) }
    }
    guard let x = kilometresPerUnit(x), let y = kilometresPerUnit(y) else { return nil }
    return (x * 1000, y * 1000)
  }

  private func radiansPerUnit(_ axis: HorizontalAxis) -> Double? {
    if axis.units.isEmpty || axis.units == "1" { return 1 }
    guard let unit = try? PhysicalUnit(axis.units), let radian = try? PhysicalUnit("rad"),
      let metre = try? PhysicalUnit("m"), !unit.isConvertible(to: metre)
    else { return nil }
    return (try? unit.conversion(to: radian))?.scale
  }

  /// Cells and their corners through a map from the two axes to places.
  private func mapped(
    _ place: (_ x: [Double], _ y: [Double]) -> (longitudes: [Double], latitudes: [Double])
  ) -> CurvilinearGeometry {
    func every(_ x: [Double], _ y: [Double]) -> (longitudes: [Double], latitudes: [Double]) {
      place(
        y.flatMap { _ in x }, y.flatMap { [Double](repeating: $0, count: x.count) })
    }
    let centres = every(x.values, y.values)
    let corners = every(x.cornerValues, y.cornerValues)
    return CurvilinearGeometry(
      width: width, height: height, longitudes: centres.longitudes, latitudes: centres.latitudes,
      corners: .shared(longitudes: corners.longitudes, latitudes: corners.latitudes),
      isCyclic: false)
  }
}

extension HorizontalAxis {
  /// The edges of all cells, one more than cells: of the bounds where those join, else midpoints.
  var cornerValues: [Double] {
    var bounds = RectilinearGeometry.midpoints(values, period: nil)
    if let own = self.bounds, own.count == 2 * count, own.allSatisfy(\.isFinite) {
      let tolerance = 1e-3 * step
      let joins = (1..<max(1, count)).allSatisfy { abs(own[2 * $0] - own[2 * $0 - 1]) <= tolerance }
      let turned = stride(from: 0, to: own.count, by: 2).flatMap { [own[$0 + 1], own[$0]] }
      let turnedJoins = (1..<max(1, count)).allSatisfy {
        abs(turned[2 * $0] - turned[2 * $0 - 1]) <= tolerance
      }
      if joins { bounds = own } else if turnedJoins { bounds = turned }
    }
    guard let last = bounds.last else { return [] }
    return stride(from: 0, to: bounds.count, by: 2).map { bounds[$0] } + [last]
  }
}
