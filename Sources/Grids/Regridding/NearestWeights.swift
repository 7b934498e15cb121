// Room: Grids. Nearest neighbours on the sphere.

internal import Foundation

/// Finds the source cell nearest to a place.
struct NearestSearch: Sendable {
  private enum Method: Sendable {
    case axes(x: MonotoneAxis, y: MonotoneAxis, RectilinearGeometry)
    case tree(PointTree)
  }

  private let method: Method
  private let source: GridGeometry

  /// - Parameter mask: source cells that may be found, or nil for all.
  init(_ source: GridGeometry, mask: [Bool]?, threads: Int) {
    self.source = source
    if mask == nil, case .rectilinear(let geometry) = source.shape {
      method = .axes(
        x: MonotoneAxis(geometry.longitudes, period: 360, isCyclic: geometry.isCyclic),
        y: MonotoneAxis(geometry.latitudes, period: 360), geometry)
    } else {
      method = .tree(
        PointTree(
          source.centreVectors(threads: threads), width: source.width, height: source.height,
          isValid: mask, threads: threads))
    }
  }

  /// The cell nearest to a place in degrees; nil for NaN, or where no cell may be found.
  func nearest(longitude: Double, latitude: Double) -> Int? {
    guard longitude.isFinite, latitude.isFinite else { return nil }
    switch method {
    case .tree(let tree):
      return tree.nearest(to: Vector(longitude: longitude, latitude: latitude))?.element
    case .axes(let x, let y, let geometry):
      // All rows have the same columns, so the nearest column is the same in all. Along its
      // meridian the distance d to latitude φ obeys cos d = R cos(φ − ψ).
      let column = x.nearest(longitude)
      let difference = (geometry.longitudes[column] - longitude) * radiansPerDegree
      let lat = latitude * radiansPerDegree
      let psi = atan2(sin(lat), cos(lat) * cos(difference)) / radiansPerDegree
      return y.nearest(psi) * source.width + column
    }
  }
}

/// Weights of the nearest neighbour.
struct NearestWeights: Sendable {
  let search: NearestSearch
  let source: GridGeometry
  let target: GridGeometry
  /// Whether target cells outside the source grid get its nearest cell too.
  let reachesOutside: Bool

  func rows(_ range: Range<Int>) -> WeightRows {
    var rows = WeightRows()
    for cell in range {
      let place = target.centre(row: cell / target.width, column: cell % target.width)
      if let found = search.nearest(longitude: place.longitude, latitude: place.latitude),
        reachesOutside || source.reaches(cell: found, place)
      {
        rows.add(found, 1)
      }
      rows.endRow()
    }
    return rows
  }
}

extension GridGeometry {
  /// Whether a place lies in or close to the cell that is nearest to it: within the cell's own size.
  func reaches(cell: Int, _ place: (longitude: Double, latitude: Double)) -> Bool {
    let (row, column) = (cell / width, cell % width)
    if case .rectilinear(let geometry) = shape {
      let (west, east) = geometry.longitudeEdges(column)
      let (south, north) = geometry.latitudeEdges(row)
      let middle = 0.5 * (west + east)
      let difference = (place.longitude - middle).remainder(dividingBy: 360)
      let slack = 1e-3
      return abs(difference) <= (0.5 + slack) * (east - west)
        && place.latitude >= south - slack * (north - south)
        && place.latitude <= north + slack * (north - south)
    }
    let centre = centre(row: row, column: column)
    let here = Vector(longitude: centre.longitude, latitude: centre.latitude)
    let reach = corners(row: row, column: column).map {
      (Vector(longitude: $0.longitude, latitude: $0.latitude) - here).lengthSquared
    }.max()
    let distance =
      (Vector(longitude: place.longitude, latitude: place.latitude) - here).lengthSquared
    // Without corners (a cell whose neighbours are nowhere) only its centre itself is near.
    return distance <= (reach ?? 1e-12) * 1.002
  }
}
