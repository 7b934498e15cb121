// Room: Tensors. Winograd's way where an image has few tiles.

// Weights are what is large: each is read and expanded once, by whoever computes its out channels, and
// the values of all tiles wait in working memory.
extension WinogradConvolution {
  /// Tiles whose values lie in working memory at a time, unless an image has more.
  private static let tilesAtOnce = 192
  /// Weights that are expanded at a time, in floats, unless so few channels would read the tiles'
  /// values too often.
  private static let expandedWords = 1 << 19
  private static let leastPanels = 2

  var expandedPanels: Int {
    let fitting = Self.expandedWords / max(1, weights.words(0..<1))
    return min(panelsAtOnce, max(fitting, Self.leastPanels))
  }

  struct Places {
    var input: UnsafePointer<Float>
    var residual: UnsafePointer<Float>?
    var output: UnsafeMutablePointer<Float>
  }

  func imagesAtOnce(_ batch: Int) -> Int {
    max(1, min(batch, Self.tilesAtOnce / max(1, planes * tiles)))
  }

  /// Tiles of a piece where so many images are taken at a time.
  func piece(of images: Int) -> Int {
    let all = images * planes * tiles
    let pieces = (all + mostTiles - 1) / mostTiles
    return ((all + pieces - 1) / max(pieces, 1) + 15) / 16 * 16
  }

  func runByChannels(
    _ places: Places, batch: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let images = imagesAtOnce(batch)
    for first in stride(from: 0, to: batch, by: images) {
      runByChannels(places, first..<min(first + images, batch), piece(of: images), scratch)
    }
  }

  /// Some images, in pieces of at most `piece` tiles.
  func runByChannels(
    _ places: Places, _ images: Range<Int>, _ piece: Int, _ values: UnsafeMutablePointer<Float>
  ) {
    let start = images.lowerBound * planes * tiles
    let all = images.count * planes * tiles
    let pieces = (all + piece - 1) / piece
    func part(_ group: Int, _ index: Int) -> Part {
      Part(
        group: group, first: start + index * piece, count: min(piece, all - index * piece),
        panels: 0..<0, matrices: .init(base: UnsafePointer(values), point: 0, first: 0))
    }
    let shares = max(1, min(8, depth / 32))
    let channels = (depth + shares - 1) / shares
    let transforms = Double(all * convolution.groups) * Double(depth * weights.points) * 2
    ThreadPool.current.forEachTile(
      convolution.groups * pieces * shares, nanoseconds: transforms / 4
    ) { index in
      let (unit, share) = index.quotientAndRemainder(dividingBy: shares)
      let own = share * channels..<max(share * channels, min((share + 1) * channels, depth))
      Scratch.with(Float.self, count: line + staged) { stage in
        transformInput(
          part(unit / pieces, unit % pieces), places.input, channels: own, line: stage + staged,
          stage: stage, values + unit * inWords)
      }
    }
    let panelCount = weights.cut.panels.count
    let together = max(1, min(expandedPanels, (panelCount + 7) / 8))
    let chunks = (panelCount + together - 1) / together
    let work =
      Double(all + 12) * Double(weights.points) * Double(convolution.outChannels) * Double(depth)
    ThreadPool.current.forEachTile(
      convolution.groups * chunks, nanoseconds: convolution.variant.nanoseconds(multiplyAdds: work)
    ) { index in
      let (group, chunk) = index.quotientAndRemainder(dividingBy: chunks)
      let panels = chunk * together..<min((chunk + 1) * together, panelCount)
      let outStride = outStride(panels: together)
      let expanded = (weights.words(panels) + 15) / 16 * 16
      Scratch.with(
        Float.self, count: expanded + weights.points * outStride + staged
      ) { scratch in
        let matrices = weights.make(group, panels, in: scratch)
        let products = scratch + expanded
        for index in 0..<pieces {
          var part = part(group, index)
          part.matrices = matrices
          multiply(
            part, panels, values + (group * pieces + index) * inWords, products, stride: outStride)
          transformOutput(
            part, panels, products, stride: outStride, stage: products + weights.points * outStride,
            residual: places.residual, output: places.output)
        }
      }
    }
  }
}
