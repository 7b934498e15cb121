// Room: Tensors. Whether Winograd's way is the faster for a convolution, and with which tiles.

/// What the ways to compute a convolution take, in vector multiply-adds.
///
/// Measured: a transform of one vector of tiles takes about as long as so many multiply-adds of the
/// product. The choice depends on the shape alone, so that results are the same wherever they run.
struct WinogradCost {
  private let convolution: ConvolutionCore
  private let outSize: [Int]
  private let cut: WinogradCut

  /// Nil where Winograd's way does not apply.
  init?(_ convolution: ConvolutionCore, outSize: [Int]) {
    guard let cut = WinogradCut(convolution, outSize: outSize) else { return nil }
    (self.convolution, self.outSize, self.cut) = (convolution, outSize, cut)
  }

  /// The side of the best tiles, 4 or 2; nil where the direct sum is as good.
  var best: Int? {
    let (four, two) = (cost(side: 4), cost(side: 2))
    guard min(four, two) < 0.9 * Self.direct(convolution, outSize: outSize) else { return nil }
    return four <= two ? 4 : 2
  }

  /// What a convolution without stride takes, by tiles or directly.
  static func least(_ convolution: ConvolutionCore, outSize: [Int]) -> Double {
    let direct = direct(convolution, outSize: outSize)
    guard !convolution.sumsDirectly, let own = WinogradCost(convolution, outSize: outSize)
    else { return direct }
    return min(direct, own.cost(side: 4), own.cost(side: 2))
  }

  private static func direct(_ convolution: ConvolutionCore, outSize: [Int]) -> Double {
    let (height, width) = (Double(outSize[1]), Double(outSize[2]))
    // Rows one by one or, where these are short, all of them as one.
    let positions = min(height * wholeVectors(width), wholeVectors(height * (width + 2)))
    return products(
      convolution, matrices: Double(convolution.vertical.taps * convolution.horizontal.taps),
      positions)
  }

  /// Products of every pair of channels with so many matrices of weights, which are waited for where
  /// they are in no near cache.
  private static func products(
    _ convolution: ConvolutionCore, matrices: Double, _ positions: Double
  ) -> Double {
    let words = matrices * pairs(convolution)
    return words * (positions + (words > GatheringCost.cachedWords ? GatheringCost.weightCost : 0))
  }

  private static func pairs(_ convolution: ConvolutionCore) -> Double {
    Double(convolution.groupInSheets) * Double(convolution.groupOutChannels)
  }

  private static func wholeVectors(_ count: Double) -> Double { (count / 16).rounded(.up) * 16 }

  private func cost(side: Int) -> Double {
    let tiles = Self.wholeVectors(
      Double(cut.phaseCount)
        * cut.phaseSize(outSize).reduce(1) { $0 * ((Double($1) / Double(side)).rounded(.up)) })
    let points = Double((side + 2) * (side + 2))
    // Values that lie apart are read and written one by one.
    let apart = cut.horizontal.step > 1 ? (side == 4 ? 2.0 : 1.5) : 1
    let transforms =
      apart
      * ((side == 4 ? 900.0 : 350) * Double(convolution.groupInSheets * cut.windowCount)
        + (side == 4 ? 500.0 : 250) * Double(convolution.groupOutChannels))
    // Each phase is a plane of its own, whose rows are taken and put back one by one.
    let planes =
      cut.phaseCount == 1
      ? 0
      : 20_000 * Double(cut.phaseCount * (convolution.groupInSheets + convolution.groupOutChannels))
    let matrices = points * Double(cut.windowCount)
    // Short products are mostly calls.
    let panels = (convolution.groupOutChannels + 7) / 8
    let calls = 1000 * matrices * Double(panels) * (tiles / 96).rounded(.up)
    return Self.products(convolution, matrices: matrices, tiles) + tiles * transforms + planes
      + calls
  }
}

/// A window in pieces of 3 × 3 taps, each of which sees planes of its own where taps lie apart.
///
/// Taps beyond three are the first of another window, three steps further; the results of all are
/// summed up like those of channels. A dilated window never mixes rows or columns that are not alike
/// modulo the dilation: each such phase is a plane.
struct WinogradCut: Sendable {
  struct Axis: Sendable {
    /// Taps, how many windows of three they are, and how far apart neighbours lie.
    let taps: Int, windows: Int, step: Int
    /// Zeros before the first value.
    let before: Int

    fileprivate init?(_ axis: WindowAxis, length: Int) {
      guard axis.stride == 1, (2...12).contains(axis.taps), length > 0,
        (1...32).contains(axis.dilation), axis.dilation <= length
      else { return nil }
      (taps, windows) = (axis.taps, (axis.taps + 2) / 3)
      (step, before) = (axis.dilation, axis.before)
    }
  }

  let vertical: Axis, horizontal: Axis

  init?(_ convolution: ConvolutionCore, outSize: [Int]) {
    guard convolution.groupInChannels > 1, outSize.allSatisfy({ $0 > 0 }),
      let vertical = Axis(convolution.vertical, length: outSize[1]),
      let horizontal = Axis(convolution.horizontal, length: outSize[2])
    else { return nil }
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  /// Windows of 3 × 3 for each in channel.
  var windowCount: Int { vertical.windows * horizontal.windows }
  /// Planes that a sheet of results falls into.
  var phaseCount: Int { vertical.step * horizontal.step }
  /// Rows and columns of the largest of them.
  func phaseSize(_ outSize: [Int]) -> [Int] {
    [
      (outSize[1] + vertical.step - 1) / vertical.step,
      (outSize[2] + horizontal.step - 1) / horizontal.step,
    ]
  }
}
