// Room: Tensors. The weights of a convolution at Winograd's points of interpolation.

internal import CVectorKernels

/// For each of the `(side + 2)²` points a matrix `[out channel, in channel]`, in panels.
///
/// The matrices are `G g Gᵀ` of each 3 × 3 window g. Points are 0, ±3/4, ±3/2 and infinity for tiles of
/// 4 × 4, 0, ±1 and infinity for 2 × 2; the kernels' transforms must use the same. Other windows are cut
/// into such, filled up with zeros, which count as in channels.
///
/// They take four times the memory of the weights, and the time to write it. Where that is much, they
/// are made in each run from the weights as direct sums take them: in working memory, or, where an
/// image has few tiles, for a few out channels at a time, which no memory but a cache ever sees.
final class WinogradWeights: Sendable {
  let points: Int
  let bias: [Float]
  /// How each of the matrices is cut.
  let cut: PanelCut
  /// Which of a window's pieces comes when: all in channels of the first, then of the next.
  let windows: [WinogradCut.Window]
  /// By point, the part of the sum that is not always zero.
  let sums: [Range<Int>]
  private let depth: Int, channels: Int, groups: Int, side: Int
  private let variant: KernelVariant
  private let window: WinogradCut
  /// By piece, where its taps are.
  private let places: [[Int]]
  private let storage: Storage

  private enum Storage: Sendable {
    /// A group for each point of each of the groups.
    case packed(PackedPanels<Float>)
    /// Windows to be expanded in each run.
    case direct(WeightPanels)
  }

  /// Floats that are kept, however often they are used: more stay in no near cache between two uses,
  /// and to read them takes as long as to make them from a quarter of their words.
  private static let keptWords = 1 << 18
  /// Tiles of 4 × 4 among which the work of making the weights anew is shared at least.
  private static let tilesToShare = 192
  /// Windows of a panel that are expanded at a time.
  private static let windowsAtOnce = 128

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
    let ownDepth = weights.count / (groups * rows)
    let channels = ownDepth / (cut.vertical.taps * cut.horizontal.taps)
    let depth = channels * cut.windowCount
    (self.depth, self.channels, self.groups, self.side) = (depth, channels, groups, side)
    self.variant = variant
    self.cut = PanelCut(rows: rows, depth: depth, panelRows: variant.panelRows)
    window = cut
    windows = cut.windows
    places = cut.windows.map(cut.places)
    sums = (0..<points).map { point in
      let seen = cut.windows(row: point / (side + 2), column: point % (side + 2), side: side)
      return seen.lowerBound * channels..<seen.upperBound * channels
    }
    storage =
      direct.map { .direct($0) }
      ?? .packed(
        Self.packed(
          weights, side: side, cut: cut, groups: groups, rows: rows, depth: depth,
          variant: variant))
  }

  private static func packed(
    _ weights: Tensor, side: Int, cut: WinogradCut, groups: Int, rows: Int, depth: Int,
    variant: KernelVariant
  ) -> PackedPanels<Float> {
    let (high, wide) = (cut.vertical.taps, cut.horizontal.taps)
    let (points, ownDepth) = ((side + 2) * (side + 2), weights.count / (groups * rows))
    let places = cut.windows.map(cut.places)
    return PackedPanels<Float>(
      as: "winograd by windows", groups: groups * points, rows: rows, depth: depth,
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
            variant.table.pointee.f32_winograd_weights(
              side, panel.rows, panel.height, depth, windows, depth * 9,
              base + group * points * size + panel.offset + panel.height, size)
          }
          if (high, wide) == (3, 3) { return expand(row) }
          let channels = ownDepth / (high * wide)
          Scratch.with(Float.self, count: panel.rows * depth * 9) { windows in
            for m in 0..<panel.rows {
              for (index, places) in places.enumerated() {
                for channel in 0..<channels {
                  let source = row + (m * channels + channel) * high * wide
                  let target = windows + (m * depth + index * channels + channel) * 9
                  for tap in 0..<9 { target[tap] = places[tap] < 0 ? 0 : source[places[tap]] }
                }
              }
            }
            expand(windows)
          }
        }
      }
    }
  }

  /// Where matrices lie: floats from one point to the next.
  struct Matrices {
    var base: UnsafePointer<Float>
    var point: Int
    /// The first panel's place within a whole matrix.
    var first: Int

    /// A panel's weights from number `from` of the sum on.
    func panel(_ panel: PanelCut.Panel, point index: Int, from: Int) -> UnsafePointer<Float> {
      base + index * point + panel.offset - first + from * panel.height
    }
  }

  /// Floats from one point of some panels to the next: an odd number of lines, for a window's points
  /// are written side by side.
  private func stride(_ panels: Range<Int>) -> Int {
    let end = panels.upperBound < cut.panels.count ? cut.panels[panels.upperBound].offset : cut.size
    return ((end - cut.panels[panels.lowerBound].offset + 15) / 16 | 1) * 16
  }

  /// The floats of all matrices.
  var words: Int { groups * points * stride(0..<cut.panels.count) }

  /// The floats of some panels of one group's matrices.
  func words(_ panels: Range<Int>) -> Int { points * stride(panels) }

  /// One group's matrices that are kept, or that `makeAll` made in `scratch`.
  func matrices(_ group: Int, _ scratch: UnsafeMutablePointer<Float>) -> Matrices {
    guard case .packed(let panels) = storage else {
      let point = stride(0..<cut.panels.count)
      return Matrices(
        base: UnsafePointer(scratch) + group * points * point, point: point, first: 0)
    }
    return Matrices(base: panels.base + group * points * cut.size, point: cut.size, first: 0)
  }

  /// Makes all matrices that are not kept in `scratch`, `words` floats.
  func makeAll(_ scratch: UnsafeMutablePointer<Float>) {
    guard case .direct(let panels) = storage else { return }
    let work = 5 * Double(groups * cut.panels.count * variant.panelRows) * Double(depth)
    ThreadPool.current.forEachTile(groups * cut.panels.count, nanoseconds: work) { tile in
      let (group, place) = tile.quotientAndRemainder(dividingBy: cut.panels.count)
      expand(panels, group: group, place, matrices(group, scratch))
    }
  }

  /// Makes some panels of one group's matrices in `scratch`, `words(panels)` floats, which is for
  /// them alone.
  func make(
    _ group: Int, _ chosen: Range<Int>, in scratch: UnsafeMutablePointer<Float>
  ) -> Matrices {
    guard case .direct(let panels) = storage else { return matrices(group, scratch) }
    let matrices = Matrices(
      base: UnsafePointer(scratch), point: stride(chosen),
      first: cut.panels[chosen.lowerBound].offset)
    for place in chosen { expand(panels, group: group, place, matrices) }
    return matrices
  }

  /// One panel of one group, at all points.
  private func expand(_ direct: WeightPanels, group: Int, _ place: Int, _ matrices: Matrices) {
    let (panel, source) = (cut.panels[place], direct.panels[place])
    let height = source.height
    let taps = window.vertical.taps * window.horizontal.taps
    let most = max(1, Self.windowsAtOnce / window.windowCount)
    direct.withPiece(depth: most * taps) { piece in
      for first in Swift.stride(from: 0, to: channels, by: most) {
        let count = min(most, channels - first)
        let values = direct.pointer(
          group: group, source, from: first * taps, count * taps, in: piece)
        for (index, places) in places.enumerated() {
          let target = matrices.panel(panel, point: 0, from: index * channels + first + 1)
          variant.table.pointee.f32_winograd_expand(
            side, height, count, values + height, taps, places,
            UnsafeMutablePointer(mutating: target), matrices.point)
        }
      }
    }
  }
}
