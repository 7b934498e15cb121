// Room: Tensors. Transposed convolution whose windows do not overlap: a product, then rows taken in turn.

internal import CVectorKernels

/// The weights of a transposed convolution with as many taps as its stride along every axis, nothing
/// cut off: each image position gives a block of results of its own.
///
/// A row of weights for each result of a block, out channel by out channel and in the block's order.
struct SpreadWeights: Sendable {
  let strides: [Int]
  let groups: Int, groupIn: Int, groupOut: Int
  let activation: Activation
  let variant: KernelVariant
  let panels: WeightPanels

  var block: Int { strides.reduce(1, *) }

  /// Packs `weights`, `[in, out / groups, taps…]`; nil where windows overlap or leave gaps.
  init?(
    _ weights: Tensor, bias: Tensor?, axes: [WindowAxis], outputPadding: [Int], groups: Int,
    activation: Activation
  ) {
    let isWhole = axes.allSatisfy {
      $0.taps == $0.stride && ($0.dilation == 1 || $0.taps == 1) && $0.before == 0 && $0.after == 0
    }
    guard isWhole, outputPadding.allSatisfy({ $0 == 0 }), axes.contains(where: { $0.stride > 1 })
    else { return nil }
    strides = axes.map(\.stride)
    (self.groups, self.activation) = (groups, activation)
    (groupIn, groupOut) = (weights.shape[0] / groups, weights.shape[1])
    let variant = KernelVariant.current
    self.variant = variant
    let block = strides.reduce(1, *)
    let (depth, rows) = (groupIn, groupOut * block)
    panels = WeightPanels(
      weights, bias: bias, groups: groups, rows: rows, depth: depth, variant: variant,
      settings: [2, block], start: { $0 / block }
    ) { row, k in
      let (group, own) = row.quotientAndRemainder(dividingBy: rows)
      return (group * depth + k) * rows + own
    }
  }
}

/// Such a transposed convolution laid out for one image size.
///
/// A strip of positions is copied once; the products of a few panels with it are the rows of as many
/// whole lines of blocks, which are taken in turn and written.
final class SpreadConvolution: Sendable {
  private let weights: SpreadWeights
  private let size: [Int], positions: Int
  private let strip: Int, strips: Int, pitch: Int
  /// Panels whose rows are whole lines of blocks.
  private let panelsAtOnce: Int
  private let offsets: AlignedArray<Int>

  private static let stripWords = 64 << 10
  private static let mostPositions = 384

  init(_ weights: SpreadWeights, size: [Int]) {
    self.weights = weights
    self.size = size
    positions = size.reduce(1, *)
    let depth = weights.groupIn
    let most = min(Self.mostPositions, max(48, Self.stripWords / max(depth, 1) / 48 * 48))
    let count = max(1, (positions + most - 1) / most)
    strip = ((positions + count - 1) / count + 15) / 16 * 16
    strips = max(1, (positions + strip - 1) / max(strip, 1))
    pitch = (strip / 16 | 1) * 16
    var (a, b) = (weights.strides[2], weights.variant.panelRows)
    while b != 0 { (a, b) = (b, a % b) }
    panelsAtOnce = weights.strides[2] / a
    let pitch = pitch
    offsets = AlignedArray(count: depth) { base in
      for k in 0..<depth { base[k] = k * pitch }
    }
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, output: UnsafeMutablePointer<Float>
  ) {
    let panels = weights.panels.panels.count
    let units = batch * weights.groups * strips
    let lots = (panels + panelsAtOnce - 1) / panelsAtOnce
    let shares = min(lots, max(1, (8 + units - 1) / max(units, 1)))
    let lotsPerShare = (lots + shares - 1) / shares
    let work =
      Double(batch) * Double(positions) * Double(weights.groups * weights.groupIn)
      * Double(weights.groupOut * weights.block)
    ThreadPool.current.forEachTile(
      units * shares, nanoseconds: weights.variant.nanoseconds(multiplyAdds: work)
    ) { index in
      let (unit, share) = index.quotientAndRemainder(dividingBy: shares)
      let first = unit % strips * strip
      let lot = share * lotsPerShare * panelsAtOnce
      guard first < positions, lot < panels else { return }
      let chosen = lot..<min(lot + lotsPerShare * panelsAtOnce, panels)
      runStrip(
        first, group: unit / strips, chosen, input: input, output: output)
    }
  }

  /// `group` counts through all images.
  private func runStrip(
    _ first: Int, group: Int, _ chosen: Range<Int>, input: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    let count = min(strip, positions - first)
    let (depth, height) = (weights.groupIn, weights.variant.panelRows)
    let kernels = weights.variant.table
    let panels = weights.panels.panels
    let (positions, pitch, panelsAtOnce) = (positions, pitch, panelsAtOnce)
    var epilogue = weights.activation.epilogue
    let source = input + group * depth * positions + first
    Scratch.with(
      Float.self, count: (depth + panelsAtOnce * height) * pitch + ConvolutionTile.slack
    ) { copy in
      for k in 0..<depth { (copy + k * pitch).update(from: source + k * positions, count: count) }
      let results = copy + depth * pitch
      for lot in stride(from: chosen.lowerBound, to: chosen.upperBound, by: panelsAtOnce) {
        var rows = 0
        weights.panels.withPiece(depth: depth) { piece in
          for index in lot..<min(lot + panelsAtOnce, chosen.upperBound) {
            let panel = panels[index]
            kernels.pointee.f32_igemm(
              panel.rows, panel.height, count, depth,
              weights.panels.pointer(group: group % weights.groups, panel, depth, in: piece), copy,
              offsets.base, results + rows * pitch, pitch, nil, 0, true, &epilogue)
            rows += panel.rows
          }
        }
        spread(
          results, rows: rows, from: panels[lot].firstRow, first: first, count: count, group: group,
          output)
      }
    }
  }

  /// Writes lines of blocks: each as many rows as the columns' stride, taken in turn.
  private func spread(
    _ results: UnsafePointer<Float>, rows: Int, from firstRow: Int, first: Int, count: Int,
    group: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    let kernels = weights.variant.table
    let (deep, high, wide) = (weights.strides[0], weights.strides[1], weights.strides[2])
    let (lines, columns) = (size[1], size[2])
    let outRow = columns * wide
    let outSheet = outRow * lines * high
    let groupOut = weights.groupOut
    for row in stride(from: 0, to: rows, by: wide) {
      let line = (firstRow + row) / wide
      let (channel, z, y) = (line / (deep * high), line / high % deep, line % high)
      let plane = output + (group * groupOut + channel) * outSheet * size[0] * deep
      var done = 0
      while done < count {
        let (place, column) = (first + done).quotientAndRemainder(dividingBy: columns)
        let (sheet, own) = place.quotientAndRemainder(dividingBy: lines)
        let some = min(columns - column, count - done)
        let target =
          plane + (sheet * deep + z) * outSheet + (own * high + y) * outRow + column * wide
        kernels.pointee.f32_interleave(some, wide, results + row * pitch + done, pitch, target)
        done += some
      }
    }
  }
}
