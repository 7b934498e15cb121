// Room: Tensors. Rows picked out of tables and added up, the activation applied on the way.

internal import CVectorKernels

/// Sums of rows that lie scattered in tables, as the ends of a graph's edges do.
package enum GatheredRows {
  /// A table of rows, and the row that belongs to each result.
  package struct Source {
    let rows: UnsafePointer<Float>
    let places: [Int]

    package init(rows: UnsafePointer<Float>, places: [Int]) {
      self.rows = rows
      self.places = places
    }
  }

  private static let rowsPerTile = 64

  /// `output[i] = act(sum over sources of rows[places[i]])` for `count` rows of `width` floats; one
  /// source at least, added in their order.
  package static func sum(
    _ sources: [Source], count: Int, width: Int, activation: Activation = .none,
    to output: UnsafeMutablePointer<Float>
  ) {
    guard let first = sources.first, width > 0 else { return }
    let kernels = KernelVariant.current.table
    let tiles = (count + rowsPerTile - 1) / rowsPerTile
    let nanoseconds = Double(count) * Double(sources.count) * (4 + Double(width) * 0.15)
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { tile in
      var plain = squall_epilogue()
      var finish = activation.epilogue
      for row in tile * rowsPerTile..<min(count, (tile + 1) * rowsPerTile) {
        let target = output + row * width
        var sum = first.rows + first.places[row] * width
        if sources.count == 1 { kernels.pointee.f32_finish(width, sum, nil, target, &finish) }
        for index in sources.indices.dropFirst() {
          let other = sources[index].rows + sources[index].places[row] * width
          if index == sources.count - 1 {
            kernels.pointee.f32_finish(width, sum, other, target, &finish)
          } else {
            kernels.pointee.f32_finish(width, sum, other, target, &plain)
          }
          sum = UnsafePointer(target)
        }
      }
    }
  }
}
