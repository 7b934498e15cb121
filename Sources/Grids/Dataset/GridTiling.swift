// Room: Grids. Neighbouring grids put together to one.

/// Where grids lie in the one that they make together.
struct GridTiling {
  var x: HorizontalAxis
  var y: HorizontalAxis
  /// For each grid, the places of its rows and of its columns.
  var rows: [[Int]]
  var columns: [[Int]]

  /// Puts `grids` together; nil where they overlap, leave a gap or are of different kinds.
  init?(_ grids: [HorizontalGrid]) {
    guard let first = grids.first,
      grids.allSatisfy({
        $0.kind == first.kind && $0.latitude == nil && $0.longitude == nil
          && $0.mapping?.projection == first.mapping?.projection
      }), first.kind != .index, first.kind != .curvilinear,
      let x = Self.join(grids.map(\.x)), let y = Self.join(grids.map(\.y))
    else { return nil }
    self.x = x.axis
    self.y = y.axis
    columns = x.places
    rows = y.places
  }

  private static func join(
    _ axes: [HorizontalAxis]
  ) -> (axis: HorizontalAxis, places: [[Int]])? {
    guard let first = axes.first else { return nil }
    var different: [HorizontalAxis] = []
    var owner: [Int] = []
    for axis in axes {
      if let known = different.firstIndex(where: { $0.agrees(with: axis) }) {
        owner.append(known)
      } else {
        owner.append(different.count)
        different.append(axis)
      }
    }
    let isRising = first.isAscending
    guard different.allSatisfy({ $0.count == 1 || ($0.count > 1 && $0.isAscending == isRising) })
    else { return nil }
    let order = different.indices.sorted {
      (different[$0].values[0] < different[$1].values[0]) == isRising
    }
    var joined = first
    (joined.values, joined.bounds) = ([], first.bounds == nil ? nil : [])
    var starts = [Int](repeating: 0, count: different.count)
    let step = different.map(\.step).max() ?? 0
    for number in order {
      let axis = different[number]
      if let last = joined.values.last {
        let gap = (axis.values[0] - last) * (isRising ? 1 : -1)
        // Neighbours follow at about one step.
        guard gap > 0, step == 0 || (gap > 0.5 * step && gap < 1.5 * step) else { return nil }
      }
      starts[number] = joined.values.count
      joined.values += axis.values
      joined.bounds = axis.bounds.flatMap { own in joined.bounds.map { $0 + own } }
    }
    return (
      joined, owner.map { Array(starts[$0]..<starts[$0] + different[$0].count) }
    )
  }
}
