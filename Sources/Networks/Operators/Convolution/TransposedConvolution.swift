// Room: Networks. Transposed convolution: by plain convolutions of each phase of the stride, or, for
// what those do not cover, as its definition has it.

internal import Tensors

/// A strided transposed convolution is `stride²` plain convolutions, each with every `stride`-th
/// tap, whose results interleave: no zero is ever multiplied.
final class TransposedPhases: Sendable {
  private struct Phase: Sendable {
    var row: Int
    var column: Int
    /// Taps along each axis; the convolution is missing where there are none.
    var rowTaps: Int
    var columnTaps: Int
    var convolution: Convolution2D?
  }

  private let phases: [Phase]
  private let bias: [Float]

  static func covers(_ shapes: ConvolutionShapes) -> Bool {
    shapes.windows.count <= 2 && shapes.groupInputs > 0 && shapes.groupOutputs > 0
      && shapes.windows.allSatisfy { $0.dilation == 1 && $0.stride <= 16 && $0.before >= 0 }
  }

  private static func planar(_ shapes: ConvolutionShapes) -> (Window, Window) {
    shapes.windows.count == 2
      ? (shapes.windows[0], shapes.windows[1])
      : (
        Window(length: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, output: 1),
        shapes.windows[0]
      )
  }

  init(weights: Tensor, bias: Tensor?, _ shapes: ConvolutionShapes) throws {
    let (rows, columns) = Self.planar(shapes)
    let (groups, inputs, outputs) = (shapes.groups, shapes.groupInputs, shapes.groupOutputs)
    self.bias =
      bias?.elements(as: Float.self) ?? [Float](repeating: 0, count: groups * outputs)
    let taps = rows.kernel * columns.kernel
    var phases: [Phase] = []
    for row in 0..<rows.stride {
      for column in 0..<columns.stride {
        let rowTaps = row < rows.kernel ? (rows.kernel - row - 1) / rows.stride + 1 : 0
        let columnTaps =
          column < columns.kernel ? (columns.kernel - column - 1) / columns.stride + 1 : 0
        var phase = Phase(row: row, column: column, rowTaps: rowTaps, columnTaps: columnTaps)
        if rowTaps > 0, columnTaps > 0 {
          var packed: [Float] = []
          packed.reserveCapacity(groups * outputs * inputs * rowTaps * columnTaps)
          weights.withElements(of: Float.self) { w in
            for output in 0..<groups * outputs {
              let group = output / outputs
              for input in 0..<inputs {
                let kernel = ((group * inputs + input) * outputs + output % outputs) * taps
                for i in (0..<rowTaps).reversed() {
                  for j in (0..<columnTaps).reversed() {
                    let tap =
                      (row + i * rows.stride) * columns.kernel + column + j * columns.stride
                    packed.append(w[kernel + tap])
                  }
                }
              }
            }
          }
          phase.convolution = try Convolution2D(
            weights: Tensor(packed, shape: [groups * outputs, inputs, rowTaps, columnTaps]),
            bias: bias,
            padding: Padding2D(
              top: rowTaps - 1, left: columnTaps - 1, bottom: rowTaps - 1, right: columnTaps - 1),
            groups: groups)
        }
        phases.append(phase)
      }
    }
    self.phases = phases
  }

  func kernel(_ shapes: ConvolutionShapes) throws -> Kernel {
    let (rows, columns) = Self.planar(shapes)
    let (outputs, bias) = (shapes.outputs, self.bias)
    let inputPlane = rows.output * columns.output * shapes.groups * shapes.groupInputs
    let outputPlane = rows.length * columns.length
    var plans: [(Phase, ConvolutionPlan?)] = []
    var scratch = 0
    for phase in phases {
      plans.append((phase, try phase.convolution?.plan(height: rows.output, width: columns.output)))
      let planar = try Checked.product(
        rows.output + max(phase.rowTaps, 1) - 1, columns.output + max(phase.columnTaps, 1) - 1)
      scratch = max(scratch, try Checked.product(planar, outputs * 4))
    }
    let batch = shapes.batch
    return Kernel(scratchBytes: scratch) { [plans] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      try arguments.input(0).withElements(of: Float.self) { source in
        guard let x = source.baseAddress, let y = target.baseAddress,
          let buffer = arguments.scratch.baseAddress?.assumingMemoryBound(to: Float.self),
          !target.isEmpty
        else { return }
        for image in 0..<batch {
          for (phase, plan) in plans {
            plan?.run(input: x + image * inputPlane, batch: 1, residual: nil, output: buffer)
            Self.interleave(
              phase, plan == nil ? nil : UnsafePointer(buffer), rows, columns, outputs, bias,
              y + image * outputs * outputPlane)
          }
        }
      }
    }
  }

  /// Spreads a phase's result over every `stride`-th row and column of the output.
  private static func interleave(
    _ phase: Phase, _ source: UnsafePointer<Float>?, _ rows: Window, _ columns: Window,
    _ outputs: Int, _ bias: [Float], _ y: UnsafeMutablePointer<Float>
  ) {
    let height = rows.output + max(phase.rowTaps, 1) - 1
    let width = columns.output + max(phase.columnTaps, 1) - 1
    // The first output row and column of this phase, and where they lie in the phase's result.
    func first(_ offset: Int, _ window: Window) -> Int {
      let start = offset - window.before
      return start >= 0 ? 0 : (-start + window.stride - 1) / window.stride
    }
    let (firstRow, firstColumn) = (first(phase.row, rows), first(phase.column, columns))
    let step = columns.stride
    Parallel.items(outputs, nanoseconds: Double(rows.length * columns.length) * 0.3) { output in
      let plane = y + output * rows.length * columns.length
      var row = firstRow
      while true {
        let line = row * rows.stride + phase.row - rows.before
        guard line < rows.length else { break }
        let start = firstColumn * step + phase.column - columns.before
        let count = start < columns.length ? (columns.length - start - 1) / step + 1 : 0
        let to = plane + line * columns.length + start
        if let source, row < height {
          let from = source + (output * height + row) * width + firstColumn
          let given = min(count, max(width - firstColumn, 0))
          for index in 0..<given { to[index &* step] = from[index] }
          if given < count { for index in given..<count { to[index &* step] = bias[output] } }
        } else {
          for index in 0..<count { to[index &* step] = bias[output] }
        }
        row += 1
      }
    }
  }
}

/// Transposed convolution in any number of dimensions, one input row at a time.
enum DirectTransposedConvolution {
  static func kernel<T: Real>(_: T.Type, _ shapes: ConvolutionShapes) -> Kernel {
    DirectConvolution.kernel(T.self) { run(shapes, $0, $1, $2, $3) }
  }

  private static func run<T: Real>(
    _ shapes: ConvolutionShapes, _ x: UnsafePointer<T>, _ w: UnsafePointer<T>, _ bias: [T]?,
    _ y: UnsafeMutablePointer<T>
  ) {
    // `shapes` is the plain convolution's: its input plane is our output plane.
    let (outPlane, inPlane, taps) = (shapes.inputPlane, shapes.outputPlane, shapes.taps)
    let inner = shapes.windows[shapes.windows.count - 1]
    let outer = Array(shapes.windows.dropLast())
    let rows = outer.reduce(1) { $0 * $1.output }
    let cost = Double(inPlane * shapes.groupInputs * taps) * 0.5
    Parallel.items(shapes.batch * shapes.outputs, nanoseconds: cost) { item in
      let (image, output) = (item / shapes.outputs, item % shapes.outputs)
      let group = output / shapes.groupOutputs
      let plane = y + item * outPlane
      plane.update(repeating: bias?[output] ?? 0, count: outPlane)
      for channel in 0..<shapes.groupInputs {
        let input = group * shapes.groupInputs + channel
        let source = x + (image * shapes.groups * shapes.groupInputs + input) * inPlane
        let kernel = w + (input * shapes.groupOutputs + output % shapes.groupOutputs) * taps
        for row in 0..<rows {
          DirectConvolution.forEachTap(outer, row) { line, tap in
            let (from, to) = (source + row * inner.output, plane + line * inner.length)
            for own in 0..<inner.kernel {
              let weight = kernel[tap * inner.kernel + own]
              let shift = own * inner.dilation - inner.before
              for position in 0..<inner.output {
                let column = position * inner.stride + shift
                if column >= 0, column < inner.length { to[column] += weight * from[position] }
              }
            }
          }
        }
      }
    }
  }
}
