// Room: Tensors. A convolution laid out for one image size: tiles, memory and order of work.

internal import CVectorKernels

/// A convolution for images of one size. Running it allocates nothing.
///
/// Tiles are blocks of output rows, columns and channels, fixed by the shape. A tile copies the
/// input it needs, padded, into its thread's scratch memory, which stays in the second cache while
/// all its output channels are computed from it.
package final class ConvolutionPlan: Sendable {
  /// Sheets, rows and columns of an image that goes in, and of one that comes out.
  package let size: [Int], outSize: [Int]
  /// How many multiply-adds one image takes.
  package let multiplyAdds: Double
  /// Whether it is laid out for little memory: without Winograd's sums.
  let isSparing: Bool
  private let route: Route

  private enum Route: Sendable {
    case pointwise(PointwiseConvolution)
    case narrow(NarrowConvolution)
    case depthwise(DepthwiseConvolution)
    case channelwise(ChannelwiseConvolution)
    case winograd(WinogradConvolution)
    case tapwise(TapwiseConvolution)
    case gathered(GatheredConvolution)
    case tiled(TiledConvolution)
  }

  init(_ convolution: ConvolutionCore, size: [Int], sparing: Bool = false) throws(TensorError) {
    (self.size, isSparing) = (size, sparing)
    var outSize: [Int] = []
    for (axis, length) in zip(convolution.axes, size) {
      outSize.append(try axis.outputLength(length))
    }
    self.outSize = outSize
    // Sizes of everything that is computed below stay far from overflow.
    let planes = max(convolution.inChannels, convolution.outChannels)
    _ = try Shape(
      checking: [planes, 1 << 12] + zip(size, outSize).map { max($0, $1) + 1 })
    multiplyAdds =
      outSize.reduce(1) { $0 * Double($1) } * Double(convolution.outChannels)
      * Double(convolution.depth)
    if let work = NarrowConvolution(convolution, size: size, outSize: outSize) {
      route = .narrow(work)
    } else if convolution.isPointwise, !convolution.isDepthwise {
      route = .pointwise(PointwiseConvolution(convolution, positions: size.reduce(1, *)))
    } else if convolution.isDepthwise, size[0] == 1, outSize[0] == 1, convolution.sheets.taps == 1 {
      let (height, width, outHeight, outWidth) = (size[1], size[2], outSize[1], outSize[2])
      if let work = ChannelwiseConvolution(
        convolution, height: height, width: width, outHeight: outHeight, outWidth: outWidth)
      {
        route = .channelwise(work)
      } else {
        route = .depthwise(
          DepthwiseConvolution(
            convolution, height: height, width: width, outHeight: outHeight, outWidth: outWidth))
      }
    } else if let work = TapwiseConvolution(convolution, size: size, outSize: outSize) {
      route = .tapwise(work)
    } else if !convolution.sumsDirectly, !sparing,
      let work = WinogradConvolution(convolution, size: size, outSize: outSize)
    {
      route = .winograd(work)
    } else if let work = GatheredConvolution(convolution, size: size, outSize: outSize) {
      route = .gathered(work)
    } else {
      route = .tiled(TiledConvolution(convolution, size: size, outSize: outSize))
    }
  }

  /// The floats of working memory that a run over `batch` images needs beside the threads' own; nil
  /// where they overflow.
  package func scratchWords(batch: Int) -> Int? {
    guard case .winograd(let work) = route else { return 0 }
    return work.scratchWords(batch: batch)
  }

  /// Whether a run can do something to its input first: where it is copied once anyway.
  package var takesPreparation: Bool {
    switch route {
    case .pointwise: true
    case .narrow(let work): work.takesPreparation
    default: false
    }
  }

  /// Convolves `batch` images that lie one after the other. `residual` and `output` have the
  /// output's shape and may be the same memory.
  ///
  /// - Parameters:
  ///   - scratch: `scratchWords(batch:)` floats; without, they are borrowed for the run.
  ///   - preparation: What is done to the input first; only where the plan takes it.
  package func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>? = nil,
    preparation: ChannelPreparation? = nil
  ) {
    assert(preparation == nil || takesPreparation)
    switch route {
    case .pointwise(let work):
      work.run(
        input: input, batch: batch, residual: residual, output: output, preparation: preparation)
    case .narrow(let work):
      work.run(
        input: input, batch: batch, residual: residual, output: output, preparation: preparation)
    case .depthwise(let work):
      work.run(input: input, batch: batch, residual: residual, output: output)
    case .winograd(let work):
      func run(_ scratch: UnsafeMutablePointer<Float>) {
        work.run(input: input, batch: batch, residual: residual, output: output, scratch: scratch)
      }
      if let scratch { return run(scratch) }
      // Nobody has the memory for images whose working memory cannot be counted.
      guard let words = work.scratchWords(batch: batch) else { return }
      let own = AlignedArray<Float>(count: words, isFilled: true) { _ in }
      withExtendedLifetime(own) { run(own.base) }
    case .channelwise(let work):
      work.run(input: input, batch: batch, residual: residual, output: output)
    case .tapwise(let work):
      work.run(input: input, batch: batch, residual: residual, output: output)
    case .gathered(let work):
      work.run(input: input, batch: batch, residual: residual, output: output)
    case .tiled(let work):
      work.run(input: input, batch: batch, residual: residual, output: output)
    }
  }
}

extension KernelVariant {
  /// Rough nanoseconds for a number of multiply-adds, to decide what is worth a parallel region.
  func nanoseconds(multiplyAdds: Double) -> Double { multiplyAdds / Double(lanes) / 3 }
}
