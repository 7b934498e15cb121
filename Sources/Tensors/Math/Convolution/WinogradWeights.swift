// Room: Tensors. The weights of a 3 × 3 convolution at Winograd's points of interpolation.

internal import CVectorKernels

/// For each of the `(side + 2)²` points a matrix `[out channel, in channel]`, in panels.
///
/// The matrices are `G g Gᵀ` of each 3 × 3 window g, computed in double precision. Points are 0, ±3/4,
/// ±3/2 and infinity for tiles of 4 × 4, 0, ±1 and infinity for 2 × 2; the kernels' transforms must
/// use the same.
final class WinogradWeights: Sendable {
  let points: Int
  let bias: [Float]
  /// A group for each point of each of the groups.
  let panels: PackedPanels<Float>
  /// In channels that are summed up at a time, short enough for a strip of tiles to stay in the first
  /// cache.
  let blockDepth: Int

  private static let mostBlockDepth = 128

  init(
    _ weights: Tensor, bias: Tensor?, side: Int, groups: Int, rows: Int, depth: Int,
    variant: KernelVariant
  ) {
    let points = (side + 2) * (side + 2)
    self.points = points
    self.bias =
      bias?.elements(as: Float.self) ?? [Float](repeating: 0, count: groups * rows)
    let blockCount = max(1, (depth + Self.mostBlockDepth - 1) / Self.mostBlockDepth)
    blockDepth = (depth + blockCount - 1) / blockCount
    let kernels = variant.table
    panels = PackedPanels<Float>(
      as: "winograd", groups: groups * points, rows: rows, depth: depth,
      panelRows: variant.panelRows, of: [weights], settings: [side]
    ) { base, size, panels in
      weights.withWeights(of: Float.self) { weights in
        guard let weights = weights.baseAddress else { return }
        ThreadPool.current.forEachTile(
          groups * panels.count, nanoseconds: 50 * Double(groups * rows) * Double(depth)
        ) { tile in
          let (group, panel) = (tile / panels.count, panels[tile % panels.count])
          kernels.pointee.f32_winograd_weights(
            side, panel.rows, panel.height, depth,
            weights + (group * rows + panel.firstRow) * depth * 9, depth * 9,
            base + group * points * size + panel.offset + panel.height, size)
        }
      }
    }
  }
}
