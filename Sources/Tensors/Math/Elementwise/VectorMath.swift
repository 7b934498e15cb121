// Room: Tensors. The vector kernels over plain memory, in parallel: for planned runs.

internal import CVectorKernels

/// Functions over rows of floats. Nothing here allocates; long rows are shared by the pool's
/// threads in pieces of a fixed length.
package enum VectorMath {
  private static let grain = 1 << 14

  /// `output[i] = function(input[i])`; the two may be the same memory.
  package static func apply(
    _ function: UnaryFunction, _ p: Float = 1, _ q: Float = 0, _ input: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, count: Int
  ) {
    let kernel = KernelVariant.current.table.pointee.f32_unary[Int(function.code.rawValue)]
    ThreadPool.current.forEachRange(
      count, grain: grain, nanosecondsPerItem: function.nanoseconds
    ) { range in
      let start = range.lowerBound
      kernel(range.count, input + start, output + start, p, q)
    }
  }

  /// `output[i] = act(scale input[i] + shift)`; the two may be the same memory. On the caller's
  /// thread.
  package static func affine(
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int, scale: Float,
    shift: Float, _ activation: Activation
  ) {
    let functions = KernelVariant.current.table.pointee.f32_unary
    let affine = functions[Int(SQUALL_AFFINE.rawValue)]
    guard let (function, p, q) = activation.function else {
      return affine(count, input, output, scale, shift)
    }
    let activate = functions[Int(function.code.rawValue)]
    // Pieces that stay in the first cache from one function to the next.
    for start in Swift.stride(from: 0, to: count, by: 2048) {
      let piece = min(2048, count - start)
      affine(piece, input + start, output + start, scale, shift)
      activate(piece, output + start, output + start, p, q)
    }
  }

  /// `output[i] = a[i aStep] operation b[i bStep]`, steps 0 (a scalar) or 1.
  package static func combine(
    _ operation: BinaryOperation, _ a: UnsafePointer<Float>, aStep: Int = 1,
    _ b: UnsafePointer<Float>, bStep: Int = 1, _ output: UnsafeMutablePointer<Float>, count: Int
  ) {
    precondition((aStep == 0 || aStep == 1) && (bStep == 0 || bStep == 1))
    let kernel = KernelVariant.current.table.pointee.f32_binary[Int(operation.code.rawValue)]
    ThreadPool.current.forEachRange(
      count, grain: grain, nanosecondsPerItem: operation.nanoseconds
    ) { range in
      let start = range.lowerBound
      kernel(range.count, a + start * aStep, aStep, b + start * bStep, bStep, output + start)
    }
  }

  /// `output[i] = a[i] b[i] + c[i]`, each with a step of 0 or 1.
  package static func multiplyAdd(
    _ a: UnsafePointer<Float>, aStep: Int = 1, _ b: UnsafePointer<Float>, bStep: Int = 1,
    _ c: UnsafePointer<Float>, cStep: Int = 1, _ output: UnsafeMutablePointer<Float>, count: Int
  ) {
    let kernel = KernelVariant.current.table.pointee.f32_fma
    ThreadPool.current.forEachRange(count, grain: grain, nanosecondsPerItem: 0.3) { range in
      let i = range.lowerBound
      kernel(
        range.count, a + i * aStep, aStep, b + i * bStep, bStep, c + i * cStep, cStep, output + i)
    }
  }

  /// `output[i] = a[i aStep] comparison b[i bStep]`, steps 0 or 1; on the caller's thread.
  package static func compare(
    _ comparison: Comparison, _ a: UnsafePointer<Float>, aStep: Int, _ b: UnsafePointer<Float>,
    bStep: Int, _ output: UnsafeMutablePointer<Bool>, count: Int
  ) {
    let bytes = UnsafeMutableRawPointer(output).assumingMemoryBound(to: UInt8.self)
    KernelVariant.current.table.pointee.f32_compare[Int(comparison.code.rawValue)](
      count, a, aStep, b, bStep, bytes)
  }

  /// `output[i] = mask[i] ? a[i] : b[i]`, steps of a and b 0 or 1; on the caller's thread.
  package static func select(
    _ mask: UnsafePointer<Bool>, _ a: UnsafePointer<Float>, aStep: Int, _ b: UnsafePointer<Float>,
    bStep: Int, _ output: UnsafeMutablePointer<Float>, count: Int
  ) {
    let bytes = UnsafeRawPointer(mask).assumingMemoryBound(to: UInt8.self)
    KernelVariant.current.table.pointee.f32_select(count, bytes, a, aStep, b, bStep, output)
  }

  /// `output[i] += scale input[i]`.
  package static func addScaled(
    _ scale: Float, _ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    KernelVariant.current.table.pointee.f32_axpy(count, scale, input, output)
  }

  /// `output[i] = saturate(round(input[i] / scale) + zero)` as the bits of int8 or uint8.
  package static func quantize(
    _ input: UnsafePointer<Float>, count: Int, scale: Float, zero: Int32, isSigned: Bool = false,
    to output: UnsafeMutablePointer<UInt8>
  ) {
    let kernels = KernelVariant.current.table
    ThreadPool.current.forEachRange(count, grain: grain, nanosecondsPerItem: 0.3) { range in
      let (from, to) = (input + range.lowerBound, output + range.lowerBound)
      if isSigned {
        let signed = UnsafeMutableRawPointer(to).assumingMemoryBound(to: Int8.self)
        kernels.pointee.f32_to_s8(range.count, from, scale, zero, signed)
      } else {
        kernels.pointee.f32_to_u8(range.count, from, scale, zero, to)
      }
    }
  }

  /// `output[i] = (input[i] - zero) scale` of the bits of int8 or uint8.
  package static func dequantize(
    _ input: UnsafePointer<UInt8>, count: Int, scale: Float, zero: Int32, isSigned: Bool,
    to output: UnsafeMutablePointer<Float>
  ) {
    let kernels = KernelVariant.current.table
    ThreadPool.current.forEachRange(count, grain: grain, nanosecondsPerItem: 0.3) { range in
      let (from, to) = (input + range.lowerBound, output + range.lowerBound)
      if isSigned {
        let signed = UnsafeRawPointer(from).assumingMemoryBound(to: Int8.self)
        kernels.pointee.s8_to_f32(range.count, signed, scale, zero, to)
      } else {
        kernels.pointee.u8_to_f32(range.count, from, scale, zero, to)
      }
    }
  }

  /// `sum a[i] b[i]`.
  package static func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
  ) -> Float {
    KernelVariant.current.table.pointee.f32_dot(count, a, b)
  }

  /// A row's sum, sum of `(x - p)²`, and so on: float within blocks of 1024, double between them.
  package static func reduce(
    _ reduction: RowReduction, _ input: UnsafePointer<Float>, count: Int, about p: Float = 0
  ) -> Double {
    KernelVariant.current.table.pointee.f32_reduce[Int(reduction.code.rawValue)](count, input, p)
  }

  /// Rows brought to mean 0 (with `centers`) and mean square 1, then times `scale` plus `shift`.
  ///
  /// `means` and `inverses` get each row's mean and inverse deviation.
  package static func normalize(
    rows: Int, count: Int, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    centers: Bool, epsilon: Double, scale: UnsafePointer<Float>?, shift: UnsafePointer<Float>?,
    means: UnsafeMutablePointer<Float>? = nil, inverses: UnsafeMutablePointer<Float>? = nil
  ) {
    guard count > 0 else { return }
    let kernel = KernelVariant.current.table.pointee.f32_normalize
    ThreadPool.current.forEachRange(
      rows, grain: max(1, grain / count), nanosecondsPerItem: 15 + Double(count) * 0.3
    ) { range in
      let start = range.lowerBound
      kernel(
        range.count, count, input + start * count, centers, epsilon, scale, shift,
        output + start * count, means.map { $0 + start }, inverses.map { $0 + start })
    }
  }

  /// Softmax (or its logarithm) of each of `rows` rows of `count` values.
  package static func softmax(
    rows: Int, count: Int, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    logarithm: Bool = false
  ) {
    guard count > 0 else { return }
    let kernel = KernelVariant.current.table.pointee.f32_softmax
    ThreadPool.current.forEachRange(
      rows, grain: max(1, grain / count), nanosecondsPerItem: Double(count) * 0.8
    ) { range in
      for row in range { kernel(count, input + row * count, logarithm, output + row * count) }
    }
  }
}

/// What a row of floats is reduced to.
package enum RowReduction: Sendable {
  case sum, sumOfSquares, sumOfMagnitudes, minimum, maximum

  var code: squall_reduction {
    switch self {
    case .sum: SQUALL_SUM
    case .sumOfSquares: SQUALL_SUM_SQUARES
    case .sumOfMagnitudes: SQUALL_SUM_ABS
    case .minimum: SQUALL_MINIMUM
    case .maximum: SQUALL_MAXIMUM
    }
  }
}
