// Room: Networks. Deformable convolution of float32 with constant weights: samples, then a product.

internal import Tensors

/// Samples a piece of the output's positions for all channels and taps, and multiplies them with the
/// packed weights.
struct PackedDeformation: Sendable {
  private let shapes: ConvolutionShapes
  private let offsetGroups: Int
  /// The weights as those of a convolution with one tap, whose channels are channels and taps.
  private let product: Convolution
  /// Positions of a piece: their samples stay in the second cache.
  private let piece: Int

  /// Nil for what needs the general way.
  init?(
    _ shapes: ConvolutionShapes, offsetGroups: Int, _ inputs: Operands,
    _ once: PackedOnce<Convolution>
  ) throws {
    guard let weights = inputs[1]?.constant, weights.elementType == .float32, weights.count > 0,
      shapes.inputPlane <= Int(Int32.max), inputs[3].map({ $0.constant != nil }) ?? true
    else { return nil }
    let bias = inputs[3]?.constant
    product = try once.get(weights, bias, variant: [shapes.groups]) {
      let depth = shapes.groupInputs * shapes.taps
      return try Convolution(
        weights: weights.reshaped(to: Shape([shapes.outputs, depth, 1, 1])), bias: bias,
        groups: shapes.groups)
    }
    (self.shapes, self.offsetGroups) = (shapes, offsetGroups)
    let samples = shapes.groups * shapes.groupInputs * shapes.taps
    guard samples <= 1 << 20 else { return nil }
    piece = min(shapes.outputPlane, max(48, (192 << 10) / max(samples, 1) / 48 * 48))
  }

  private var channels: Int { shapes.groups * shapes.groupInputs }

  var kernel: Kernel {
    let (taps, plane) = (shapes.taps, shapes.outputPlane)
    let pieces = (plane + piece - 1) / max(piece, 1)
    return Kernel(name: "packed") { [self] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let y = target.baseAddress, !target.isEmpty else { return }
      let mask = arguments.optionalInput(4) != nil
      try arguments.withInputs(mask ? [0, 2, 4] : [0, 2]) { bases in
        let given = bases.map { $0.assumingMemoryBound(to: Float.self) }
        let cost = Double(piece * channels * taps) * (2 + 0.02 * Double(shapes.groupOutputs))
        Parallel.items(shapes.batch * pieces, nanoseconds: cost) { item in
          let (image, first) = (item / pieces, item % pieces * piece)
          run(
            image, first..<min(first + piece, plane), given[0], given[1], mask ? given[2] : nil, y)
        }
      }
    }
  }

  private func run(
    _ image: Int, _ range: Range<Int>, _ input: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Float>, _ mask: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let (taps, plane, count) = (shapes.taps, shapes.outputPlane, range.count)
    let perGroup = channels / offsetGroups
    Scratch.with(Float.self, count: (channels * taps + shapes.outputs + 8) * count) { samples in
      let results = samples + channels * taps * count
      let weights = results + shapes.outputs * count
      let places = UnsafeMutableRawPointer(weights + 4 * count)
        .bindMemory(to: Int32.self, capacity: 4 * count)
      for group in 0..<offsetGroups {
        for tap in 0..<taps {
          let own = (image * offsetGroups + group) * taps + tap
          corners(
            range, tap, offsets + 2 * own * plane, mask.map { $0 + own * plane }, places, weights)
          for channel in group * perGroup..<(group + 1) * perGroup {
            LinearSamples.sum(
              input + (image * channels + channel) * shapes.inputPlane, places, weights, taps: 4,
              count: count, samples + (channel * taps + tap) * count)
          }
        }
      }
      // Sizes of one row were checked when the shapes were.
      guard let plan = try? product.plan(for: [1, count]) else { return }
      plan.run(input: samples, batch: 1, residual: nil, output: results)
      for channel in 0..<shapes.outputs {
        (output + (image * shapes.outputs + channel) * plane + range.lowerBound).update(
          from: results + channel * count, count: count)
      }
    }
  }

  /// The four elements around one tap of each position, and what each counts.
  private func corners(
    _ range: Range<Int>, _ tap: Int, _ offsets: UnsafePointer<Float>,
    _ mask: UnsafePointer<Float>?, _ places: UnsafeMutablePointer<Int32>,
    _ weights: UnsafeMutablePointer<Float>
  ) {
    let (rows, columns, count) = (shapes.windows[0], shapes.windows[1], range.count)
    let (line, place) = (tap / columns.kernel, tap % columns.kernel)
    Scratch.with(Float.self, count: 2 * count) { moved in
      var (row, column) = (range.lowerBound / columns.output, range.lowerBound % columns.output)
      for index in 0..<count {
        let position = range.lowerBound + index
        moved[index] = Float(rows.start(row) + line * rows.dilation) + offsets[position]
        moved[count + index] =
          Float(columns.start(column) + place * columns.dilation)
          + offsets[shapes.outputPlane + position]
        column += 1
        if column == columns.output { (row, column) = (row + 1, 0) }
      }
      LinearSamples.corners(
        count: count, lengths: [rows.length, columns.length], strides: [columns.length, 1],
        form: .elements, clamps: false, step: 1, { UnsafePointer(moved + $0 * count) }, places,
        weights)
      guard let mask else { return }
      for corner in 0..<4 {
        let own = weights + corner * count
        VectorMath.combine(.multiply, own, mask + range.lowerBound, own, count: count)
      }
    }
  }
}
