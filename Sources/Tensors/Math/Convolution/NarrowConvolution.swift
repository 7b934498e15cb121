// Room: Tensors. Convolution to few positions: out channels side by side, not positions.

internal import CVectorKernels

/// A convolution to images so small that positions leave vectors half empty: what each position sees is
/// a row, multiplied with the weights' matrix.
final class NarrowConvolution: Sendable {
  private let matrix: PackedMatrix
  private let activation: Activation
  private let variant: KernelVariant
  private let positions: Int, inWords: Int, inChannels: Int
  /// Nil where each position sees but its own place.
  private let gathering: PatchGathering?
  private let outWidth: Int, blockDepth: Int
  private var depth: Int { matrix.rows }
  /// Floats from one row to the next: an odd number of cache lines, so that rows do not share sets.
  private var rowStride: Int { ((depth + 15) / 16 | 1) * 16 }
  private var outChannels: Int { matrix.columns }

  private static let mostPositions = 64
  private static let mostRows = 768
  /// Rows of all images, in floats, unless a single one of 1 × 1 windows has more.
  private static let mostWords = 1 << 20
  private static let mostBlockDepth = 512

  /// Nil where vectors of positions are the faster.
  init?(_ convolution: ConvolutionCore, size: [Int], outSize: [Int]) {
    let positions = outSize.reduce(1, *)
    guard convolution.groups == 1, (1...Self.mostPositions).contains(positions),
      convolution.outChannels >= 16, convolution.depth >= 8
    else { return nil }
    // Vectors go by threes or twos; one alone takes longer than its share.
    let vectors = (positions + 15) / 16
    let taken = vectors == 1 ? 1.35 : Double(vectors)
    guard Double(positions) / 16 < 0.8 * taken else { return nil }
    if convolution.isPointwise {
      (gathering, outWidth, blockDepth) = (nil, 0, 0)
    } else {
      guard size[0] == 1, outSize[0] == 1, convolution.sheets.taps == 1,
        convolution.depth <= Self.mostWords / positions,
        Self.isFaster(convolution, outSize: outSize)
      else { return nil }
      outWidth = outSize[2]
      gathering = PatchGathering(
        convolution, size: size, outWidth: outWidth, rows: outSize[1])
      let taps = convolution.planarTaps
      blockDepth = max(Self.mostBlockDepth / taps, 1) * taps
    }
    guard let matrix = convolution.weights.matrix else { return nil }
    self.matrix = matrix
    self.positions = positions
    inWords = convolution.inChannels * size.reduce(1, *)
    inChannels = convolution.inChannels
    (activation, variant) = (convolution.activation, convolution.variant)
  }

  /// Whether it is faster than tiles by Winograd's way.
  private static func isFaster(_ convolution: ConvolutionCore, outSize: [Int]) -> Bool {
    guard !convolution.sumsDirectly, let cost = WinogradCost(convolution, outSize: outSize),
      cost.best != nil
    else { return true }
    let positions = Double(outSize.reduce(1, *) + 1)
    let words = Double(convolution.depth) * Double(convolution.outChannels)
    return words * (positions + GatheringCost.weightCost)
      < WinogradCost.least(convolution, outSize: outSize)
  }

  /// Whether something can be done to the input first.
  var takesPreparation: Bool { gathering == nil }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, preparation: ChannelPreparation? = nil
  ) {
    // So many images at a time that their rows stay in the cache.
    let most = max(1, min(Self.mostRows, Self.mostWords / depth) / positions)
    for first in stride(from: 0, to: batch, by: most) {
      let place = first * positions * outChannels
      runSome(
        input: input + first * inWords, images: first..<min(first + most, batch),
        residual: residual.map { $0 + place }, output: output + place, preparation: preparation)
    }
  }

  private func runSome(
    input: UnsafePointer<Float>, images range: Range<Int>, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, preparation: ChannelPreparation?
  ) {
    let (positions, wide, images) = (positions, outChannels, range.count)
    let count = images * positions
    // A single position that sees its own place is a row already.
    let isRow = gathering == nil && positions == 1 && preparation == nil
    var epilogue = activation.epilogue
    Scratch.with(Float.self, count: isRow ? 1 : count * rowStride) { rows in
      if !isRow { arrange(input, images: images, into: rows) }
      if let preparation {
        for row in 0..<count {
          preparation.apply(
            toRow: rows + row * rowStride, of: range.lowerBound + row / positions, channels: depth)
        }
      }
      Scratch.with(Float.self, count: 2 * count * wide) { results in
        matrix.run(
          input: isRow ? input : UnsafePointer(rows), count: count,
          inputStride: isRow ? depth : rowStride, output: results)
        let planes = positions > 1 ? results + count * wide : results
        if positions > 1 {
          for image in 0..<images {
            variant.transpose(
              rows: positions, columns: wide, results + image * wide * positions, stride: wide,
              to: planes + image * wide * positions, stride: positions)
          }
        }
        variant.table.pointee.f32_finish(count * wide, planes, residual, output, &epilogue)
      }
    }
  }

  /// What each position sees, as a row.
  private func arrange(
    _ input: UnsafePointer<Float>, images: Int, into rows: UnsafeMutablePointer<Float>
  ) {
    let (positions, depth, rowStride) = (positions, depth, rowStride)
    guard let gathering else {
      for image in 0..<images {
        variant.transpose(
          rows: depth, columns: positions, input + image * inWords, stride: positions,
          to: rows + image * rowStride * positions, stride: rowStride)
      }
      return
    }
    let strip = ResultStrip(first: 0, count: positions, width: outWidth, sheet: 0)
    // An odd number of cache lines, with room for two vectors past the end.
    let pitch = ((positions + 15) / 16 | 1) * 16 + 32
    let blocks = (depth + blockDepth - 1) / blockDepth
    ThreadPool.current.forEachTile(
      images * blocks, nanoseconds: Double(images * depth) * Double(positions)
    ) { index in
      let (image, block) = index.quotientAndRemainder(dividingBy: blocks)
      let part = block * blockDepth..<min((block + 1) * blockDepth, depth)
      Scratch.with(Float.self, count: blockDepth * pitch) { patches in
        gathering.gather(
          part, strip, firstChannel: image * inChannels, input: input, patches, pitch: pitch)
        variant.transpose(
          rows: part.count, columns: positions, patches, stride: pitch,
          to: rows + image * positions * rowStride + part.lowerBound, stride: rowStride)
      }
    }
  }
}
