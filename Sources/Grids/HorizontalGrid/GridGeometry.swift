// Room: Grids. Where the cells of a horizontal grid lie on Earth: their centres and corners.

/// Longitude and latitude of the cells of a grid, in degrees.
///
/// Cells are numbered row by row, as values are: cell `row × width + column`. A place that is not
/// on Earth, such as a satellite's view past the limb, is NaN.
public struct GridGeometry: Sendable {
  enum Shape: Sendable {
    /// Every row has one latitude and every column one longitude.
    case rectilinear(RectilinearGeometry)
    /// Every cell has its own place.
    case curvilinear(CurvilinearGeometry)
  }

  let shape: Shape
  /// Cells in a row.
  public let width: Int
  /// Rows.
  public let height: Int

  init(_ geometry: RectilinearGeometry) {
    shape = .rectilinear(geometry)
    width = geometry.longitudes.count
    height = geometry.latitudes.count
  }

  init(_ geometry: CurvilinearGeometry) {
    shape = .curvilinear(geometry)
    width = geometry.width
    height = geometry.height
  }

  /// The number of cells.
  public var count: Int { width * height }

  /// Whether every row has one latitude and every column one longitude.
  public var isRectilinear: Bool {
    if case .rectilinear = shape { true } else { false }
  }

  /// Whether the last column is the western neighbour of the first.
  public var isCyclic: Bool {
    switch shape {
    case .rectilinear(let geometry): geometry.isCyclic
    case .curvilinear(let geometry): geometry.isCyclic
    }
  }

  /// The centre of a cell.
  @inline(__always)
  public func centre(row: Int, column: Int) -> (longitude: Double, latitude: Double) {
    switch shape {
    case .rectilinear(let geometry):
      return (geometry.longitudes[column], geometry.latitudes[row])
    case .curvilinear(let geometry):
      let cell = row * geometry.width + column
      return (geometry.longitudes[cell], geometry.latitudes[cell])
    }
  }

  /// The centres of all cells, `height × width` longitudes and latitudes.
  public func centres() -> (longitudes: [Double], latitudes: [Double]) {
    switch shape {
    case .curvilinear(let geometry): return (geometry.longitudes, geometry.latitudes)
    case .rectilinear(let geometry):
      var longitudes: [Double] = []
      var latitudes: [Double] = []
      longitudes.reserveCapacity(count)
      latitudes.reserveCapacity(count)
      for latitude in geometry.latitudes {
        longitudes += geometry.longitudes
        latitudes += repeatElement(latitude, count: width)
      }
      return (longitudes, latitudes)
    }
  }

  /// The corners of a cell in order around it, four or more; empty where they are not on Earth.
  public func corners(row: Int, column: Int) -> [(longitude: Double, latitude: Double)] {
    switch shape {
    case .rectilinear(let geometry):
      let (west, east) = geometry.longitudeEdges(column)
      let (south, north) = geometry.latitudeEdges(row)
      return [(west, south), (east, south), (east, north), (west, north)]
    case .curvilinear(let geometry):
      let corners = geometry.corners(row: row, column: column)
      return corners.allSatisfy { $0.longitude.isFinite && $0.latitude.isFinite } ? corners : []
    }
  }
}

/// A grid of rows of one latitude and columns of one longitude: a class, so that threads pass one
/// reference on and not four arrays.
final class RectilinearGeometry: Sendable {
  /// Longitudes of the columns, rising or falling all along.
  let longitudes: [Double]
  /// Latitudes of the rows, rising or falling all along.
  let latitudes: [Double]
  /// Two edges a column.
  let longitudeBounds: [Double]
  /// Two edges a row.
  let latitudeBounds: [Double]
  /// Whether the last column is the neighbour of the first.
  let isCyclic: Bool

  /// The geometry of longitudes and latitudes in degrees, with their edges where known.
  init(
    longitudes: [Double], latitudes: [Double], longitudeBounds: [Double]? = nil,
    latitudeBounds: [Double]? = nil
  ) {
    self.longitudes = longitudes
    self.latitudes = latitudes
    let cyclic = Self.isCyclic(longitudes, bounds: longitudeBounds)
    isCyclic = cyclic
    if let bounds = longitudeBounds, let usable = Self.usable(bounds, longitudes, period: 360) {
      self.longitudeBounds = usable
    } else {
      self.longitudeBounds = Self.midpoints(longitudes, period: cyclic ? 360 : nil)
    }
    if let bounds = latitudeBounds, let usable = Self.usable(bounds, latitudes, period: nil) {
      self.latitudeBounds = usable.map { min(90, max(-90, $0)) }
    } else {
      self.latitudeBounds = Self.reachingPoles(Self.midpoints(latitudes, period: nil))
    }
  }

  /// The western and eastern edge of a column.
  func longitudeEdges(_ column: Int) -> (west: Double, east: Double) {
    let (a, b) = (longitudeBounds[2 * column], longitudeBounds[2 * column + 1])
    return (min(a, b), max(a, b))
  }

  /// The southern and northern edge of a row.
  func latitudeEdges(_ row: Int) -> (south: Double, north: Double) {
    let (a, b) = (latitudeBounds[2 * row], latitudeBounds[2 * row + 1])
    return (min(a, b), max(a, b))
  }
}

/// A grid each of whose cells has its own place.
final class CurvilinearGeometry: Sendable {
  /// How corners are kept.
  enum Corners: Sendable {
    /// Cells share theirs: `(height + 1) × (width + 1)` places.
    case shared(longitudes: [Double], latitudes: [Double])
    /// `count` places a cell.
    case own(count: Int, longitudes: [Double], latitudes: [Double])
  }

  let width: Int
  let height: Int
  /// Longitudes of the centres; NaN where the cell is nowhere.
  let longitudes: [Double]
  /// Latitudes of the centres; NaN where the cell is nowhere.
  let latitudes: [Double]
  let corners: Corners
  let isCyclic: Bool

  init(
    width: Int, height: Int, longitudes: [Double], latitudes: [Double], corners: Corners,
    isCyclic: Bool
  ) {
    self.width = width
    self.height = height
    self.longitudes = longitudes
    self.latitudes = latitudes
    self.corners = corners
    self.isCyclic = isCyclic
  }

  /// The corners of a cell, in order around it.
  func corners(row: Int, column: Int) -> [(longitude: Double, latitude: Double)] {
    switch corners {
    case .shared(let longitudes, let latitudes):
      let first = row * (width + 1) + column
      return [first, first + 1, first + width + 2, first + width + 1].map {
        (longitudes[$0], latitudes[$0])
      }
    case .own(let count, let longitudes, let latitudes):
      let first = (row * width + column) * count
      return (first..<first + count).map { (longitudes[$0], latitudes[$0]) }
    }
  }
}
