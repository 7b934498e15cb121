// Room: Grids. Finds a coordinate among those of an axis.

/// The coordinates of an axis in rising order, searched by bisection; it may go round a circle.
struct MonotoneAxis: Sendable {
  private let values: [Double]
  /// Whether coordinates fall with the index.
  let isReversed: Bool
  /// The circle's length, where the axis goes round.
  private let period: Double?
  private let isCircle: Bool

  /// - Parameters:
  ///   - values: rising or falling all along.
  ///   - period: 360 for longitudes: places are moved by whole turns to the axis.
  ///   - isCyclic: whether the last is the neighbour of the first.
  init(_ values: [Double], period: Double? = nil, isCyclic: Bool = false) {
    isReversed = (values.last ?? 0) < (values.first ?? 0)
    var rising = isReversed ? values.reversed() : values
    // A column repeated after a whole turn adds nothing.
    if isCyclic, let period, let first = rising.first {
      while let last = rising.last, last - first > period - 1e-9 { rising.removeLast() }
    }
    dropped = values.count - rising.count
    self.values = rising
    self.period = period
    isCircle = isCyclic
    count = values.count
  }

  private let count: Int
  private let dropped: Int

  /// The coordinates that are searched, without repetitions.
  var distinctCount: Int { values.count }

  /// The axis's own index of a place in rising order.
  private func original(_ index: Int) -> Int { isReversed ? count - 1 - index : index }

  /// The indices of all coordinates that are searched.
  var indices: [Int] { values.indices.map(original) }

  /// A place between two coordinates: `fraction` of the way from the lower to the upper.
  struct Bracket {
    let lower: Int
    let upper: Int
    let fraction: Double
  }

  /// The coordinates on both sides of `place`, or nil outside the axis.
  ///
  /// Edge cases: a place within a thousandth of a step outside counts as the end itself; fractions
  /// within 1e-8 of 0 or 1 are rounded to it, so that coinciding places take one value only.
  func bracket(_ place: Double) -> Bracket? {
    guard let first = values.first, let last = values.last, place.isFinite else { return nil }
    var place = place
    let edge = values.count > 1 ? values[1] - first : 1e-3
    if let period {
      place -= ((place - first) / period).rounded(.down) * period
      if place > last, place - period > first - 1e-3 * edge { place -= period }
    }
    if place < first {
      return place >= first - 1e-3 * edge ? at(0) : nil
    }
    if place > last {
      if isCircle, let period {
        let fraction = (place - last) / (first + period - last)
        return between(values.count - 1, 0, fraction)
      }
      let outer = values.count > 1 ? last - values[values.count - 2] : 1e-3
      return place <= last + 1e-3 * outer ? at(values.count - 1) : nil
    }
    if values.count == 1 { return at(0) }
    let lower = min(lowerIndex(place), values.count - 2)
    let fraction = (place - values[lower]) / (values[lower + 1] - values[lower])
    return between(lower, lower + 1, fraction)
  }

  /// The index of the nearest coordinate, on the circle where there is one; ties: the first of the axis.
  func nearest(_ place: Double) -> Int {
    guard let first = values.first, let last = values.last, place.isFinite else { return 0 }
    var place = place
    var candidates: [Int] = []
    if let period {
      place -= ((place - first) / period).rounded(.down) * period
      // A place in the gap may be nearer to either end.
      candidates = [0, values.count - 1]
    }
    let lower = place >= last ? values.count - 1 : (place <= first ? 0 : lowerIndex(place))
    candidates += [lower, min(lower + 1, values.count - 1)]
    var (best, least) = (Int.max, Double.infinity)
    for candidate in candidates {
      var distance = abs(values[candidate] - place)
      if let period { distance = min(distance, abs(period - distance)) }
      let index = original(candidate)
      if distance < least || (distance == least && index < best) {
        (best, least) = (index, distance)
      }
    }
    return best
  }

  /// The number of the last coordinate that is not above `place`.
  private func lowerIndex(_ place: Double) -> Int {
    var (low, high) = (0, values.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if values[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }

  private func at(_ index: Int) -> Bracket {
    Bracket(lower: original(index), upper: original(index), fraction: 0)
  }

  private func between(_ lower: Int, _ upper: Int, _ fraction: Double) -> Bracket {
    if fraction < 1e-8 { return at(lower) }
    if fraction > 1 - 1e-8 { return at(upper) }
    return Bracket(lower: original(lower), upper: original(upper), fraction: fraction)
  }
}
