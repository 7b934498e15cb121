// Room: Tensors. Two-dimensional convolution of bytes in 32-bit integers.

internal import CVectorKernels

/// A convolution of signed or unsigned bytes less their zero points, laid out for one image size.
///
/// Four channels are put into one 32-bit word, so that a word takes the place that a float has in the
/// float convolution. Padding holds the zero point. Sums are exact, and wrap around past 32 bits.
///
/// **Shapes**: input `[batch, channels, y, x]`, weights `[outputs, channels / groups, y, x]`.
package final class QuantizedConvolution: Sendable {
  package let outHeight: Int, outWidth: Int
  private let height: Int, width: Int
  private let groups: Int, groupInputs: Int, groupOutputs: Int
  private let flip: UInt32, padding: UInt32
  private let panels: PackedPanels<Int32>
  /// The weights' zero points less 128 for unsigned ones, and ones to sum the inputs with.
  private let zeros: [Int32]
  private let ones: PackedPanels<Int32>?
  private let variant: KernelVariant
  private let tiling: ConvolutionTiling
  private let isJoined: Bool

  private var quads: Int { (groupInputs + 3) / 4 }
  private var depth: Int { tiling.offsets.count }

  /// What an input must be for the weights.
  package struct Input: Sendable, Hashable {
    package var height: Int, width: Int, isSigned: Bool, zero: Int32

    package init(height: Int, width: Int, isSigned: Bool, zero: Int32) {
      (self.height, self.width, self.isSigned, self.zero) = (height, width, isSigned, zero)
    }
  }

  /// Packs byte weights `[outputs, channels / groups, y, x]`, whose zero points are one or one for
  /// each output, and whose bias is in units of the product.
  ///
  /// **Throws** `shapeMismatch` when no window fits.
  package init(
    weights: Tensor, zeros givenZeros: [Int32], bias: [Int32]?, groups: Int, vertical: WindowAxis,
    horizontal: WindowAxis, input: Input
  ) throws(TensorError) {
    (height, width, self.groups) = (input.height, input.width, groups)
    let (inputs, outputs) = (weights.shape[1], weights.shape[0] / groups)
    (groupInputs, groupOutputs) = (inputs, outputs)
    let (outHeight, outWidth) = (
      try vertical.outputLength(input.height), try horizontal.outputLength(input.width)
    )
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    flip = input.isSigned ? 0x8080_8080 : 0
    let inputZero = input.zero + (input.isSigned ? 128 : 0)
    padding = UInt32(truncatingIfNeeded: inputZero & 255) &* 0x0101_0101
    let isUnsigned = weights.elementType == .uint8
    let own = (0..<weights.shape[0]).map {
      givenZeros[givenZeros.count == 1 ? 0 : $0] - (isUnsigned ? 128 : 0)
    }
    zeros = own
    let taps = vertical.taps * horizontal.taps
    let quads = (inputs + 3) / 4
    let variant = KernelVariant.current
    self.variant = variant
    panels = PackedPanels(
      groups: groups, rows: outputs, depth: quads * taps, panelRows: variant.integerRows,
      of: [weights],
      settings: [2, inputs, taps, isUnsigned ? 1 : 0, Int(inputZero)] + own.map { Int($0) }
        + (bias?.map { Int($0) } ?? [])
    ) { fill in
      weights.withBytes { bytes in
        func weight(_ row: Int, _ quad: Int, _ lane: Int) -> Int8 {
          let channel = quad / taps * 4 + lane
          guard channel < inputs else { return 0 }
          let byte = bytes[(row * inputs + channel) * taps + quad % taps]
          return Int8(bitPattern: isUnsigned ? byte ^ 0x80 : byte)
        }
        fill(
          { row in
            var sum: Int32 = 0
            for quad in 0..<quads * taps {
              for lane in 0..<4 { sum &+= Int32(weight(row, quad, lane)) }
            }
            let all = Int32(truncatingIfNeeded: inputs * taps)
            return (bias?[row] ?? 0) &- inputZero &* sum &+ all &* inputZero &* own[row]
          }, { row, quad in QuantizedWord.pack { weight(row, quad, $0) } })
      }
    }
    ones =
      own.allSatisfy { $0 == 0 }
      ? nil
      : PackedPanels(groups: 1, rows: 1, depth: quads * taps, panelRows: 1, of: []) { fill in
        fill(
          { _ in 0 },
          { _, quad in
            QuantizedWord.pack { quad / taps * 4 + $0 < inputs ? 1 : 0 }
          })
      }
    tiling = ConvolutionTiling(
      vertical, horizontal, channels: quads, outHeight: outHeight, outWidth: outWidth,
      sheets: groups, panels: panels.panels.count, variant: variant)
    let (separate, joined) = tiling.vectors(lanes: variant.lanes)
    isJoined = tiling.tile.rows > 1 && joined <= separate
  }

  /// The bytes of working memory for a batch.
  package func scratchBytes(batch: Int) -> Int {
    let planes = batch.multipliedReportingOverflow(by: groups * quads * height * width)
    let bytes = planes.partialValue.multipliedReportingOverflow(by: 4)
    return planes.overflow || bytes.overflow ? .max : bytes.partialValue
  }

  /// Calls `finish` with runs of sums: the output plane they belong to, counted through the batch,
  /// their place in it, how many, and where they lie. A run does not go past a row's end.
  ///
  /// - Parameter isGathered: Whether `scratch` holds what another convolution of the same input has
  ///   put there.
  package func run(
    input: UnsafePointer<UInt8>, batch: Int, scratch: UnsafeMutableRawPointer,
    isGathered: Bool = false,
    _ finish: (_ plane: Int, _ place: Int, _ count: Int, _ sums: UnsafePointer<Int32>) -> Void
  ) {
    let words = scratch.assumingMemoryBound(to: UInt32.self)
    if !isGathered { gather(input, batch, words) }
    let tiles = batch * groups * tiling.count
    let work = Double(batch * outHeight * outWidth * groups * groupOutputs) * Double(depth)
    ThreadPool.current.forEachTile(
      tiles, nanoseconds: variant.nanoseconds(multiplyAdds: work)
    ) { index in
      runTile(index, UnsafePointer(words), finish)
    }
  }

  /// Four channels to a word.
  private func gather(
    _ input: UnsafePointer<UInt8>, _ batch: Int, _ words: UnsafeMutablePointer<UInt32>
  ) {
    let plane = height * width
    let quads = quads
    let kernels = variant.table
    // Pieces of planes, so that few channels are shared as well.
    let piece = 1 << 14
    let pieces = max(1, (plane + piece - 1) / piece)
    ThreadPool.current.forEachTile(
      batch * groups * quads * pieces, nanoseconds: Double(batch * groups * quads * plane) * 0.3
    ) { item in
      let (start, block) = (item % pieces * piece, item / pieces)
      let (quad, group) = (block % quads, block / quads)
      let first = input + (group * groupInputs + quad * 4) * plane + start
      let left = min(groupInputs - quad * 4, 4)
      func channel(_ lane: Int) -> UnsafePointer<UInt8> {
        lane < left ? first + lane * plane : first
      }
      kernels.pointee.u8_quads(
        min(piece, plane - start), first, channel(1), channel(2), channel(3), flip,
        words + block * plane + start)
    }
  }

  private func runTile(
    _ index: Int, _ words: UnsafePointer<UInt32>,
    _ finish: (Int, Int, Int, UnsafePointer<Int32>) -> Void
  ) {
    guard let place = tiling.place(index) else { return }
    let (tile, top, left) = (tiling.tile, place.top, place.left)
    let (image, group) = place.sheet.quotientAndRemainder(dividingBy: groups)
    let (rows, columns) = (place.rows, place.columns)
    let source = words + (image * groups + group) * quads * height * width
    let length = isJoined ? (rows - 1) * tile.pitch + columns : columns
    let pitch = (length + 63) / 64 * 64
    let lines = isJoined ? 1 : rows
    Scratch.with(Float.self, count: tile.floatCount) { padded in
      // The tile moves words; that it calls them floats changes no bit.
      let planes = UnsafeRawPointer(source).assumingMemoryBound(to: Float.self)
      tile.fill(
        padded, height: height, width: width, top: top, left: left, rows: rows, columns: columns,
        padding: Float(bitPattern: padding), variant.table
      ) { planes + $0 * height * width }
      let base = UnsafeRawPointer(padded).assumingMemoryBound(to: UInt32.self)
      Scratch.with(Int32.self, count: pitch * (variant.integerRows + 1)) { sums in
        for line in 0..<lines {
          let start = base + line * tile.pitch
          let ofInputs = sums + pitch * variant.integerRows
          if let ones {
            product(ones.pointer(group: 0, ones.panels[0]), 1, 1, length, start, ofInputs, pitch)
          }
          for panelIndex in place.panels {
            let panel = panels.panels[panelIndex]
            product(
              panels.pointer(group: group, panel), panel.rows, panel.height, length, start, sums,
              pitch)
            for row in 0..<panel.rows {
              let output = group * groupOutputs + panel.firstRow + row
              let own = sums + row * pitch
              if ones != nil { subtract(ofInputs, zeros[output], own, length) }
              let plane = image * groups * groupOutputs + output
              for y in 0..<(isJoined ? rows : 1) {
                finish(
                  plane, (top + line + y) * outWidth + left, columns,
                  UnsafePointer(own + y * tile.pitch))
              }
            }
          }
        }
      }
    }
  }

  private func product(
    _ panel: UnsafePointer<Int32>, _ rows: Int, _ height: Int, _ count: Int,
    _ source: UnsafePointer<UInt32>, _ sums: UnsafeMutablePointer<Int32>, _ pitch: Int
  ) {
    variant.table.pointee.s32_igemm(
      rows, height, count, depth, panel, source, tiling.offsets.base, sums, pitch)
  }

  private func subtract(
    _ inputs: UnsafePointer<Int32>, _ zero: Int32, _ sums: UnsafeMutablePointer<Int32>, _ count: Int
  ) {
    for index in 0..<count { sums[index] = sums[index] &- inputs[index] &* zero }
  }
}
