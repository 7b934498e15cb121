// Room: Tensors. The weights of a convolution at Winograd's points of interpolation.

internal import CVectorKernels

/// For each of the `(side + 2)²` points a matrix `[out channel, in channel]`, in panels.
///
/// The matrices are `G g Gᵀ` of each 3 × 3 window g, computed in double precision. Points are 0, ±3/4,
/// ±3/2 and infinity for tiles of 4 × 4, 0, ±1 and infinity for 2 × 2; the kernels' transforms must
/// use the same. Other windows are cut into such, filled up with zeros, which count as in channels.
///
/// They take four times the memory of the weights. Where that is much, and is little work beside the
/// convolution, they are made in working memory in each run, from the weights as direct sums take them.
final class WinogradWeights: Sendable {
  let points: Int
  let bias: [Float]
  /// In channels that are summed up at a time, few enough for a strip of tiles to stay in the first
  /// cache, and how many such blocks there are; the last is filled up with zeros.
  let blockDepth: Int, blockCount: Int
  /// How each of the matrices is cut.
  let cut: PanelCut
  private let depth: Int, groups: Int, side: Int
  private let variant: KernelVariant
  private let storage: Storage

  private enum Storage: Sendable {
    /// A group for each block of each point of each of the groups, in the order of their use.
    case packed(PackedPanels<Float>)
    /// Windows of 3 × 3 taps, to be expanded in each run.
    case direct(WeightPanels)
  }

  private static let mostBlockDepth = 128
  /// Floats that are kept, however often they are used.
  private static let keptWords = 8 << 20
  /// Tiles of 4 × 4 among which the work of making the weights anew is shared: it takes as long as
  /// the product for a dozen, and reading weights that were kept takes a part of that.
  private static let tilesToShare = 48

  /// Whether it is better to make the weights in each run, for so many tiles.
  static func areMadeInEachRun(
    side: Int, cut: WinogradCut, groups: Int, rows: Int, depth: Int, tiles: Int
  ) -> Bool {
    let words = Double((side + 2) * (side + 2)) * Double(groups * rows) * Double(depth / 9)
    return cut.vertical.taps == 3 && cut.horizontal.taps == 3 && words > Double(keptWords)
      && tiles >= tilesToShare
  }

  /// The weights of `groups` times `rows` out channels, each a row of windows of `cut`'s taps; with
  /// `direct`, which has the same weights, they are made in each run.
  init(
    _ weights: Tensor, bias: Tensor?, side: Int, cut: WinogradCut, groups: Int, rows: Int,
    variant: KernelVariant, direct: WeightPanels?
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
    (self.depth, self.groups, self.side, self.variant) = (depth, groups, side, variant)
    self.cut = PanelCut(rows: rows, depth: blockDepth, panelRows: variant.panelRows)
    if let direct {
      storage = .direct(direct)
      return
    }
    let kernels = variant.table
    let packed = PackedPanels<Float>(
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
                windows + first * 9, depth * 9, 1,
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
    storage = .packed(packed)
  }

  /// The floats of working memory that a run needs for them.
  var scratchWords: Int {
    guard case .direct = storage else { return 0 }
    return groups * points * blockCount * cut.size
  }

  /// Where the matrices lie, group by group, point by point, block by block, `cut.size` floats each:
  /// in `scratch` where they are made for this run.
  func base(_ scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    switch storage {
    case .packed(let panels): return panels.base
    case .direct(let panels):
      let work = 5 * Double(groups * cut.panels.count * variant.panelRows) * Double(depth)
      ThreadPool.current.forEachTile(groups * cut.panels.count, nanoseconds: work) { tile in
        let (group, place) = tile.quotientAndRemainder(dividingBy: cut.panels.count)
        expand(panels, group: group, place, into: scratch)
      }
      return UnsafePointer(scratch)
    }
  }

  /// One panel of one group, at all points.
  private func expand(
    _ direct: WeightPanels, group: Int, _ place: Int,
    into scratch: UnsafeMutablePointer<Float>
  ) {
    let (panel, source) = (cut.panels[place], direct.panels[place])
    direct.withPiece(depth: blockDepth * 9) { piece in
      for block in 0..<blockCount {
        let first = block * blockDepth
        let count = min(blockDepth, depth - first)
        let target = scratch + (group * points * blockCount + block) * cut.size + panel.offset
        for point in 0..<points {
          (target + point * blockCount * cut.size).update(repeating: 0, count: panel.height)
        }
        let windows = direct.pointer(
          group: group, source, from: first * 9, count * 9, in: piece)
        variant.table.pointee.f32_winograd_weights(
          side, panel.height, panel.height, count, windows + source.height, 1, source.height,
          target + panel.height, blockCount * cut.size)
      }
    }
  }
}
