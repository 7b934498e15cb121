// Room: Grids. The boundary of a polygon as latitudes over longitude, cut at meridians.

internal import Foundation

/// The sides of a polygon over continuous longitudes, counter-clockwise.
struct Boundary {
  /// A side or a part of one: a great circle between two longitudes, in radians.
  struct Piece {
    let start: Double
    let end: Double
    let startLatitude: Double
    let endLatitude: Double
    /// tan φ = `slope` · cos(λ − `crest`); infinite along the line that stands for a pole.
    let slope: Double
    let crest: Double
  }

  private var sides: [Piece] = []
  /// The western and eastern end, in degrees.
  private(set) var longitudes = (Double.infinity, -Double.infinity)
  /// The southern and northern end, in degrees.
  private(set) var latitudes = (Double.infinity, -Double.infinity)

  init(_ polygon: SphericalPolygon) {
    let corners = polygon.corners
    let isPole = { (corner: Vector) in corner.x * corner.x + corner.y * corner.y < 1e-26 }
    // Begin at a corner that has a longitude.
    guard let first = corners.firstIndex(where: { !isPole($0) }) else { return }
    var lambda = atan2(corners[first].y, corners[first].x)
    let start = lambda
    var (from, phi) = (corners[first], latitude(corners[first]))
    for step in 1...corners.count {
      let to = corners[(first + step) % corners.count]
      if isPole(to) {
        // To the pole along a meridian, then along the pole to the next corner's meridian.
        let next = corners[(first + step + 1) % corners.count]
        let other = lambda + lessTurns(atan2(next.y, next.x) - lambda)
        addPole(from: lambda, to: other, north: to.z > 0)
        (lambda, phi, from) = (other, to.z > 0 ? .pi / 2 : -.pi / 2, to)
        continue
      }
      let other = lambda + lessTurns(atan2(to.y, to.x) - lambda)
      let otherPhi = latitude(to)
      if isPole(from) {
        note(other, otherPhi)
      } else {
        addSide(from, to, lambda, other, phi, otherPhi)
      }
      (lambda, phi, from) = (other, otherPhi, to)
    }
    // Once round a pole: the pole closes the boundary.
    if abs(lambda - start) > .pi {
      addPole(from: lambda, to: start, north: lambda > start)
    }
  }

  private func latitude(_ corner: Vector) -> Double {
    atan2(corner.z, (corner.x * corner.x + corner.y * corner.y).squareRoot())
  }

  private mutating func note(_ lambda: Double, _ phi: Double) {
    let (lon, lat) = (lambda / radiansPerDegree, phi / radiansPerDegree)
    longitudes = (min(longitudes.0, lon), max(longitudes.1, lon))
    latitudes = (min(latitudes.0, lat), max(latitudes.1, lat))
  }

  private mutating func addPole(from: Double, to: Double, north: Bool) {
    let pole = north ? Double.pi / 2 : -Double.pi / 2
    note(from, pole)
    note(to, pole)
    sides.append(
      Piece(
        start: from, end: to, startLatitude: pole, endLatitude: pole, slope: .infinity, crest: 0))
  }

  private mutating func addSide(
    _ from: Vector, _ to: Vector, _ start: Double, _ end: Double, _ phi: Double, _ otherPhi: Double
  ) {
    note(start, phi)
    note(end, otherPhi)
    // Meridians add nothing.
    guard abs(end - start) > 1e-15 else { return }
    let normal = from.cross(to - from)
    guard normal.z != 0 else { return }
    let (a, b) = (-normal.x / normal.z, -normal.y / normal.z)
    let slope = (a * a + b * b).squareRoot()
    let crest = atan2(b, a)
    sides.append(
      Piece(
        start: start, end: end, startLatitude: phi, endLatitude: otherPhi, slope: slope,
        crest: crest))
    // The side may reach further to a pole than its ends do.
    for (turn, sign) in [(crest, 1.0), (crest + .pi, -1.0)] {
      let middle = 0.5 * (start + end)
      let lambda = middle + lessTurns(turn - middle)
      if lambda > min(start, end), lambda < max(start, end) { note(lambda, sign * atan(slope)) }
    }
  }

  /// The parts of all sides between two meridians, in radians.
  func pieces(from west: Double, to east: Double) -> [Piece] {
    var pieces: [Piece] = []
    pieces.reserveCapacity(sides.count)
    for side in sides {
      let low = max(min(side.start, side.end), west)
      let high = min(max(side.start, side.end), east)
      guard high > low else { continue }
      pieces.append(side.end > side.start ? side.part(low, high) : side.part(high, low))
    }
    return pieces
  }
}

extension Boundary.Piece {
  /// The latitude at a longitude on the side.
  private func latitude(_ lambda: Double) -> Double {
    if slope == .infinity || lambda == start { return startLatitude }
    return lambda == end ? endLatitude : atan(slope * cos(lambda - crest))
  }

  func part(_ from: Double, _ to: Double) -> Boundary.Piece {
    Boundary.Piece(
      start: from, end: to, startLatitude: latitude(from), endLatitude: latitude(to),
      slope: slope, crest: crest)
  }

  /// Adds ∫ clamp(sin φ, s1, s2) dλ along the piece, less s1, and where asked for its moments about
  /// longitude 0.
  func add(below s2: Double, minus s1: Double, _ middles: Bool, _ sum: inout Moments) {
    var cuts: (Double, Double, Double, Double) = (.nan, .nan, .nan, .nan)
    var count = 0
    if slope < .infinity {
      for s in [s1, s2] where abs(s) < 1 { addCrossings(s, &cuts, &count) }
    }
    var from = start
    // In order along the piece; there are four at most.
    for _ in 0...count {
      var to = end
      for cut in [cuts.0, cuts.1, cuts.2, cuts.3]
      where !cut.isNaN && abs(cut - start) > abs(from - start) && abs(cut - start) < abs(to - start)
      {
        to = cut
      }
      addWithinBand(from, to, s1, s2, middles, &sum)
      if to == end { return }
      from = to
    }
  }

  private func addCrossings(
    _ s: Double, _ cuts: inout (Double, Double, Double, Double), _ count: inout Int
  ) {
    let ratio = s / (1 - s * s).squareRoot() / slope
    guard abs(ratio) < 1 else { return }
    let angle = acos(ratio)
    let middle = 0.5 * (start + end)
    for candidate in [crest + angle, crest - angle] {
      let lambda = middle + lessTurns(candidate - middle)
      guard (lambda - start) * (lambda - end) < 0 else { continue }
      switch count {
      case 0: cuts.0 = lambda
      case 1: cuts.1 = lambda
      case 2: cuts.2 = lambda
      default: cuts.3 = lambda
      }
      count += 1
    }
  }

  /// A part that lies wholly below, within or above the band.
  private func addWithinBand(
    _ from: Double, _ to: Double, _ s1: Double, _ s2: Double, _ middles: Bool,
    _ sum: inout Moments
  ) {
    let (phi1, phi2) = (latitude(from), latitude(to))
    let middle = slope == .infinity ? sin(startLatitude) : sin(latitude(0.5 * (from + to)))
    let width = to - from
    if middle <= s1 { return }
    if middle >= s2 {
      sum.area += (s2 - s1) * width
      if middles {
        sum.alongLongitude += (s2 - s1) * width * 0.5 * (from + to)
        sum.alongSine += 0.5 * (s2 * s2 - s1 * s1) * width
      }
      return
    }
    // ∫ sin φ dλ along a great circle: the area between it and the equator.
    let under = 2 * atan(tan(0.5 * width) * sin(0.5 * (phi1 + phi2)) / cos(0.5 * (phi1 - phi2)))
    sum.area += under - s1 * width
    guard middles else { return }
    // Gauss–Legendre with three points.
    for (point, weight) in [
      (-0.774596669241483, 5.0 / 18), (0, 8.0 / 18), (0.774596669241483, 5.0 / 18),
    ] {
      let lambda = 0.5 * (from + to) + 0.5 * point * width
      let s = sin(latitude(lambda))
      sum.alongLongitude += weight * width * (s - s1) * lambda
      sum.alongSine += weight * width * 0.5 * (s * s - s1 * s1)
    }
  }
}

/// An angle in radians, less whole turns, between −π and π.
@inline(__always)
private func lessTurns(_ angle: Double) -> Double {
  angle - 2 * .pi * (angle / (2 * .pi)).rounded(.toNearestOrEven)
}
