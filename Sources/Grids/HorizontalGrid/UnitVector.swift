// Room: Grids. Places on the sphere as unit vectors: no seam at the date line, no pole.

internal import Foundation

/// A place on the unit sphere, or any vector: x to 0° E, y to 90° E, z to the north pole.
typealias Vector = SIMD3<Double>

let radiansPerDegree = Double.pi / 180

extension SIMD3 where Scalar == Double {
  /// The place at a longitude and latitude in degrees; NaN stays NaN.
  init(longitude: Double, latitude: Double) {
    let (lon, lat) = (longitude * radiansPerDegree, latitude * radiansPerDegree)
    let c = abs(latitude) == 90 ? 0 : cos(lat)
    self.init(c * cos(lon), c * sin(lon), sin(lat))
  }

  /// Longitude (−180…180) and latitude of the place, in degrees.
  var degrees: (longitude: Double, latitude: Double) {
    (
      atan2(y, x) / radiansPerDegree,
      atan2(z, (x * x + y * y).squareRoot()) / radiansPerDegree
    )
  }

  @inline(__always)
  func dot(_ other: Self) -> Double { x * other.x + y * other.y + z * other.z }

  @inline(__always)
  func cross(_ other: Self) -> Self {
    Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }

  @inline(__always)
  var lengthSquared: Double { dot(self) }

  @inline(__always)
  var length: Double { dot(self).squareRoot() }

  /// The vector of length 1 in the same direction; NaN for no vector.
  var normalised: Self { self / length }

  @inline(__always)
  var isFinite: Bool { x.isFinite && y.isFinite && z.isFinite }

  /// The angle to another unit vector, exact for near and far ones.
  func angle(to other: Self) -> Double { atan2(cross(other).length, dot(other)) }
}

extension GridGeometry {
  /// The centres of all cells as unit vectors.
  func centreVectors(threads: Int) -> [Vector] {
    Parallel.fill(count, of: 1 << 14, threads: threads, zero: .zero) { range, output in
      var (row, column) = range.lowerBound.quotientAndRemainder(dividingBy: max(1, width))
      for index in output.indices {
        let (longitude, latitude) = centre(row: row, column: column)
        output[index] = Vector(longitude: longitude, latitude: latitude)
        column += 1
        if column == width { (row, column) = (row + 1, 0) }
      }
    }
  }
}
