// Room: Grids. Longitude and latitude of every cell as files give them, less what is no place.

internal import Foundation

/// Longitude and latitude of every cell, in degrees; NaN for a cell that has none.
struct OwnPlaces: Sendable {
  private(set) var longitudes: [Double]
  private(set) var latitudes: [Double]
  /// The corners, `cornerCount` a cell, where the file gives them.
  let corners: (count: Int, longitudes: [Double], latitudes: [Double])?

  init(
    longitudes: [Double], latitudes: [Double], longitudeCorners: [Double]?,
    latitudeCorners: [Double]?, width: Int
  ) {
    self.longitudes = longitudes
    self.latitudes = latitudes
    let count = longitudes.count
    if let longitudeCorners, let latitudeCorners, count > 0,
      longitudeCorners.count == latitudeCorners.count, longitudeCorners.count % count == 0,
      longitudeCorners.count / count >= 3
    {
      corners = (longitudeCorners.count / count, longitudeCorners, latitudeCorners)
    } else {
      corners = nil
    }
    removeWhatIsNoPlace(width)
  }

  /// Cells whose coordinates are NaN, beyond all bounds, or the same as a neighbour's.
  ///
  /// Models that leave land processors out write 0, −1 or a fill value there; no two neighbours of a
  /// real grid have the same coordinates.
  private mutating func removeWhatIsNoPlace(_ width: Int) {
    let isPlace = { (lon: Double, lat: Double) in
      lon.isFinite && lat.isFinite && abs(lon) <= 1080 && abs(lat) <= 90.001
    }
    let (lon, lat) = (longitudes, latitudes)
    for cell in lon.indices {
      var bad = !isPlace(lon[cell], lat[cell])
      if !bad {
        let column = cell % width
        let same = { (other: Int) in lon[other] == lon[cell] && lat[other] == lat[cell] }
        bad =
          (column > 0 && same(cell - 1)) || (column + 1 < width && same(cell + 1))
          || (cell >= width && same(cell - width))
          || (cell + width < lon.count && same(cell + width))
      }
      if bad {
        longitudes[cell] = .nan
        latitudes[cell] = .nan
      } else {
        latitudes[cell] = min(90, max(-90, lat[cell]))
      }
    }
  }

  /// The rows and columns, where all rows have the same longitudes and all columns the same latitudes.
  func rectilinear(width: Int, height: Int) -> RectilinearGeometry? {
    guard width > 1, height > 1 else { return nil }
    let columns = Array(longitudes[..<width])
    let rows = stride(from: 0, to: longitudes.count, by: width).map { latitudes[$0] }
    for row in 0..<height {
      for column in 0..<width {
        let cell = row * width + column
        guard longitudes[cell] == columns[column], latitudes[cell] == rows[row] else { return nil }
      }
    }
    let x = unwrappedLongitudes(columns) ?? columns
    let isMonotone = { (values: [Double]) in
      zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
        || zip(values, values.dropFirst()).allSatisfy { $0 > $1 }
    }
    guard isMonotone(x), isMonotone(rows), abs(x[width - 1] - x[0]) <= 360 + 1e-6 else {
      return nil
    }
    return RectilinearGeometry(longitudes: x, latitudes: rows)
  }

  /// Whether places computed otherwise lie within half a cell of these, for nearly all of a sample.
  func agrees(with geometry: CurvilinearGeometry) -> Bool {
    let (width, height) = (geometry.width, geometry.height)
    guard width > 1, height > 1 else { return true }
    var (near, far) = (0, 0)
    for row in stride(from: 0, to: height - 1, by: max(1, height / 16)) {
      for column in stride(from: 0, to: width - 1, by: max(1, width / 16)) {
        let cell = row * width + column
        let here = Vector(longitude: longitudes[cell], latitude: latitudes[cell])
        let east = Vector(longitude: longitudes[cell + 1], latitude: latitudes[cell + 1])
        let north = Vector(longitude: longitudes[cell + width], latitude: latitudes[cell + width])
        let there = Vector(
          longitude: geometry.longitudes[cell], latitude: geometry.latitudes[cell])
        guard here.isFinite, east.isFinite, north.isFinite, there.isFinite else { continue }
        let size = min((east - here).length, (north - here).length)
        if (there - here).length <= 0.5 * size { near += 1 } else { far += 1 }
      }
    }
    return far * 20 <= near
  }
}
