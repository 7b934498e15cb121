// Room: Networks. Products of a few rows with a matrix that is met once: reading it is the work.

internal import Tensors

/// `C += alpha A op(B)` for a few rows of A. Every column is summed in the same order, so that equal
/// columns give equal results.
enum ThinProduct {
  /// Up to so many rows.
  static let rows = 4

  static func add(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, transposed: Bool, to c: UnsafeMutablePointer<Float>
  ) {
    let tile = 64
    let tiles = (n + tile - 1) / tile
    Parallel.items(tiles, nanoseconds: Double(tile * k) * 0.2) { item in
      let first = item * tile
      let count = min(tile, n - first)
      for row in 0..<m {
        let (x, y) = (a + row * k, c + row * n + first)
        if transposed {
          for column in 0..<count {
            y[column] += alpha * VectorMath.dot(x, b + (first + column) * k, count: k)
          }
        } else {
          for step in 0..<k {
            VectorMath.addScaled(alpha * x[step], b + step * n + first, to: y, count: count)
          }
        }
      }
    }
  }
}
