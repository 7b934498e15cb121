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

  /// What making a weight anew in each run takes, beside waiting for what it is made from.
  private static let makingCost = 10.0

  /// Products of every pair of channels with so many matrices of weights, which are waited for where
  /// they are in no near cache.
  private static func products(
    _ convolution: ConvolutionCore, matrices: Double, _ positions: Double, isMade: Bool = false
  ) -> Double {
    let words = matrices * pairs(convolution)
    let waiting = words > GatheringCost.cachedWords ? GatheringCost.weightCost : 0
    return words * (positions + (isMade ? makingCost : waiting))
  }

  private static func pairs(_ convolution: ConvolutionCore) -> Double {
    Double(convolution.groupInSheets) * Double(convolution.groupOutChannels)
  }

  private static func wholeVectors(_ count: Double) -> Double { (count / 16).rounded(.up) * 16 }

  private func cost(side: Int) -> Double {
    let tiles = Self.wholeVectors(
      Double(cut.phaseCount)
        * cut.phaseSize(outSize).reduce(1) { $0 * ((Double($1) / Double(side)).rounded(.up)) })
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
    let matrices = cut.products(side: side)
    // Short products are mostly calls.
    let panels = (convolution.groupOutChannels + 7) / 8
    let calls = 1000 * matrices * Double(panels) * (tiles / 96).rounded(.up)
    let isMade =
      WinogradWeights.making(
        side: side, cut: cut, groups: convolution.groups, rows: convolution.groupOutChannels,
        depth: convolution.depth, tiles: 0) != .once
    return Self.products(convolution, matrices: matrices, tiles, isMade: isMade)
      + tiles * transforms + planes + calls
  }
}
