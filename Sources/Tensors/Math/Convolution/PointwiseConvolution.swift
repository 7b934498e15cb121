// Room: Tensors. 1×1 convolution with stride 1: a matrix product over the image's positions.

internal import CVectorKernels

final class PointwiseConvolution: Sendable {
  private let convolution: ConvolutionCore
  private let weights: WeightPanels
  private let positions: Int
  /// Positions and panels of one tile.
  private let block: Int, panelsPerTile: Int
  private let blocks: Int, panelBlocks: Int
  /// Where each input channel lies: in the image itself, or in a tile's copy of it.
  private let inPlace: AlignedArray<Int>, copied: AlignedArray<Int>
  private let copyStride: Int
  private let copies: Bool

  private static let fewPositions = 256, mostWords = 192 << 10

  init(_ convolution: ConvolutionCore, positions: Int) {
    self.convolution = convolution
    weights = convolution.weights.panels
    self.positions = positions
    let depth = convolution.depth
    let tileWidth = convolution.variant.lanes * convolution.variant.tileVectors
    let panels = weights.panels.count
    // A block's input fits the second cache, so that it is read from memory once.
    let fitting = max(2, (64 << 10) / max(depth, 1) / tileWidth) * tileWidth
    let fair = (positions / 16 + tileWidth - 1) / tileWidth * tileWidth
    let most = min(fitting, max(fair, 4 * tileWidth))
    // Few positions are one block, where they fit, and blocks are alike: weights are read for each.
    let isOne = positions <= Self.fewPositions && positions * depth <= Self.mostWords
    blocks = isOne ? 1 : max(1, (positions + most - 1) / most)
    let lanes = convolution.variant.lanes
    block = ((positions + blocks - 1) / blocks + lanes - 1) / lanes * lanes
    let tiles = blocks * convolution.groups
    let split = min(panels, max(1, (8 + tiles - 1) / tiles))
    panelsPerTile = (panels + split - 1) / split
    panelBlocks = (panels + panelsPerTile - 1) / panelsPerTile
    copyStride = (block / 16 | 1) * 16 + 16
    // Planes far apart share few cache sets and strain the page tables; a copy does neither, and
    // pays as soon as several panels read it.
    copies = panelsPerTile > 2
    let (stride, copyStride) = (positions, copyStride)
    inPlace = AlignedArray(count: depth) { base in
      for k in 0..<depth { base[k] = k * stride }
    }
    copied = AlignedArray(count: depth) { base in
      for k in 0..<depth { base[k] = k * copyStride }
    }
  }

  /// - Parameter preparation: What is done to the input first.
  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, preparation: ChannelPreparation? = nil
  ) {
    let work =
      Double(batch) * Double(positions) * Double(convolution.outChannels)
      * Double(convolution.depth)
    let nanoseconds = convolution.variant.nanoseconds(multiplyAdds: work)
    let places = Places(input: input, residual: residual, output: output)
    if let preparation, panelBlocks > 1 {
      return runPrepared(places, batch: batch, nanoseconds, preparation)
    }
    let tiles = batch * convolution.groups * blocks * panelBlocks
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { index in
      guard let tile = Tile(index / panelBlocks, self) else { return }
      let panels = panels(index % panelBlocks)
      let source = tile.source(places, self)
      guard copies || preparation != nil else {
        return multiply(tile, panels, source, inPlace.base, padded: false, places)
      }
      let channels = convolution.groupInChannels
      Scratch.with(Float.self, count: channels * copyStride + ConvolutionTile.slack) { copy in
        if let preparation {
          prepare(tile, 0..<channels, source, copy, preparation)
        } else {
          for channel in 0..<channels {
            (copy + channel * copyStride).update(
              from: source + channel * positions, count: tile.count)
          }
        }
        multiply(tile, panels, copy, copied.base, padded: true, places)
      }
    }
  }

  /// Where several threads share a block's out channels, they share what is done to its input, too.
  private func runPrepared(
    _ places: Places, batch: Int, _ nanoseconds: Double, _ preparation: ChannelPreparation
  ) {
    let units = batch * convolution.groups * blocks
    let channels = convolution.groupInChannels
    let shares = min(channels, 8)
    let perShare = (channels + shares - 1) / shares
    let some = nanoseconds / Double(units)
    Scratch.with(Float.self, count: channels * copyStride + ConvolutionTile.slack) { copy in
      for unit in 0..<units {
        guard let tile = Tile(unit, self) else { continue }
        let source = tile.source(places, self)
        // Copying takes as long as a product with a dozen out channels.
        let copying = some * 12 / Double(convolution.groupOutChannels)
        ThreadPool.current.forEachTile(shares, nanoseconds: copying) { share in
          let own = min(share * perShare, channels)..<min((share + 1) * perShare, channels)
          prepare(tile, own, source, copy, preparation)
        }
        ThreadPool.current.forEachTile(panelBlocks, nanoseconds: some) { index in
          multiply(tile, panels(index), copy, copied.base, padded: true, places)
        }
      }
    }
  }

  private struct Places {
    var input: UnsafePointer<Float>
    var residual: UnsafePointer<Float>?
    var output: UnsafeMutablePointer<Float>
  }

  /// A block of positions of one group of an image.
  private struct Tile {
    var image: Int, group: Int, start: Int, count: Int

    init?(_ index: Int, _ work: PointwiseConvolution) {
      start = index % work.blocks * work.block
      count = min(work.block, work.positions - start)
      (image, group) = (index / work.blocks).quotientAndRemainder(
        dividingBy: work.convolution.groups)
      guard count > 0 else { return nil }
    }

    func source(_ places: Places, _ work: PointwiseConvolution) -> UnsafePointer<Float> {
      let plane = image * work.convolution.inChannels + group * work.convolution.groupInChannels
      return places.input + plane * work.positions + start
    }
  }

  private func panels(_ panelBlock: Int) -> Range<Int> {
    let count = weights.panels.count
    let first = min(panelBlock * panelsPerTile, count)
    return first..<min(first + panelsPerTile, count)
  }

  private func prepare(
    _ tile: Tile, _ channels: Range<Int>, _ source: UnsafePointer<Float>,
    _ copy: UnsafeMutablePointer<Float>, _ preparation: ChannelPreparation
  ) {
    let first = tile.group * convolution.groupInChannels
    preparation.apply(
      to: first + channels.lowerBound..<first + channels.upperBound, of: tile.image,
      count: tile.count, source + channels.lowerBound * positions, stride: positions,
      into: copy + channels.lowerBound * copyStride, targetStride: copyStride,
      convolution.variant)
  }

  private func multiply(
    _ tile: Tile, _ panels: Range<Int>, _ source: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int>, padded: Bool, _ places: Places
  ) {
    var epilogue = convolution.activation.epilogue
    weights.withPiece(depth: convolution.depth) { piece in
      for index in panels {
        let panel = weights.panels[index]
        let row =
          tile.image * convolution.outChannels + tile.group * convolution.groupOutChannels
          + panel.firstRow
        let place = row * positions + tile.start
        convolution.variant.table.pointee.f32_igemm(
          panel.rows, panel.height, tile.count, convolution.depth,
          weights.pointer(group: tile.group, panel, convolution.depth, in: piece), source, offsets,
          places.output + place, positions, places.residual.map { $0 + place }, positions, padded,
          &epilogue)
      }
    }
  }
}
