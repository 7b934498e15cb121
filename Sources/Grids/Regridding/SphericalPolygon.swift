// Room: Grids. Polygons on the sphere with great circles for sides: area, middle, overlap.

internal import Foundation

/// A polygon on the unit sphere, less than half of it, whose sides are great circles.
struct SphericalPolygon: Sendable {
  /// The corners, counter-clockwise seen from outside.
  private(set) var corners: [Vector]
  /// The area in steradians, not negative.
  private(set) var area: Double

  /// The polygon around places in order; nil where it has no area, or a corner is no place.
  ///
  /// Edge cases: repeated corners are dropped, clockwise ones turned round, and four or more that
  /// cross over are put in order around their middle. A polygon with a side of more than a
  /// quarter of the Earth is no cell.
  init?(_ places: [Vector]) {
    var corners: [Vector] = []
    for place in places {
      guard place.isFinite else { return nil }
      if let last = corners.last, (last - place).lengthSquared < 1e-24 { continue }
      corners.append(place)
    }
    while corners.count > 1, (corners[0] - corners[corners.count - 1]).lengthSquared < 1e-24 {
      corners.removeLast()
    }
    guard corners.count > 2 else { return nil }
    for index in corners.indices
    where corners[index].dot(corners[(index + 1) % corners.count]) < 0 { return nil }
    self.init(cornersInOrder: corners)
    if corners.count > 3, !isConvex, let sorted = Self.sorted(corners) {
      let other = SphericalPolygon(cornersInOrder: sorted)
      // A cell with a dent keeps it; one whose sides cross gains area by being put in order.
      if other.area > 1.5 * area || area < 1e-3 * other.area { self = other }
    }
    guard area > 1e-18 else { return nil }
  }

  private init(cornersInOrder corners: [Vector]) {
    let area = Self.signedArea(corners)
    self.corners = area < 0 ? corners.reversed() : corners
    self.area = abs(area)
  }

  private static func sorted(_ corners: [Vector]) -> [Vector]? {
    let sum = corners.reduce(Vector.zero, +)
    guard sum.lengthSquared > 0 else { return nil }
    let middle = sum.normalised
    let axis = abs(middle.z) < 0.9 ? Vector(0, 0, 1) : Vector(1, 0, 0)
    let east = axis.cross(middle).normalised
    let north = middle.cross(east)
    return corners.map { (angle: atan2($0.dot(north), $0.dot(east)), corner: $0) }
      .sorted { $0.angle < $1.angle }.map(\.corner)
  }

  /// The area in steradians, positive for counter-clockwise corners.
  ///
  /// Source: Van Oosterom and Strackee (1983), tan(Ω/2) of a triangle; differences of corners keep
  /// small cells exact.
  static func signedArea(_ corners: [Vector]) -> Double {
    guard corners.count > 2 else { return 0 }
    let a = corners[0]
    var sum = 0.0
    for index in 1..<corners.count - 1 {
      sum += triangle(a, corners[index], corners[index + 1])
    }
    return sum
  }

  @inline(__always)
  private static func triangle(_ a: Vector, _ b: Vector, _ c: Vector) -> Double {
    let volume = a.dot((b - a).cross(c - a))
    return 2 * atan2(volume, 1 + a.dot(b) + b.dot(c) + c.dot(a))
  }

  /// The middle of the area, as a unit vector.
  static func middle(_ corners: [Vector]) -> Vector {
    guard corners.count > 2 else { return Vector(repeating: .nan) }
    var sum = Vector.zero
    for index in 1..<corners.count - 1 {
      let (b, c) = (corners[index], corners[index + 1])
      sum += triangle(corners[0], b, c) * (corners[0] + b + c).normalised
    }
    return sum.normalised
  }

  /// Whether no corner is a dent.
  var isConvex: Bool {
    let count = corners.count
    for index in 0..<count {
      let (a, b) = (corners[index], corners[(index + 1) % count])
      let c = corners[(index + 2) % count]
      if a.dot((b - a).cross(c - a)) < -1e-14 * (b - a).length * (c - b).length { return false }
    }
    return true
  }

  /// The polygon in parts without dents.
  var convexParts: [[Vector]] {
    if isConvex { return [corners] }
    // From a dent, triangles to all other sides lie inside; cells have one dent at most.
    let count = corners.count
    let dent = (0..<count).first { index in
      let (a, b) = (corners[(index + count - 1) % count], corners[index])
      return a.dot((b - a).cross(corners[(index + 1) % count] - a)) < 0
    }
    let start = dent ?? 0
    return (1..<count - 1).map {
      [corners[start], corners[(start + $0) % count], corners[(start + $0 + 1) % count]]
    }
  }

  /// What `subject` and a polygon without dents have in common.
  ///
  /// Source: Sutherland and Hodgman (1974), with planes through the Earth's centre for lines.
  static func overlap(_ subject: [Vector], with convex: [Vector]) -> [Vector] {
    var inside = subject
    var next: [Vector] = []
    for index in convex.indices {
      let start = convex[index]
      let side = convex[index + 1 == convex.count ? 0 : index + 1] - start
      let plane = start.cross(side)
      next.removeAll(keepingCapacity: true)
      guard var previous = inside.last else { return [] }
      var before = plane.dot(previous - start)
      for corner in inside {
        let here = plane.dot(corner - start)
        if (here >= 0) != (before >= 0) {
          let crossing = previous + (before / (before - here)) * (corner - previous)
          next.append(crossing.normalised)
        }
        if here >= 0 { next.append(corner) }
        (previous, before) = (corner, here)
      }
      swap(&inside, &next)
    }
    return inside
  }
}
