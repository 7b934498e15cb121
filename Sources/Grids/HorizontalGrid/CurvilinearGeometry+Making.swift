// Room: Grids. Corners and seam of a grid whose cells each have their own place.

internal import Foundation

extension CurvilinearGeometry {
  /// The geometry of given centres, with given corners or corners halfway between centres.
  ///
  /// A corner is the middle of the four centres around it; beyond the edge of the grid, and of
  /// cells that are nowhere, centres go on as the last two do.
  convenience init(width: Int, height: Int, places: OwnPlaces, threads: Int) {
    let vectors = Parallel.fill(
      width * height, of: 1 << 14, threads: threads, zero: Vector.zero
    ) { range, output in
      for (index, cell) in range.enumerated() {
        output[index] = Vector(
          longitude: places.longitudes[cell], latitude: places.latitudes[cell])
      }
    }
    let cyclic = Self.isCyclic(vectors, width: width, height: height)
    let corners: Corners
    if let own = places.corners {
      corners = .own(count: own.count, longitudes: own.longitudes, latitudes: own.latitudes)
    } else {
      corners = PaddedCentres(vectors, width: width, height: height, isCyclic: cyclic).corners()
    }
    self.init(
      width: width, height: height, longitudes: places.longitudes, latitudes: places.latitudes,
      corners: corners, isCyclic: cyclic)
  }

  /// Whether, in most rows, the step from the last cell to the first is like those inside the row.
  static func isCyclic(_ centres: [Vector], width: Int, height: Int) -> Bool {
    guard width > 3 else { return false }
    var (yes, no) = (0, 0)
    for row in stride(from: 0, to: height, by: max(1, height / 64)) {
      let first = row * width
      let seam = (centres[first] - centres[first + width - 1]).length
      let inside = max(
        (centres[first + 1] - centres[first]).length,
        (centres[first + width - 1] - centres[first + width - 2]).length)
      guard seam.isFinite, inside.isFinite else { continue }
      // A small patch near a pole may close by chance: a turn must be made.
      if seam <= 1.5 * inside { yes += 1 } else { no += 1 }
    }
    return yes > 0 && yes >= 3 * no
  }
}

/// Centres with a rim of one more cell all round.
private struct PaddedCentres {
  private let width: Int
  private let height: Int
  private var centres: [Vector]

  init(_ inner: [Vector], width: Int, height: Int, isCyclic: Bool) {
    self.width = width + 2
    self.height = height + 2
    centres = [Vector](repeating: Vector(repeating: .nan), count: (width + 2) * (height + 2))
    for row in 0..<height {
      for column in 0..<width {
        centres[(row + 1) * self.width + column + 1] = inner[row * width + column]
      }
      if isCyclic {
        centres[(row + 1) * self.width] = inner[row * width + width - 1]
        centres[(row + 1) * self.width + width + 1] = inner[row * width]
      }
    }
    extend()
    extend()
  }

  /// Continues the two nearest centres in each direction into cells that have none.
  private mutating func extend() {
    let known = centres
    for row in 0..<height {
      for column in 0..<width {
        let cell = row * width + column
        guard !known[cell].isFinite else { continue }
        var (sum, count) = (Vector.zero, 0.0)
        for (dy, dx) in [(0, 1), (0, -1), (1, 0), (-1, 0)] {
          let (j, i) = (row + 2 * dy, column + 2 * dx)
          guard j >= 0, j < height, i >= 0, i < width else { continue }
          let next = 2 * known[cell + dy * width + dx] - known[j * width + i]
          if next.isFinite { (sum, count) = (sum + next, count + 1) }
        }
        if count > 0 { centres[cell] = sum / count }
      }
    }
  }

  /// The middles of four centres.
  func corners() -> CurvilinearGeometry.Corners {
    let (columns, rows) = (width - 1, height - 1)
    var longitudes = [Double](repeating: .nan, count: columns * rows)
    var latitudes = longitudes
    for row in 0..<rows {
      for column in 0..<columns {
        let cell = row * width + column
        let sum =
          centres[cell] + centres[cell + 1] + centres[cell + width] + centres[cell + width + 1]
        guard sum.isFinite, sum.lengthSquared > 0 else { continue }
        let place = sum.degrees
        longitudes[row * columns + column] = place.longitude
        latitudes[row * columns + column] = place.latitude
      }
    }
    return .shared(longitudes: longitudes, latitudes: latitudes)
  }
}
