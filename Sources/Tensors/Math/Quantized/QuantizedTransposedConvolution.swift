// Room: Tensors. Transposed convolution of bytes: a plain one for each phase of the strides.

internal import CVectorKernels

/// A transposed convolution of bytes less their zero points, laid out for one image size.
///
/// Results whose places are alike modulo the strides see the same taps: each such phase is a plain
/// convolution of the image with those taps in reverse, and its results go to every so manieth place.
///
/// **Shapes**: input `[batch, channels, y, x]`, weights `[channels, outputs, y, x]`.
package final class QuantizedTransposedConvolution: Sendable {
  /// One axis: the window in the result, whose `before` is cut off, and the result's length.
  package struct Axis: Sendable, Hashable {
    package var window: WindowAxis
    package var outLength: Int

    package init(_ window: WindowAxis, outLength: Int) {
      (self.window, self.outLength) = (window, outLength)
    }
  }

  private struct Phase: Sendable {
    var convolution: QuantizedConvolution
    /// The first row and column, and how many there are.
    var top: Int, left: Int, rows: Int, columns: Int
  }

  private let phases: [Phase]
  private let vertical: Axis, horizontal: Axis
  private let outputs: Int

  /// Packs byte weights, whose zero points are one or one for each output, and whose bias is in units
  /// of the product.
  ///
  /// **Throws** `shapeMismatch` for windows that make no sense.
  package init(
    weights: Tensor, zeros: [Int32], bias: [Int32]?, vertical: Axis, horizontal: Axis,
    input: QuantizedConvolution.Input
  ) throws(TensorError) {
    (self.vertical, self.horizontal) = (vertical, horizontal)
    outputs = weights.shape[1]
    var phases: [Phase] = []
    for top in 0..<min(vertical.window.stride, vertical.outLength) {
      for left in 0..<min(horizontal.window.stride, horizontal.outLength) {
        let (y, x) = (
          PhaseTaps(vertical, phase: top, inLength: input.height),
          PhaseTaps(horizontal, phase: left, inLength: input.width)
        )
        let convolution = try QuantizedConvolution(
          weights: Self.chosen(weights, zeros, y.taps, x.taps), zeros: zeros, bias: bias, groups: 1,
          vertical: y.axis, horizontal: x.axis, input: input)
        phases.append(
          Phase(
            convolution: convolution, top: top, left: left, rows: y.count, columns: x.count))
      }
    }
    self.phases = phases
  }

  /// `[outputs, channels, y, x]` of the taps of these numbers; zero points where there is none.
  private static func chosen(
    _ weights: Tensor, _ zeros: [Int32], _ rows: [Int?], _ columns: [Int?]
  ) throws(TensorError) -> Tensor {
    let (channels, outputs) = (weights.shape[0], weights.shape[1])
    let (high, wide) = (weights.shape[2], weights.shape[3])
    let shape = try Shape(checking: [outputs, channels, rows.count, columns.count])
    var bytes: [UInt8] = []
    bytes.reserveCapacity(shape.count)
    weights.withBytes { source in
      for output in 0..<outputs {
        let zero = UInt8(truncatingIfNeeded: zeros[zeros.count == 1 ? 0 : output])
        for channel in 0..<channels {
          let first = (channel * outputs + output) * high
          for row in rows {
            for column in columns {
              let place = row.flatMap { row in column.map { (first + row) * wide + $0 } }
              bytes.append(place.map { source[$0] } ?? zero)
            }
          }
        }
      }
    }
    if weights.elementType == .uint8 { return Tensor(bytes, shape: shape) }
    return Tensor(bytes.map { Int8(bitPattern: $0) }, shape: shape)
  }

  /// The bytes of working memory for a batch.
  package func scratchBytes(batch: Int) -> Int {
    phases.first?.convolution.scratchBytes(batch: batch) ?? 0
  }

  /// Convolves `batch` images and quantises the results.
  package func run(
    input: UnsafePointer<UInt8>, batch: Int, scratch: UnsafeMutableRawPointer,
    _ requantization: Requantization, to output: UnsafeMutablePointer<UInt8>
  ) {
    let plane = vertical.outLength * horizontal.outLength
    let (stepY, stepX) = (vertical.window.stride, horizontal.window.stride)
    let (outputs, outWidth) = (outputs, horizontal.outLength)
    requantization.withWriter { writer in
      for (index, phase) in phases.enumerated() {
        let width = phase.convolution.outWidth
        let (top, left, rows, columns) = (phase.top, phase.left, phase.rows, phase.columns)
        phase.convolution.run(input: input, batch: batch, scratch: scratch, isGathered: index > 0) {
          channel, place, count, sums in
          let (row, column) = place.quotientAndRemainder(dividingBy: width)
          let seen = min(count, columns - column)
          guard row < rows, seen > 0 else { return }
          let target =
            output + channel * plane + (top + row * stepY) * outWidth + left + column * stepX
          let own = channel % outputs
          guard stepX > 1 else {
            return writer.store(sums, count: seen, channel: own, to: target)
          }
          Scratch.with(UInt8.self, count: seen) { line in
            writer.store(sums, count: seen, channel: own, to: line)
            for x in 0..<seen { target[x &* stepX] = line[x] }
          }
        }
      }
    }
  }
}

/// The taps that one phase of an axis sees, from the first place of the input on.
private struct PhaseTaps {
  /// Their numbers; nil for a tap that only stands between the others and the padding.
  var taps: [Int?]
  var axis: WindowAxis
  /// How many results the phase has.
  var count: Int

  init(_ axis: QuantizedTransposedConvolution.Axis, phase: Int, inLength: Int) {
    let window = axis.window
    count = (axis.outLength - phase + window.stride - 1) / window.stride
    // Tap i of result (phase + stride t) sees the input's place t + (phase + before - i dilation) /
    // stride, if that is whole.
    let reach = phase + window.before
    let seen = (0..<window.taps).reversed().filter {
      (reach - $0 * window.dilation).isMultiple(of: window.stride)
    }
    taps = seen
    var step = 1
    if seen.count > 1 { step = (seen[0] - seen[1]) * window.dilation / window.stride }
    var first = seen.first.map { (reach - $0 * window.dilation) / window.stride } ?? 0
    // Padding cannot be negative.
    while first > 0 {
      taps.insert(nil, at: 0)
      first -= step
    }
    if taps.isEmpty { taps = [nil] }
    let end = count - 1 + first + (taps.count - 1) * step
    self.axis = WindowAxis(
      taps: taps.count, dilation: step, before: -first, after: max(0, end + 1 - inLength))
  }
}
