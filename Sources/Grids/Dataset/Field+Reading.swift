// Room: Grids. Reading a field: a layer, a column of layers, a box, or all of it block by block.

internal import GridFiles

/// A box of a field: one range of indices for each of `[others…, time, level, y, x]`.
public struct FieldBox: Sendable, Hashable {
  /// The ranges, in canonical order.
  public var ranges: [Range<Int>]

  /// Makes a box.
  public init(_ ranges: [Range<Int>]) { self.ranges = ranges }

  /// The lengths of the ranges.
  public var shape: [Int] { ranges.map(\.count) }
  /// The number of values.
  public var count: Int { checkedProduct(shape) ?? .max }
}

extension Field {
  /// The box that is the whole field.
  public var wholeBox: FieldBox { FieldBox(shape.map { 0..<$0 }) }

  /// One horizontal layer.
  ///
  /// `others` has one index for each of the other axes; leaving it out takes the first of each.
  /// Shapes and units: `[y, x]`, in the field's units; NaN where missing.
  /// Throws: `GridError`; code `misuse` where there is no such layer.
  public func layer(
    time: Int = 0, level: Int = 0, others: [Int] = []
  ) throws(GridError) -> [Float] {
    try values(in: box(time: one(time), level: one(level), others: others))
  }

  /// All levels at one time.
  ///
  /// Shapes and units: `[level, y, x]`, otherwise as `layer(time:level:others:)`.
  public func volume(time: Int = 0, others: [Int] = []) throws(GridError) -> [Float] {
    try values(in: box(time: one(time), level: 0..<levelCount, others: others))
  }

  /// All values, in the field's units; NaN where missing.
  ///
  /// Throws: `GridError`; code `misuse` where they are more than one read may bring.
  public func values() throws(GridError) -> [Float] { try values(in: wholeBox) }

  /// The values in `box`, in the field's units; NaN where missing.
  ///
  /// Throws: `GridError`; code `misuse` where the box goes past the field.
  public func values(in box: FieldBox) throws(GridError) -> [Float] {
    let shape = shape
    guard box.ranges.count == shape.count,
      zip(box.ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
    else {
      throw GridError(
        .misuse, variable: name, "has shape \(shape), asked for \(box.ranges); read less")
    }
    var values = try source.read(zip(selection, box.ranges).map { Array($0[$1]) })
    mask?.apply(
      to: &values, rows: box.ranges[shape.count - 2], columns: box.ranges[shape.count - 1])
    return values
  }

  private func box(
    time: Range<Int>, level: Range<Int>, others: [Int]
  ) throws(GridError) -> FieldBox {
    guard others.isEmpty || others.count == self.others.count else {
      throw GridError(
        .misuse, variable: name,
        "has \(self.others.count) axes beside time and place, not \(others.count)")
    }
    let places = others.isEmpty ? self.others.map { _ in 0 } : others
    return FieldBox(places.map(one) + [time, level, 0..<height, 0..<width])
  }

  // MARK: Blocks

  /// Boxes that together are the field, each of at most `bytes` bytes of values, in the order of the
  /// files: boxes follow the files' chunks where the budget allows for it, so that nothing is
  /// decompressed twice.
  ///
  /// Edge cases: a budget below one value gives boxes of one value.
  public func blocks(within bytes: Int) -> [FieldBox] {
    let shape = shape
    guard shape.allSatisfy({ $0 > 0 }) else { return [] }
    let side = blockShape(max(1, bytes / MemoryLayout<Float>.stride))
    let counts = zip(shape, side).map { ($0 + $1 - 1) / $1 }
    var blocks: [FieldBox] = []
    var place = [Int](repeating: 0, count: shape.count)
    repeat {
      blocks.append(
        FieldBox(
          place.indices.map { axis in
            let start = place[axis] * side[axis]
            return start..<min(start + side[axis], shape[axis])
          }))
    } while advance(&place, counts)
    return blocks
  }

  /// The lengths of a block of at most `budget` values.
  private func blockShape(_ budget: Int) -> [Int] {
    let shape = shape
    var side = shape.map { _ in 1 }
    let fits = { (side: [Int]) in checkedProduct(side).map { $0 <= budget } ?? false }
    // A whole chunk first, if there is room; then rows, layers, volumes.
    let chunk = zip(chunkShape, shape).map { min($0, $1) }
    if fits(chunk) { side = chunk }
    for axis in shape.indices.reversed() {
      var whole = side
      whole[axis] = shape[axis]
      if fits(whole) {
        side = whole
        continue
      }
      let rest = max(1, (checkedProduct(side) ?? 1) / max(1, side[axis]))
      let most = max(side[axis], budget / rest)
      // Whole chunks along the axis that is cut.
      side[axis] = max(
        1, min(shape[axis], most >= chunk[axis] ? most / chunk[axis] * chunk[axis] : most))
      break
    }
    return side
  }

  /// The chunk of the first file along each canonical axis, 1 where it is not chunked.
  private var chunkShape: [Int] {
    guard let piece = source.pieces.first else { return shape.map { _ in 1 } }
    let chunks = piece.variable.storage.chunkShape
    return piece.dimensions.map { dimension in
      guard let dimension, chunks.indices.contains(dimension) else { return 1 }
      return max(1, chunks[dimension])
    }
  }
}

/// The range that holds `index` alone.
private func one(_ index: Int) -> Range<Int> { index..<max(index, index &+ 1) }
