// Room: Tensors. The weights of a convolution at Winograd's points of interpolation.

internal import CVectorKernels

/// For each of the `(side + 2)²` points a matrix `[out channel, in channel]`, in panels.
///
/// The matrices are `G g Gᵀ` of each 3 × 3 window g, computed in double precision. Points are 0, ±3/4,
/// ±3/2 and infinity for tiles of 4 × 4, 0, ±1 and infinity for 2 × 2; the kernels' transforms must
/// use the same. Other windows are cut into such, filled up with zeros, which count as in channels.
///
/// They take four times the memory of the weights, and the time to write it. Where that is much, they
/// are made in each run from the weights as direct sums take them: in working memory, or, where an
/// image has few tiles, for a few out channels at a time, which no memory but a cache ever sees.
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
  private let window: WinogradCut
  private let storage: Storage

  private enum Storage: Sendable {
    /// A group for each block of each point of each of the groups, in the order of their use.
    case packed(PackedPanels<Float>)
    /// Windows to be expanded in each run.
    case direct(WeightPanels)
  }

  private static let mostBlockDepth = 128
  /// Floats that are kept, however often they are used.
  private static let keptWords = 1 << 20
  /// Tiles of 4 × 4 among which the work of making the weights anew is shared at least: it takes as
  /// long as the product for a dozen.
  private static let tilesToShare = 192

  /// When the matrices are made.
  enum Making: Sendable {
    case once
    /// Before each run, all of them.
    case inEachRun
    /// While a run goes through the out channels, whose tiles lie in working memory meanwhile.
    case byChannels
  }

  /// The better way for so many tiles of an image.
  static func making(
    side: Int, cut: WinogradCut, groups: Int, rows: Int, depth: Int, tiles: Int
  ) -> Making {
    let windows = depth / (cut.vertical.taps * cut.horizontal.taps) * cut.windowCount
    let words = Double((side + 2) * (side + 2)) * Double(groups * rows) * Double(windows)
    guard words > Double(keptWords) else { return .once }
    // Out channel by out channel, the values of all tiles are read again: only while they stay near.
    return tiles > tilesToShare ? .inEachRun : .byChannels
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
    window = cut
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

  /// Where matrices lie: floats from one point, and from one block, to the next.
  struct Matrices {
    var base: UnsafePointer<Float>
    var point: Int, block: Int
    /// The first panel's place within a whole matrix.
    var first: Int

    func panel(_ panel: PanelCut.Panel, point index: Int, block number: Int) -> UnsafePointer<Float>
    {
      base + index * point + number * block + panel.offset - first
    }
  }

  /// The floats of all matrices.
  var words: Int { groups * points * blockCount * cut.size }

  /// The floats of some panels of one group's matrices.
  func words(_ panels: Range<Int>) -> Int {
    let end = panels.upperBound < cut.panels.count ? cut.panels[panels.upperBound].offset : cut.size
    return points * blockCount * (end - cut.panels[panels.lowerBound].offset)
  }

  /// One group's matrices, of all that lie one group after the other from `base` on.
  private func matrices(_ group: Int, at base: UnsafePointer<Float>) -> Matrices {
    Matrices(
      base: base + group * points * blockCount * cut.size, point: blockCount * cut.size,
      block: cut.size, first: 0)
  }

  /// One group's matrices that are kept, or that `makeAll` made in `scratch`.
  func matrices(_ group: Int, _ scratch: UnsafeMutablePointer<Float>) -> Matrices {
    guard case .packed(let panels) = storage else {
      return matrices(group, at: UnsafePointer(scratch))
    }
    return matrices(group, at: panels.base)
  }

  /// Makes all matrices that are not kept in `scratch`, `words` floats.
  func makeAll(_ scratch: UnsafeMutablePointer<Float>) {
    guard case .direct(let panels) = storage else { return }
    let work = 5 * Double(groups * cut.panels.count * variant.panelRows) * Double(depth)
    ThreadPool.current.forEachTile(groups * cut.panels.count, nanoseconds: work) { tile in
      let (group, place) = tile.quotientAndRemainder(dividingBy: cut.panels.count)
      expand(panels, group: group, place, matrices(group, at: UnsafePointer(scratch)))
    }
  }

  /// Makes some panels of one group's matrices in `scratch`, `words(panels)` floats, which is for
  /// them alone.
  func make(
    _ group: Int, _ chosen: Range<Int>, in scratch: UnsafeMutablePointer<Float>
  ) -> Matrices {
    let block = words(chosen) / (points * blockCount)
    let matrices = Matrices(
      base: UnsafePointer(scratch), point: blockCount * block, block: block,
      first: cut.panels[chosen.lowerBound].offset)
    guard case .direct(let panels) = storage else { return self.matrices(group, scratch) }
    for place in chosen { expand(panels, group: group, place, matrices) }
    return matrices
  }

  /// One panel of one group, at all points.
  private func expand(
    _ direct: WeightPanels, group: Int, _ place: Int, _ matrices: Matrices
  ) {
    let (panel, source) = (cut.panels[place], direct.panels[place])
    let height = source.height
    let taps = window.vertical.taps * window.horizontal.taps
    // A block's windows may begin and end within a channel's.
    direct.withPiece(depth: (blockDepth / window.windowCount + 2) * taps) { piece in
      for block in 0..<blockCount {
        let first = block * blockDepth
        let count = min(blockDepth, depth - first)
        guard count > 0 else { continue }
        let channel = first / window.windowCount
        let channels = (first + count - 1) / window.windowCount + 1 - channel
        let values = direct.pointer(
          group: group, source, from: channel * taps, channels * taps, in: piece)
        let target = UnsafeMutablePointer(mutating: matrices.panel(panel, point: 0, block: block))
        for point in 0..<points {
          (target + point * matrices.point).update(repeating: 0, count: panel.height)
        }
        withWindows(
          values + height, first - channel * window.windowCount, count, height: height
        ) { windows in
          variant.table.pointee.f32_winograd_weights(
            side, panel.height, panel.height, count, windows, 1, height, target + panel.height,
            matrices.point)
        }
      }
    }
  }

  /// `count` of the windows of 3 × 3 taps that a panel's windows are cut into, tap by tap, filled up
  /// with zeros.
  private func withWindows(
    _ taps: UnsafePointer<Float>, _ first: Int, _ count: Int, height: Int,
    _ body: (UnsafePointer<Float>) -> Void
  ) {
    let (high, wide) = (window.vertical.taps, window.horizontal.taps)
    if (high, wide) == (3, 3) { return body(taps + first * 9 * height) }
    Scratch.with(Float.self, count: count * 9 * height) { windows in
      for index in 0..<count {
        let (channel, place) = (first + index).quotientAndRemainder(
          dividingBy: window.windowCount)
        let (y, x) = place.quotientAndRemainder(dividingBy: window.horizontal.windows)
        for tap in 0..<9 {
          let (i, j) = (3 * y + tap / 3, 3 * x + tap % 3)
          let target = windows + (index * 9 + tap) * height
          if i < high, j < wide {
            target.update(from: taps + ((channel * high + i) * wide + j) * height, count: height)
          } else {
            target.update(repeating: 0, count: height)
          }
        }
      }
      body(windows)
    }
  }
}
