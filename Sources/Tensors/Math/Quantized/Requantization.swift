// Room: Tensors. What becomes of 32-bit sums of byte products: bytes again, or floats.

internal import CVectorKernels

/// How sums become bytes: `saturate(round(sum · scale) + zero)`, ties to even.
package struct Requantization: Sendable {
  /// One for all, or one for each output channel or column.
  package var scales: [Float]
  package var zero: Int32
  /// The smallest and the largest result: the type's, or those of an activation.
  package var low: Int32, high: Int32

  package init(scales: [Float], zero: Int32, low: Int32, high: Int32) {
    (self.scales, self.zero, self.low, self.high) = (scales, zero, low, high)
  }

  /// Quantises sums of a channel, as often as one likes: nothing is counted or looked up for each run
  /// of them.
  package struct Writer {
    fileprivate let kernels: UnsafePointer<squall_kernels>
    fileprivate let scales: UnsafeBufferPointer<Float>
    fileprivate let zero: Int32, low: Int32, high: Int32

    /// Quantises `count` sums of channel `channel`.
    @inline(__always)
    package func store(
      _ sums: UnsafePointer<Int32>, count: Int, channel: Int,
      to target: UnsafeMutablePointer<UInt8>
    ) {
      var (scale, none) = (scales[scales.count == 1 ? 0 : channel], Int32(0))
      kernels.pointee.s32_to_q8(count, sums, &none, &scale, 0, zero, low, high, target)
    }

    /// Quantises sums of consecutive columns from `column` on, each with something added; there is a
    /// scale for each column.
    @inline(__always)
    package func store(
      _ sums: UnsafePointer<Int32>, adding added: UnsafePointer<Int32>, column: Int, count: Int,
      to target: UnsafeMutablePointer<UInt8>
    ) {
      guard let base = scales.baseAddress, scales.count >= column + count else { return }
      kernels.pointee.s32_to_q8(count, sums, added, base + column, 1, zero, low, high, target)
    }
  }

  /// Lends a writer until `body` returns.
  package func withWriter(_ body: (Writer) throws -> Void) rethrows {
    try scales.withUnsafeBufferPointer { scales in
      try body(
        Writer(
          kernels: KernelVariant.current.table, scales: scales, zero: zero, low: low, high: high))
    }
  }

  /// Quantises sums of consecutive columns from `column` on, each with something added; there is a
  /// scale for each column.
  package func store(
    _ sums: UnsafePointer<Int32>, adding added: UnsafePointer<Int32>, column: Int, count: Int,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    withWriter { $0.store(sums, adding: added, column: column, count: count, to: target) }
  }
}

/// Sums as floats.
package struct ScaledSums {
  private let kernels: UnsafePointer<squall_kernels>
  private let scales: UnsafeBufferPointer<Float>
  private let shifts: UnsafeBufferPointer<Float>?

  /// Lends what makes floats of sums until `body` returns: there is a scale for each column, and,
  /// where they are given, something to add behind it.
  package static func with(
    scales: [Float], shifts: [Float]? = nil, _ body: (ScaledSums) throws -> Void
  ) rethrows {
    try scales.withUnsafeBufferPointer { scales in
      try (shifts ?? []).withUnsafeBufferPointer { added in
        try body(
          ScaledSums(
            kernels: KernelVariant.current.table, scales: scales,
            shifts: shifts == nil ? nil : added))
      }
    }
  }

  /// `(sum + added) · scale + shift` for consecutive columns from `column` on.
  @inline(__always)
  package func store(
    _ sums: UnsafePointer<Int32>, adding added: UnsafePointer<Int32>, column: Int, count: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    guard let base = scales.baseAddress, scales.count >= column + count else { return }
    kernels.pointee.s32_to_f32(count, sums, added, base + column, 1, target)
    guard let shifts, let first = shifts.baseAddress, shifts.count >= column + count else {
      return
    }
    kernels.pointee.f32_binary[Int(SQUALL_ADD.rawValue)](
      count, target, 1, first + column, 1, target)
  }
}

/// An arithmetic operation of two quantised operands.
package enum QuantizedOperation: Sendable {
  case add, subtract, multiply

  private var code: squall_q8_operation {
    switch self {
    case .add: SQUALL_Q8_ADD
    case .subtract: SQUALL_Q8_SUB
    case .multiply: SQUALL_Q8_MUL
    }
  }

  /// One operand's row: bytes that walk along or one that repeats.
  package struct Operand {
    package var bytes: UnsafePointer<UInt8>
    package var step: Int
    package var isSigned: Bool
    package var scale: Float
    package var zero: Int32

    package init(
      bytes: UnsafePointer<UInt8>, step: Int, isSigned: Bool, scale: Float, zero: Int32
    ) {
      (self.bytes, self.step, self.isSigned, self.scale, self.zero) = (
        bytes, step, isSigned, scale, zero
      )
    }

    fileprivate var raw: squall_q8_operand {
      squall_q8_operand(
        bytes: bytes, step: step, is_signed: isSigned, scale: scale, zero: zero)
    }
  }

  /// Combines rows of `count` elements; `scale` is the result's.
  package func run(
    _ a: Operand, _ b: Operand, count: Int, scale: Float, _ result: Requantization,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    var (left, right) = (a.raw, b.raw)
    var last = squall_q8_result(
      scale: scale, zero: result.zero, low: result.low, high: result.high)
    KernelVariant.current.table.pointee.q8_combine(count, code, &left, &right, &last, target)
  }
}
