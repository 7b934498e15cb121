// Room: Tensors. 1×1 convolution with stride 1: a matrix product over the image's positions.

internal import CVectorKernels

struct PointwiseConvolution: Sendable {
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

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let tiles = batch * convolution.groups * blocks * panelBlocks
    let work =
      Double(batch) * Double(positions) * Double(convolution.outChannels)
      * Double(convolution.depth)
    let nanoseconds = convolution.variant.nanoseconds(multiplyAdds: work)
    ThreadPool.current.forEachTile(tiles, nanoseconds: nanoseconds) { index in
      runTile(index, input: input, residual: residual, output: output)
    }
  }

  private func runTile(
    _ index: Int, input: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let panelBlock = index % panelBlocks
    let start = index / panelBlocks % blocks * block
    let group = index / (panelBlocks * blocks) % convolution.groups
    let image = index / (panelBlocks * blocks * convolution.groups)
    let count = min(block, positions - start)
    guard count > 0 else { return }
    let channels = convolution.groupInChannels
    let plane = image * convolution.inChannels + group * channels
    let source = input + plane * positions + start
    func multiply(_ source: UnsafePointer<Float>, _ offsets: UnsafePointer<Int>, padded: Bool) {
      let panels = weights.panels
      var epilogue = convolution.activation.epilogue
      let last = min((panelBlock + 1) * panelsPerTile, panels.count)
      weights.withPiece(depth: convolution.depth) { piece in
        for index in panelBlock * panelsPerTile..<last {
          let panel = panels[index]
          let row =
            image * convolution.outChannels + group * convolution.groupOutChannels + panel.firstRow
          let place = row * positions + start
          convolution.variant.table.pointee.f32_igemm(
            panel.rows, panel.height, count, convolution.depth,
            weights.pointer(group: group, panel, convolution.depth, in: piece), source, offsets,
            output + place, positions, residual.map { $0 + place }, positions, padded, &epilogue)
        }
      }
    }
    if copies {
      Scratch.with(Float.self, count: channels * copyStride + ConvolutionTile.slack) { copy in
        for channel in 0..<channels {
          (copy + channel * copyStride).update(from: source + channel * positions, count: count)
        }
        multiply(copy, copied.base, padded: true)
      }
    } else {
      multiply(source, inPlace.base, padded: false)
    }
  }
}
