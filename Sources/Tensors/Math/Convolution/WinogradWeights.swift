// Room: Tensors. The weights of a convolution at Winograd's points of interpolation.

internal import CVectorKernels

/// For each of the `(side + 2)²` points a matrix `[out channel, in channel]`, in panels.
///
/// The matrices are `G g Gᵀ` of each 3 × 3 window g, computed in double precision. Points are 0, ±3/4,
/// ±3/2 and infinity for tiles of 4 × 4, 0, ±1 and infinity for 2 × 2; the kernels' transforms must
/// use the same. Other windows are cut into such, filled up with zeros, which count as in channels.
final class WinogradWeights: Sendable {
  let points: Int
  let bias: [Float]
  /// In channels that are summed up at a time, few enough for a strip of tiles to stay in the first
  /// cache, and how many such blocks there are; the last is filled up with zeros.
  let blockDepth: Int, blockCount: Int
  /// A group for each block of each point of each of the groups, in the order of their use.
  let panels: PackedPanels<Float>

  private static let mostBlockDepth = 128

  /// The weights of `groups` times `rows` out channels, each a row of windows of `cut`'s taps.
  init(
    _ weights: Tensor, bias: Tensor?, side: Int, cut: WinogradCut, groups: Int, rows: Int,
    variant: KernelVariant
  ) {
    let points = (side + 2) * (side + 2)
    self.points = points
    self.bias =
      bias?.elements(as: Float.self) ?? [Float](repeating: 0, count: groups * rows)
    let (high, wide) = (cut.vertical.taps, cut.horizontal.taps)
    let ownDepth = weights.count / (groups * rows)
    let depth = ownDepth / (high * wide) * cut.windowCount
    let blockCount = max(1, (depth + Self.mostBlockDepth - 1) / Self.mostBlockDepth)
    let blockDepth = (depth + blockCount - 1) / blockCount
    (self.blockDepth, self.blockCount) = (blockDepth, blockCount)
    let kernels = variant.table
    panels = PackedPanels<Float>(
      as: "winograd", groups: groups * points * blockCount, rows: rows, depth: blockDepth,
      panelRows: variant.panelRows, of: [weights], settings: [side, high, wide]
    ) { base, size, panels in
      weights.withWeights(of: Float.self) { weights in
        guard let weights = weights.baseAddress else { return }
        ThreadPool.current.forEachTile(
          groups * panels.count, nanoseconds: 50 * Double(groups * rows) * Double(depth)
        ) { tile in
          let (group, panel) = (tile / panels.count, panels[tile % panels.count])
          let row = weights + (group * rows + panel.firstRow) * ownDepth
          func expand(_ windows: UnsafePointer<Float>) {
            for block in 0..<blockCount {
              let first = block * blockDepth
              kernels.pointee.f32_winograd_weights(
                side, panel.rows, panel.height, min(blockDepth, depth - first),
                windows + first * 9, depth * 9,
                base + (group * points * blockCount + block) * size + panel.offset + panel.height,
                blockCount * size)
            }
          }
          if (high, wide) == (3, 3) { return expand(row) }
          Scratch.with(Float.self, count: panel.rows * depth * 9) { windows in
            windows.update(repeating: 0, count: panel.rows * depth * 9)
            for index in 0..<panel.rows * ownDepth {
              let (channel, tap) = index.quotientAndRemainder(dividingBy: high * wide)
              let (i, j) = tap.quotientAndRemainder(dividingBy: wide)
              let window = channel * cut.windowCount + i / 3 * cut.horizontal.windows + j / 3
              windows[window * 9 + i % 3 * 3 + j % 3] = row[index]
            }
            expand(windows)
          }
        }
      }
    }
  }
}
