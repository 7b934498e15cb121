// Room: Tensors. Whether Winograd's way is the faster for a convolution, and with which tiles.

/// What the ways to compute a 3 × 3 convolution take, in vector multiply-adds.
///
/// Measured: a transform of one vector of tiles takes about as long as so many multiply-adds of the
/// product. The choice depends on the shape alone, so that results are the same wherever they run.
struct WinogradCost {
  private let convolution: ConvolutionCore
  private let outSize: [Int]

  init(_ convolution: ConvolutionCore, outSize: [Int]) {
    self.convolution = convolution
    self.outSize = outSize
  }

  /// The side of the best tiles, 4 or 2; nil where the direct sum is as good.
  var best: Int? {
    let axes = [convolution.vertical, convolution.horizontal]
    guard axes.allSatisfy({ $0.taps == 3 && $0.stride == 1 && $0.dilation == 1 }),
      convolution.groupInChannels > 1, outSize.allSatisfy({ $0 > 0 })
    else { return nil }
    let (height, width) = (Double(outSize[1]), Double(outSize[2]))
    // Rows one by one or, where these are short, all of them as one.
    let positions = min(height * Self.wholeVectors(width), Self.wholeVectors(height * (width + 2)))
    let direct = 9 * pairs * positions
    let (four, two) = (cost(side: 4), cost(side: 2))
    guard min(four, two) < 0.9 * direct else { return nil }
    return four <= two ? 4 : 2
  }

  private var pairs: Double {
    Double(convolution.groupInSheets) * Double(convolution.groupOutChannels)
  }

  private static func wholeVectors(_ count: Double) -> Double { (count / 16).rounded(.up) * 16 }

  private func cost(side: Int) -> Double {
    let tiles = Self.wholeVectors(
      outSize[1...].reduce(1) { $0 * ((Double($1) / Double(side)).rounded(.up)) })
    let points = Double((side + 2) * (side + 2))
    let transforms =
      (side == 4 ? 900.0 : 350) * Double(convolution.groupInSheets)
      + (side == 4 ? 500.0 : 250) * Double(convolution.groupOutChannels)
    return tiles * (points * pairs + transforms)
  }
}
