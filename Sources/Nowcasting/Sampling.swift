// Room: Nowcasting. Bilinear values between a plane's cells.

/// The four cells around a point of a plane and the point's place between them.
struct BilinearCell {
  /// Where the four neighbours lie in the plane's values.
  let topLeft: Int, topRight: Int, bottomLeft: Int, bottomRight: Int
  /// How far the point lies from the left neighbour and from the top one, 0 to 1.
  let right: Float, down: Float

  /// The cell around column `x` and row `y`, clamped to the plane.
  ///
  /// **Edge cases**: NaN coordinates count as 0.
  @inline(__always)
  init(x: Float, y: Float, rows: Int, columns: Int) {
    // Written so that NaN falls through to 0 and can never become an index.
    let x = x > 0 ? min(x, Float(columns &- 1)) : 0
    let y = y > 0 ? min(y, Float(rows &- 1)) : 0
    let i = min(Int(x), max(columns &- 2, 0))
    let j = min(Int(y), max(rows &- 2, 0))
    right = x - Float(i)
    down = y - Float(j)
    let i1 = min(i &+ 1, columns &- 1)
    let j1 = min(j &+ 1, rows &- 1)
    topLeft = j &* columns &+ i
    topRight = j &* columns &+ i1
    bottomLeft = j1 &* columns &+ i
    bottomRight = j1 &* columns &+ i1
  }

  /// The shares of the four cells in a value here: top left, top right, bottom left, bottom right.
  @inline(__always)
  var shares: (Float, Float, Float, Float) {
    ((1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down)
  }

  /// The bilinear value of `values` here.
  @inline(__always)
  func value(of values: UnsafeBufferPointer<Float>) -> Float {
    let top = values[topLeft] * (1 - right) + values[topRight] * right
    let bottom = values[bottomLeft] * (1 - right) + values[bottomRight] * right
    return top * (1 - down) + bottom * down
  }
}

/// Whether a point lies further than half a cell outside a plane.
@inline(__always)
func isOutside(x: Float, y: Float, rows: Int, columns: Int) -> Bool {
  !(x >= -0.5 && x <= Float(columns) - 0.5 && y >= -0.5 && y <= Float(rows) - 0.5)
}

/// The value at a point between cells of which some may be missing.
///
/// **Edge cases**: missing where the neighbours that are not missing weigh less than a half, and
/// where the point lies more than half a cell outside.
@inline(__always)
func seenValue(
  of values: UnsafeBufferPointer<Float>, x: Float, y: Float, rows: Int, columns: Int
) -> Float {
  guard !isOutside(x: x, y: y, rows: rows, columns: columns) else { return .nan }
  let cell = BilinearCell(x: x, y: y, rows: rows, columns: columns)
  let shares = cell.shares
  var total: Float = 0
  var weight: Float = 0
  addSeen(values[cell.topLeft], shares.0, &total, &weight)
  addSeen(values[cell.topRight], shares.1, &total, &weight)
  addSeen(values[cell.bottomLeft], shares.2, &total, &weight)
  addSeen(values[cell.bottomRight], shares.3, &total, &weight)
  return weight >= 0.5 ? total / weight : .nan
}

@inline(__always)
private func addSeen(
  _ value: Float, _ share: Float, _ total: inout Float, _ weight: inout Float
) {
  let isSeen = value == value
  total += isSeen ? value * share : 0
  weight += isSeen ? share : 0
}
