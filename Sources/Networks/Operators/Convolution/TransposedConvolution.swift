// Room: Networks. Transposed convolution: through the vector kernels of Tensors, or, for what those
// do not cover, as its definition has it.

internal import Tensors

/// Float32 transposed convolutions in one to three dimensions.
enum VectorTransposedConvolution {
  static func covers(_ shapes: ConvolutionShapes) -> Bool {
    shapes.windows.count <= 3 && shapes.groupInputs > 0 && shapes.groupOutputs > 0
      && shapes.windows.allSatisfy {
        $0.before >= 0 && $0.length > 0 && outputPadding($0) >= 0 && $0.stride <= 16
      }
  }

  /// What the window's own lengths leave to be added; the end of the result may be cut or lengthened.
  private static func outputPadding(_ window: Window) -> Int {
    let full = (window.output - 1) * window.stride + (window.kernel - 1) * window.dilation + 1
    return window.length - (full - window.before - max(window.after, 0))
  }

  static func kernel(
    _ inputs: Operands, _ shapes: ConvolutionShapes, _ activation: Activation,
    _ packed: PackedOnce<TransposedConvolution>
  ) throws -> Kernel {
    // `shapes` is the plain convolution's: its output is our input.
    let lengths = shapes.windows.map(\.output)
    let more = shapes.windows.map(outputPadding)
    let axes = shapes.windows.map { window in
      var axis = window.axis
      axis.after = max(axis.after, 0)
      return axis
    }
    let (batch, groups) = (shapes.batch, shapes.groups)
    @Sendable func make(_ weights: Tensor, _ bias: Tensor?) throws -> TransposedConvolution {
      try TransposedConvolution(
        weights: weights, bias: bias, axes: axes, outputPadding: more, groups: groups,
        activation: activation)
    }
    @Sendable func run(
      _ plan: TransposedConvolutionPlan, _ arguments: KernelArguments
    ) throws {
      let target = try arguments.output().plannedDestination(of: Float.self)
      try arguments.input(0).withElements(of: Float.self) { source in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        plan.run(input: x, batch: batch, output: y)
      }
    }
    let biasIsKnown = inputs[2].map { $0.constant != nil } ?? true
    if let weights = inputs[1]?.constant, biasIsKnown, weights.count > 0 {
      let variant = axes.flatMap { [$0.before, $0.after] } + more
      let convolution = try packed.get(
        weights, inputs[2]?.constant, variant: variant, activation: activation
      ) {
        try make(weights, inputs[2]?.constant)
      }
      let plan = try convolution.plan(for: lengths)
      return Kernel { arguments in try run(plan, arguments) }
    }
    return Kernel { arguments in
      let convolution = try make(
        arguments.input(1).contiguous(), arguments.optionalInput(2)?.contiguous())
      try run(try convolution.plan(for: lengths), arguments)
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
