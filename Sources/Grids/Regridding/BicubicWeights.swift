// Room: Grids. Bicubic weights: values and gradients of four centres.

/// Makes bicubic weights from the cells of bilinear ones.
///
/// Source: SCRIP user's guide, section 2.4: Hermite's polynomials of the value, the gradients along
/// both directions of the grid and the cross gradient at four centres.
struct BicubicWeights: Sendable {
  /// Along one side: the weights of value and gradient at its start and end.
  private struct Hermite {
    let value: (Double, Double)
    let gradient: (Double, Double)

    init(_ t: Double) {
      let rest = 1 - t
      let end = t * t * (3 - 2 * t)
      value = (1 - end, end)
      gradient = (t * rest * rest, -t * t * rest)
    }
  }

  /// Adds the links of a place among four cells: `a` of the way from column to column, `b` of the
  /// way from row to row.
  ///
  /// - Parameter signs: −1 along an axis whose index falls where the way goes.
  static func add(
    to rows: inout WeightRows, cells: (Int, Int, Int, Int), a: Double, b: Double,
    signs: (x: Double, y: Double)
  ) {
    let (x, y) = (Hermite(a), Hermite(b))
    let one = { (cell: Int, xs: (Double, Double), ys: (Double, Double)) -> (Int, [Double]) in
      (
        cell,
        [
          xs.0 * ys.0, signs.x * xs.1 * ys.0, signs.y * xs.0 * ys.1,
          signs.x * signs.y * xs.1 * ys.1,
        ]
      )
    }
    for (cell, weights) in [
      one(cells.0, (x.value.0, x.gradient.0), (y.value.0, y.gradient.0)),
      one(cells.1, (x.value.1, x.gradient.1), (y.value.0, y.gradient.0)),
      one(cells.2, (x.value.1, x.gradient.1), (y.value.1, y.gradient.1)),
      one(cells.3, (x.value.0, x.gradient.0), (y.value.1, y.gradient.1)),
    ] where weights.contains(where: { $0 != 0 }) {
      rows.add(cell, weights)
    }
  }
}

/// Gradients along the two directions of a grid, per cell, and the cross gradient.
struct IndexGradients: Sendable {
  let width: Int
  let height: Int
  let isCyclic: Bool
  let threads: Int

  /// Layers of gradients along x, along y and of both; 0 where values are missing.
  func gradients(of layers: [Float], layerCount: Int) -> [[Float]] {
    let x = differences(layers, layerCount, alongX: true, valid: layers)
    let y = differences(layers, layerCount, alongX: false, valid: layers)
    return [x, y, differences(x, layerCount, alongX: false, valid: layers)]
  }

  /// Half the difference of the two neighbours; the whole difference to one where the other is
  /// missing or beyond the edge.
  private func differences(
    _ values: [Float], _ layerCount: Int, alongX: Bool, valid: [Float]
  ) -> [Float] {
    let rows = height * layerCount
    guard rows > 0, width > 0 else { return [] }
    return values.withUnsafeBufferPointer { values in
      valid.withUnsafeBufferPointer { valid in
        let (input, known) = (UnsafeShared(buffer: values), UnsafeShared(buffer: valid))
        // Whole rows a part, so that places are stepped through and never divided.
        return Parallel.fill(
          rows * width, of: width * 16, threads: threads, zero: 0
        ) { range, output in
          for row in range.lowerBound / width..<range.upperBound / width {
            for column in 0..<width {
              let place = row * width + column
              let (before, after) =
                alongX ? besideInRow(place, column) : besideInColumn(place, row % height)
              output[place - range.lowerBound] = Self.difference(
                input.buffer, known.buffer, before, place, after)
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func difference(
    _ values: UnsafeBufferPointer<Float>, _ valid: UnsafeBufferPointer<Float>, _ before: Int,
    _ place: Int, _ after: Int
  ) -> Float {
    if valid[place].isNaN { return 0 }
    let low = valid[before].isNaN ? place : before
    let high = valid[after].isNaN ? place : after
    let whole = values[high] - values[low]
    return low != place && high != place ? 0.5 * whole : whole
  }

  /// The neighbours along a row; the place itself beyond the edge.
  @inline(__always)
  private func besideInRow(_ place: Int, _ column: Int) -> (Int, Int) {
    (
      column > 0 ? place - 1 : (isCyclic ? place + width - 1 : place),
      column + 1 < width ? place + 1 : (isCyclic ? place - width + 1 : place)
    )
  }

  /// The neighbours along a column; the place itself beyond the edge.
  @inline(__always)
  private func besideInColumn(_ place: Int, _ row: Int) -> (Int, Int) {
    (row > 0 ? place - width : place, row + 1 < height ? place + width : place)
  }
}
