// Room: Grids. Where in a quadrilateral of four centres a place lies.

internal import Foundation

/// Four places in order around a quadrilateral, on a plane whose origin is the place sought.
struct Quadrilateral: Sendable {
  private let x: (Double, Double, Double, Double)
  private let y: (Double, Double, Double, Double)

  /// The plane of longitude and latitude around `place`; nil where that has no meaning because the
  /// quadrilateral goes round a pole.
  init?(_ corners: [(longitude: Double, latitude: Double)], around place: (Double, Double)) {
    let dx = { (index: Int) in
      (corners[index].longitude - place.0).remainder(dividingBy: 360)
    }
    let dy = { (index: Int) in corners[index].latitude - place.1 }
    x = (dx(0), dx(1), dx(2), dx(3))
    y = (dy(0), dy(1), dy(2), dy(3))
    let span = max(x.0, x.1, x.2, x.3) - min(x.0, x.1, x.2, x.3)
    guard span < 180 else { return nil }
  }

  /// The plane that touches the sphere at `place`; nil where a corner is not on its half of Earth.
  init?(_ corners: [Vector], touching place: Vector) {
    let axis = abs(place.z) < 0.9 ? Vector(0, 0, 1) : Vector(1, 0, 0)
    let east = axis.cross(place).normalised
    let north = place.cross(east)
    let depth = corners.map { $0.dot(place) }
    guard depth.allSatisfy({ $0 > 0.1 }) else { return nil }
    let dx = { (index: Int) in corners[index].dot(east) / depth[index] }
    let dy = { (index: Int) in corners[index].dot(north) / depth[index] }
    x = (dx(0), dx(1), dx(2), dx(3))
    y = (dy(0), dy(1), dy(2), dy(3))
  }

  /// How far along the first side (a) and the last side (b) the origin lies, each 0 to 1; nil
  /// outside the quadrilateral, and where it is folded or has no area.
  ///
  /// Source: SCRIP user's guide, section 2.3: Newton's method on x = Σ wₖ xₖ.
  func coordinates() -> (a: Double, b: Double)? {
    guard containsOrigin else { return nil }
    let (ex, ey) = (x.1 - x.0, y.1 - y.0)
    let (fx, fy) = (x.3 - x.0, y.3 - y.0)
    let (gx, gy) = (x.0 - x.1 + x.2 - x.3, y.0 - y.1 + y.2 - y.3)
    var (a, b) = (0.5, 0.5)
    for _ in 0..<50 {
      let rx = x.0 + a * ex + b * fx + a * b * gx
      let ry = y.0 + a * ey + b * fy + a * b * gy
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
    let sides = [
      x.0 * y.1 - x.1 * y.0, x.1 * y.2 - x.2 * y.1, x.2 * y.3 - x.3 * y.2, x.3 * y.0 - x.0 * y.3,
    ]
    let area = abs(sides[0] + sides[1] + sides[2] + sides[3])
    let slack = 1e-9 * area
    return area > 0 && (sides.allSatisfy { $0 >= -slack } || sides.allSatisfy { $0 <= slack })
  }
}
