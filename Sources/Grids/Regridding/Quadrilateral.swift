// Room: Grids. Where in a quadrilateral of four centres a place lies.

internal import Foundation

/// Four places in order around a quadrilateral, on a plane whose origin is the place sought.
struct Quadrilateral: Sendable {
  private let x: SIMD4<Double>
  private let y: SIMD4<Double>

  /// The plane of longitude and latitude around `place`; nil where that has no meaning because the
  /// quadrilateral goes round a pole.
  @inline(__always)
  init?(
    _ longitudes: SIMD4<Double>, _ latitudes: SIMD4<Double>,
    around place: (longitude: Double, latitude: Double)
  ) {
    let dx = longitudes - place.longitude
    x = dx - 360 * (dx / 360).rounded(.toNearestOrEven)
    y = latitudes - place.latitude
    guard x.max() - x.min() < 180 else { return nil }
  }

  /// The plane that touches the sphere at `place`; nil where a corner is not on its half of Earth.
  init?(_ p: Vector, _ q: Vector, _ r: Vector, _ s: Vector, touching place: Vector) {
    let axis = abs(place.z) < 0.9 ? Vector(0, 0, 1) : Vector(1, 0, 0)
    let east = axis.cross(place).normalised
    let north = place.cross(east)
    let depth = SIMD4(p.dot(place), q.dot(place), r.dot(place), s.dot(place))
    guard depth.min() > 0.1 else { return nil }
    x = SIMD4(p.dot(east), q.dot(east), r.dot(east), s.dot(east)) / depth
    y = SIMD4(p.dot(north), q.dot(north), r.dot(north), s.dot(north)) / depth
  }

  /// How far along the first side (a) and the last side (b) the origin lies, each 0 to 1; nil
  /// outside the quadrilateral, and where it is folded or has no area.
  ///
  /// Source: SCRIP user's guide, section 2.3: Newton's method on x = Σ wₖ xₖ.
  func coordinates() -> (a: Double, b: Double)? {
    guard containsOrigin else { return nil }
    let (ex, ey) = (x[1] - x[0], y[1] - y[0])
    let (fx, fy) = (x[3] - x[0], y[3] - y[0])
    let (gx, gy) = (x[0] - x[1] + x[2] - x[3], y[0] - y[1] + y[2] - y[3])
    var (a, b) = (0.5, 0.5)
    for _ in 0..<50 {
      let rx = x[0] + a * ex + b * fx + a * b * gx
      let ry = y[0] + a * ey + b * fy + a * b * gy
      let (ax, ay) = (ex + b * gx, ey + b * gy)
      let (bx, by) = (fx + a * gx, fy + a * gy)
      let determinant = ax * by - ay * bx
      guard determinant != 0 else { return nil }
      let da = (rx * by - ry * bx) / determinant
      let db = (ax * ry - ay * rx) / determinant
      a -= da
      b -= db
      if abs(da) < 1e-12, abs(db) < 1e-12 { break }
    }
    guard a > -1e-6, a < 1 + 1e-6, b > -1e-6, b < 1 + 1e-6 else { return nil }
    return (Self.snapped(a), Self.snapped(b))
  }

  private static func snapped(_ value: Double) -> Double {
    value < 1e-8 ? 0 : (value > 1 - 1e-8 ? 1 : value)
  }

  /// Whether the origin is on the same side of all sides, or on them to rounding.
  private var containsOrigin: Bool {
    let nextX = SIMD4(x[1], x[2], x[3], x[0])
    let nextY = SIMD4(y[1], y[2], y[3], y[0])
    let sides = x * nextY - nextX * y
    let area = abs(sides.sum())
    let slack = 1e-9 * area
    return area > 0 && (sides.min() >= -slack || sides.max() <= slack)
  }
}
