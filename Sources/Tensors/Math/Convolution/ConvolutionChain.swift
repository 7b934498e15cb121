// Room: Tensors. Two convolutions in one pass over an image, where the second sees single positions.

internal import CVectorKernels

/// A depthwise or 1 × 1 convolution and a 1 × 1 convolution of its result, block of rows by block of
/// rows: what lies between them never exists whole, and is in the second cache when it is read.
///
/// Blocks are fixed by the shape, so that results do not depend on the number of threads.
package final class ConvolutionChain: Sendable {
  private enum First: Sendable {
    case depthwise(DepthwiseConvolution)
    case pointwise(ConvolutionCore)
  }

  private let first: First
  private let core: ConvolutionCore, second: ConvolutionCore
  private let inPlane: Int, outPlane: Int
  /// Rows and columns of the result, of a full block of it, and how many blocks there are. Where both
  /// are 1 × 1, all positions are one row.
  private let height: Int, width: Int, rows: Int, columns: Int, rowBlocks: Int, columnBlocks: Int
  /// Floats from one channel of a block to the next.
  private let stride: Int
  /// Where a block's channels lie: one after the other, or, for the input, in the image itself.
  private let offsets: AlignedArray<Int>

  /// What a block of the result between the two may take, in floats.
  private static var blockWords: Int { 160 << 10 }

  /// Whether a result between two convolutions, of all images, is too large to stay in the cache
  /// anyway.
  package static func isWorthwhile(between shape: Shape) -> Bool { shape.count > 2 * blockWords }

  /// Nil where the two are not of these kinds, do not fit, or blocks would be too small.
  ///
  /// - Parameter lengths: Of the image that goes in.
  package init?(_ first: Convolution, _ second: Convolution, lengths: [Int]) {
    let (a, b) = (first.core, second.core)
    guard b.isPointwise, b.groups == 1, b.inChannels == a.outChannels, a.variant == b.variant,
      lengths.count == first.rank, second.rank == first.rank,
      let plan = try? first.plan(for: lengths)
    else { return nil }
    let channels = a.outChannels
    (core, self.second) = (a, b)
    (inPlane, outPlane) = (plan.size.reduce(1, *), plan.outSize.reduce(1, *))
    guard outPlane > 0 else { return nil }
    let tileWidth = a.variant.lanes * a.variant.tileVectors
    let fitting = max(Self.blockWords / channels, 2 * tileWidth)
    if a.isDepthwise, plan.size[0] == 1, plan.outSize[0] == 1, a.sheets.taps == 1 {
      (height, width) = (plan.outSize[1], plan.outSize[2])
      // What surrounds a block is read again for the next one: blocks are as square as whole tiles
      // of the product allow, unless there are whole rows enough.
      let wholeRows = fitting / width >= 4 * a.vertical.taps || fitting >= outPlane
      let wanted = wholeRows ? width : min(width, max(2, fitting / 8 / tileWidth) * tileWidth)
      columns = wanted == width ? width : (Self.evenly(width, wanted) + 15) / 16 * 16
      rows = Self.evenly(height, min(height, max(1, fitting / columns)))
      self.first = .depthwise(
        DepthwiseConvolution(
          a, height: plan.size[1], width: plan.size[2], outHeight: height, outWidth: width,
          block: (rows, columns)))
    } else if a.isPointwise, a.groups == 1 {
      (height, width, rows) = (1, outPlane, 1)
      let wanted = max(fitting / tileWidth, 1) * tileWidth
      columns = (Self.evenly(width, min(width, wanted)) + tileWidth - 1) / tileWidth * tileWidth
      self.first = .pointwise(a)
    } else {
      return nil
    }
    rowBlocks = (height + rows - 1) / rows
    columnBlocks = (width + columns - 1) / columns
    // An odd number of cache lines: channels a power of two apart would share a few cache sets.
    stride = ((rows * columns + 15) / 16 | 1) * 16
    let (most, step) = (max(channels, a.inChannels), stride)
    offsets = AlignedArray(count: most) { base in
      for channel in 0..<most { base[channel] = channel * step }
    }
  }

  /// The length of each part where so many parts as parts of at most `most` take share `length`.
  private static func evenly(_ length: Int, _ most: Int) -> Int {
    let parts = (length + most - 1) / most
    return (length + parts - 1) / parts
  }

  /// Convolves `batch` images that lie one after the other. `residual` and `output` have the
  /// result's shape and may be the same memory.
  package func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    let channels = Double(core.outChannels)
    let adds = channels * Double(core.depth + second.outChannels)
    let work = Double(batch) * Double(outPlane) * adds
    let nanoseconds = core.variant.nanoseconds(multiplyAdds: work)
    let blocks = rowBlocks * columnBlocks
    ThreadPool.current.forEachTile(batch * blocks, nanoseconds: nanoseconds) { index in
      let image = index / blocks
      let (top, left) = (index % blocks / columnBlocks * rows, index % columnBlocks * columns)
      let (high, wide) = (min(rows, height - top), min(columns, width - left))
      guard high > 0, wide > 0 else { return }
      let floats = core.outChannels * stride + ConvolutionTile.slack
      Scratch.with(Float.self, count: floats) { between in
        let source = input + image * core.inChannels * inPlane
        let place = image * second.outChannels * outPlane + top * width + left
        compute(top: top, left: left, wide, source, into: between)
        // Whole rows follow one another in the result, too.
        let isWhole = wide == width
        for line in 0..<(isWhole ? 1 : high) {
          let place = place + line * width
          multiply(
            second, between + line * wide, isWhole ? high * wide : wide,
            residual: residual.map { $0 + place }, output: output + place, plane: outPlane)
        }
      }
    }
  }

  /// The first convolution's results for a block `wide` columns wide.
  private func compute(
    top: Int, left: Int, _ wide: Int, _ image: UnsafePointer<Float>,
    into between: UnsafeMutablePointer<Float>
  ) {
    switch first {
    case .depthwise(let work):
      for channel in 0..<core.inChannels {
        work.compute(
          channel, top: top, left: left, input: image + channel * inPlane, residual: nil,
          output: between + channel * core.groupOutChannels * stride, pitch: wide, plane: stride)
      }
    case .pointwise(let core):
      let floats = core.inChannels * stride + ConvolutionTile.slack
      Scratch.with(Float.self, count: floats) { copy in
        for channel in 0..<core.inChannels {
          (copy + channel * stride).update(from: image + channel * inPlane + left, count: wide)
        }
        multiply(core, copy, wide, residual: nil, output: between, plane: stride)
      }
    }
  }

  /// A 1 × 1 convolution of a block's channels, `plane` floats apart in the result.
  private func multiply(
    _ convolution: ConvolutionCore, _ source: UnsafePointer<Float>, _ count: Int,
    residual: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>, plane: Int
  ) {
    let weights = convolution.weights.panels
    var epilogue = convolution.activation.epilogue
    let depth = convolution.depth
    weights.withPiece(depth: depth) { piece in
      for panel in weights.panels {
        let place = panel.firstRow * plane
        convolution.variant.table.pointee.f32_igemm(
          panel.rows, panel.height, count, depth,
          weights.pointer(group: 0, panel, depth, in: piece), source, offsets.base,
          output + place, plane, residual.map { $0 + place }, plane, true, &epilogue)
      }
    }
  }
}
