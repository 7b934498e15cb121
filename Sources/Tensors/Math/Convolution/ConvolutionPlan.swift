// Room: Tensors. A convolution laid out for one image size: tiles, memory and order of work.

internal import CVectorKernels

/// A convolution for images of one size. Running it allocates nothing.
///
/// Tiles are blocks of output rows, columns and channels, fixed by the shape. A tile copies the
/// input it needs, padded, into its thread's scratch memory, which stays in the second cache while
/// all its output channels are computed from it.
package final class ConvolutionPlan: Sendable {
  package let height: Int, width: Int
  package let outHeight: Int, outWidth: Int
  /// How many multiply-adds one image takes.
  package let multiplyAdds: Double
  private let route: Route

  private enum Route: Sendable {
    case pointwise(PointwiseConvolution)
    case depthwise(DepthwiseConvolution)
    case tiled(TiledConvolution)
  }

  init(_ convolution: ConvolutionCore, height: Int, width: Int) throws(TensorError) {
    self.height = height
    self.width = width
    outHeight = try convolution.vertical.outputLength(height)
    outWidth = try convolution.horizontal.outputLength(width)
    multiplyAdds =
      Double(outHeight) * Double(outWidth) * Double(convolution.outChannels)
      * Double(convolution.depth)
    let planes = max(convolution.inChannels, convolution.outChannels)
    // Sizes of everything that is computed below stay far from overflow.
    _ = try Shape(checking: [planes, max(height, outHeight) + 1, max(width, outWidth) + 1, 1 << 12])
    let axes = [convolution.vertical, convolution.horizontal]
    if axes.allSatisfy({ $0.taps == 1 && $0.stride == 1 && $0.before == 0 && $0.after == 0 }),
      !convolution.isDepthwise
    {
      route = .pointwise(PointwiseConvolution(convolution, positions: height * width))
    } else if convolution.isDepthwise {
      route = .depthwise(
        DepthwiseConvolution(
          convolution, height: height, width: width, outHeight: outHeight, outWidth: outWidth))
    } else {
      route = .tiled(
        TiledConvolution(
          convolution, height: height, width: width, outHeight: outHeight, outWidth: outWidth))
    }
  }

  /// Convolves `batch` images that lie one after the other. `residual` and `output` have the
  /// output's shape and may be the same memory.
  package func run(
    input: UnsafePointer<Float>, batch: Int, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>
  ) {
    switch route {
    case .pointwise(let work):
      work.run(input: input, batch: batch, residual: residual, output: output)
    case .depthwise(let work):
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
