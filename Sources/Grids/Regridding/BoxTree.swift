// Room: Grids. Finds the elements of a grid that are near a place, whatever the grid's shape.

/// A box in space, its sides along the axes; empty until something is put in.
struct Box: Sendable {
  var low = Vector(repeating: .infinity)
  var high = Vector(repeating: -.infinity)

  var isEmpty: Bool { !(low.x <= high.x) }

  @inline(__always)
  mutating func add(_ point: Vector) {
    low.replace(with: point, where: point .< low)
    high.replace(with: point, where: point .> high)
  }

  @inline(__always)
  mutating func add(_ other: Box) {
    low.replace(with: other.low, where: other.low .< low)
    high.replace(with: other.high, where: other.high .> high)
  }

  /// The box that reaches further by `margin` on all sides.
  func grown(by margin: Double) -> Box { Box(low: low - margin, high: high + margin) }

  @inline(__always)
  func touches(_ other: Box) -> Bool { all(low .<= other.high) && all(other.low .<= high) }

  /// The squared distance from a point; 0 inside.
  @inline(__always)
  func distanceSquared(to point: Vector) -> Double {
    let outside = pointwiseMax(pointwiseMax(low - point, point - high), Vector.zero)
    return outside.lengthSquared
  }
}

/// A tree of boxes around blocks of the elements of a grid, in the grid's own order.
///
/// Neighbours in a grid are neighbours on Earth, so blocks of rows and columns bound well without
/// sorting, also across folds, seams and repeated columns.
final class BoxTree: Sendable {
  private struct Level: Sendable {
    let width: Int
    let height: Int
    /// Where the level's boxes begin.
    let start: Int
  }

  /// Elements along the side of a leaf.
  private static let leaf = 4
  let width: Int
  let height: Int
  private let levels: [Level]
  private let boxes: [Box]

  /// A tree over `height × width` elements. `box` gives the box of an element, empty for none.
  init(width: Int, height: Int, threads: Int, box: @Sendable (_ row: Int, _ column: Int) -> Box) {
    self.width = width
    self.height = height
    guard width > 0, height > 0 else {
      (levels, boxes) = ([], [])
      return
    }
    let leaf = Self.leaf
    let (w, h) = ((width + leaf - 1) / leaf, (height + leaf - 1) / leaf)
    var boxes = Parallel.fill(w * h, of: 256, threads: threads, zero: Box()) { range, output in
      for (index, block) in range.enumerated() {
        let (row, column) = (block / w * leaf, block % w * leaf)
        var sum = Box()
        for j in row..<min(row + leaf, height) {
          for i in column..<min(column + leaf, width) { sum.add(box(j, i)) }
        }
        output[index] = sum
      }
    }
    var levels = [Level(width: w, height: h, start: 0)]
    while let below = levels.last, below.width * below.height > 1 {
      levels.append(Self.level(above: below, &boxes))
    }
    self.levels = levels
    self.boxes = boxes
  }

  private static func level(above below: Level, _ boxes: inout [Box]) -> Level {
    let (w, h) = ((below.width + 1) / 2, (below.height + 1) / 2)
    let start = boxes.count
    boxes += repeatElement(Box(), count: w * h)
    for row in 0..<below.height {
      for column in 0..<below.width {
        boxes[start + row / 2 * w + column / 2].add(
          boxes[below.start + row * below.width + column])
      }
    }
    return Level(width: w, height: h, start: start)
  }

  /// Calls `body` with the row and column of every element of each leaf that touches `query`, until
  /// it returns true.
  @inline(__always)
  func visit(_ query: Box, _ body: (_ row: Int, _ column: Int) -> Bool) {
    guard !levels.isEmpty else { return }
    boxes.withUnsafeBufferPointer { boxes in
      levels.withUnsafeBufferPointer { levels in
        _ = visit(levels, boxes, levels.count - 1, 0, 0, query, body)
      }
    }
  }

  private func visit(
    _ levels: UnsafeBufferPointer<Level>, _ boxes: UnsafeBufferPointer<Box>, _ level: Int,
    _ row: Int, _ column: Int, _ query: Box, _ body: (Int, Int) -> Bool
  ) -> Bool {
    let here = levels[level]
    guard boxes[here.start + row * here.width + column].touches(query) else { return false }
    if level == 0 {
      let leaf = Self.leaf
      for j in row * leaf..<min((row + 1) * leaf, height) {
        for i in column * leaf..<min((column + 1) * leaf, width) where body(j, i) { return true }
      }
      return false
    }
    let below = levels[level - 1]
    for j in 2 * row..<min(2 * row + 2, below.height) {
      for i in 2 * column..<min(2 * column + 2, below.width)
      where visit(levels, boxes, level - 1, j, i, query, body) { return true }
    }
    return false
  }

  /// The element nearest to `point`, by `distance` of an element (NaN for none).
  ///
  /// Elements as near as the nearest to a part in 10⁹ count as equal, and the first wins.
  func nearest(to point: Vector, distance: (Int) -> Double) -> (element: Int, distance: Double)? {
    guard !levels.isEmpty, point.isFinite else { return nil }
    var best = (element: -1, distance: Double.infinity)
    boxes.withUnsafeBufferPointer { boxes in
      levels.withUnsafeBufferPointer { levels in
        nearest(levels, boxes, levels.count - 1, 0, 0, point, &best, distance)
      }
    }
    return best.element < 0 ? nil : best
  }

  private func nearest(
    _ levels: UnsafeBufferPointer<Level>, _ boxes: UnsafeBufferPointer<Box>, _ level: Int,
    _ row: Int, _ column: Int, _ point: Vector,
    _ best: inout (element: Int, distance: Double), _ distance: (Int) -> Double
  ) {
    if level == 0 {
      let leaf = Self.leaf
      for j in row * leaf..<min((row + 1) * leaf, height) {
        for element in j * width + column * leaf..<j * width + min((column + 1) * leaf, width) {
          let d = distance(element)
          if d < best.distance * (1 - 1e-9)
            || (d <= best.distance * (1 + 1e-9) && element < best.element)
          {
            best = (element, d)
          }
        }
      }
      return
    }
    let below = levels[level - 1]
    // The nearest child first: the others then are seldom entered.
    var distances = SIMD4<Double>(repeating: .infinity)
    for child in 0..<4 {
      let (j, i) = (2 * row + child / 2, 2 * column + child % 2)
      guard j < below.height, i < below.width else { continue }
      let box = boxes[below.start + j * below.width + i]
      if !box.isEmpty { distances[child] = box.distanceSquared(to: point) }
    }
    for _ in 0..<4 {
      var child = 0
      for other in 1..<4 where distances[other] < distances[child] { child = other }
      guard distances[child] < .infinity, distances[child] <= best.distance * (1 + 1e-9) else {
        return
      }
      distances[child] = .infinity
      nearest(
        levels, boxes, level - 1, 2 * row + child / 2, 2 * column + child % 2, point, &best,
        distance)
    }
  }
}

/// Places that are searched for the nearest one.
final class PointTree: Sendable {
  let points: [Vector]
  let isValid: [Bool]?
  private let tree: BoxTree

  /// A tree over a grid of places; those that `isValid` denies, and NaN, are never found.
  init(_ points: [Vector], width: Int, height: Int, isValid: [Bool]?, threads: Int) {
    self.points = points
    self.isValid = isValid
    tree = BoxTree(width: width, height: height, threads: threads) { row, column in
      let index = row * width + column
      var box = Box()
      if isValid?[index] ?? true, points[index].isFinite { box.add(points[index]) }
      return box
    }
  }

  /// The nearest place and the squared chord to it; equally near ones: the first.
  func nearest(to point: Vector) -> (element: Int, distance: Double)? {
    tree.nearest(to: point) { element in
      if let isValid, !isValid[element] { return .nan }
      return (points[element] - point).lengthSquared
    }
  }
}
