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
struct BoxTree: Sendable {
  private struct Level: Sendable {
    let width: Int
    let height: Int
    let boxes: [Box]
  }

  /// Elements along the side of a leaf.
  private static let leaf = 4
  let width: Int
  let height: Int
  private var levels: [Level] = []

  /// A tree over `height × width` elements. `box` gives the box of an element, empty for none.
  init(width: Int, height: Int, threads: Int, box: @Sendable (_ row: Int, _ column: Int) -> Box) {
    self.width = width
    self.height = height
    guard width > 0, height > 0 else { return }
    let leaf = Self.leaf
    let (w, h) = ((width + leaf - 1) / leaf, (height + leaf - 1) / leaf)
    let boxes = Parallel.fill(w * h, of: 256, threads: threads, zero: Box()) { range, output in
      for (index, block) in range.enumerated() {
        let (row, column) = (block / w * leaf, block % w * leaf)
        var sum = Box()
        for j in row..<min(row + leaf, height) {
          for i in column..<min(column + leaf, width) { sum.add(box(j, i)) }
        }
        output[index] = sum
      }
    }
    levels = [Level(width: w, height: h, boxes: boxes)]
    while let below = levels.last, below.boxes.count > 1 { levels.append(Self.above(below)) }
  }

  private static func above(_ below: Level) -> Level {
    let (w, h) = ((below.width + 1) / 2, (below.height + 1) / 2)
    var boxes = [Box](repeating: Box(), count: w * h)
    for row in 0..<below.height {
      for column in 0..<below.width {
        boxes[row / 2 * w + column / 2].add(below.boxes[row * below.width + column])
      }
    }
    return Level(width: w, height: h, boxes: boxes)
  }

  /// Calls `body` with the row and column of every element of each leaf that touches `query`.
  @inline(__always)
  func visit(_ query: Box, _ body: (_ row: Int, _ column: Int) -> Void) {
    guard !levels.isEmpty else { return }
    visit(levels.count - 1, 0, 0, query, body)
  }

  private func visit(
    _ level: Int, _ row: Int, _ column: Int, _ query: Box, _ body: (Int, Int) -> Void
  ) {
    let here = levels[level]
    guard here.boxes[row * here.width + column].touches(query) else { return }
    if level == 0 {
      let leaf = Self.leaf
      for j in row * leaf..<min((row + 1) * leaf, height) {
        for i in column * leaf..<min((column + 1) * leaf, width) { body(j, i) }
      }
      return
    }
    let below = levels[level - 1]
    for j in 2 * row..<min(2 * row + 2, below.height) {
      for i in 2 * column..<min(2 * column + 2, below.width) { visit(level - 1, j, i, query, body) }
    }
  }

  /// The element nearest to `point`, by `distance` of an element (NaN for none).
  ///
  /// Elements as near as the nearest to a part in 10⁹ count as equal, and the first wins.
  func nearest(to point: Vector, distance: (Int) -> Double) -> (element: Int, distance: Double)? {
    guard !levels.isEmpty, point.isFinite else { return nil }
    var best = (element: -1, distance: Double.infinity)
    nearest(levels.count - 1, 0, 0, point, &best, distance)
    return best.element < 0 ? nil : best
  }

  private func nearest(
    _ level: Int, _ row: Int, _ column: Int, _ point: Vector,
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
    var children: [(distance: Double, row: Int, column: Int)] = []
    children.reserveCapacity(4)
    for j in 2 * row..<min(2 * row + 2, below.height) {
      for i in 2 * column..<min(2 * column + 2, below.width) {
        let box = below.boxes[j * below.width + i]
        if !box.isEmpty { children.append((box.distanceSquared(to: point), j, i)) }
      }
    }
    children.sort { $0.distance < $1.distance }
    for child in children where child.distance <= best.distance * (1 + 1e-9) {
      nearest(level - 1, child.row, child.column, point, &best, distance)
    }
  }
}

/// Places that are searched for the nearest one.
struct PointTree: Sendable {
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
