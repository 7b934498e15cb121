// Room: Grids. The areas of cells on the sphere.

internal import Foundation

extension GridGeometry {
  /// The Earth's mean radius in metres, as CDO takes it.
  public static let earthRadius = 6_371_000.0

  /// The areas of all cells, in square metres for a radius in metres.
  ///
  /// Exact on the sphere: between meridians and circles of latitude for rectilinear grids, between
  /// great circles through the corners for all others.
  /// Edge cases: 0 for cells that are nowhere or have no area.
  public func areas(
    radius: Double = GridGeometry.earthRadius, threads: Int? = nil
  ) -> [Double] {
    let square = radius * radius
    switch shape {
    case .rectilinear(let geometry):
      let widths = geometry.longitudes.indices.map { column in
        let (west, east) = geometry.longitudeEdges(column)
        return (east - west) * radiansPerDegree * square
      }
      return geometry.latitudes.indices.flatMap { row in
        let (south, north) = geometry.latitudeEdges(row)
        // sin b − sin a without cancellation.
        let (a, b) = (south * radiansPerDegree, north * radiansPerDegree)
        let band = 2 * cos(0.5 * (a + b)) * sin(0.5 * (b - a))
        return widths.map { $0 * band }
      }
    case .curvilinear(let geometry):
      let threads = max(1, threads ?? Parallel.processorCount)
      let cells = CellCorners(geometry, threads: threads)
      return Parallel.fill(count, of: 1 << 13, threads: threads, zero: 0) { range, output in
        for (index, cell) in range.enumerated() {
          output[index] =
            (cells.polygon(row: cell / width, column: cell % width)?.area ?? 0) * square
        }
      }
    }
  }
}
