// Room: Tensors. 1×1 convolution over few positions: out channels side by side, not positions.

internal import CVectorKernels

/// A 1×1 convolution of images so small that positions leave vectors half empty: each position is a
/// row of channels, multiplied with the weights' matrix.
struct NarrowConvolution: Sendable {
  private let matrix: PackedMatrix
  private let activation: Activation
  private let variant: KernelVariant
  private let positions: Int
  private var inChannels: Int { matrix.rows }
  private var outChannels: Int { matrix.columns }

  private static let mostPositions = 64
  private static let mostRows = 768

  /// Nil where vectors of positions are the faster.
  init?(_ convolution: ConvolutionCore, positions: Int) {
    guard convolution.groups == 1, (1...Self.mostPositions).contains(positions),
      convolution.outChannels >= 16, convolution.inChannels >= 8
    else { return nil }
    // Vectors go by threes; one or two of them alone take longer than their share.
    let (vectors, tail) = ((positions + 15) / 16, [0, 1.35, 2.15])
    let taken = Double(vectors / 3 * 3) + tail[vectors % 3]
    guard Double(positions) / 16 < 0.8 * taken, let matrix = convolution.weights.matrix else {
      return nil
    }
    self.matrix = matrix
    self.positions = positions
    (activation, variant) = (convolution.activation, convolution.variant)
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    // So many images at a time that their rows stay in the cache.
    let most = max(1, Self.mostRows / positions)
    for first in stride(from: 0, to: batch, by: most) {
      let place = first * positions * outChannels
      runSome(
        input: input + first * positions * inChannels, images: min(most, batch - first),
        residual: residual.map { $0 + place }, output: output + place)
    }
  }

  private func runSome(
    input: UnsafePointer<Float>, images: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let (positions, wide, high) = (positions, outChannels, inChannels)
    let count = images * positions
    var epilogue = activation.epilogue
    Scratch.with(Float.self, count: positions > 1 ? count * high : 1) { rows in
      if positions > 1 {
        for image in 0..<images {
          variant.transpose(
            rows: high, columns: positions, input + image * high * positions, stride: positions,
            to: rows + image * high * positions, stride: high)
        }
      }
      Scratch.with(Float.self, count: 2 * count * wide) { results in
        matrix.run(
          input: positions > 1 ? UnsafePointer(rows) : input, count: count, output: results)
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
}
