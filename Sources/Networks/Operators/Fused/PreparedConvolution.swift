// Room: Networks. A convolution, and what is done to each channel of its image before it.

package import Tensors

/// What the pass `ConvolutionPreparation` makes of a 1 × 1 convolution and the normalisation, gate or
/// activation before it: `convolution(act(scales x + shifts))`.
///
/// Inputs: the image; weights, bias; what is added to the result; scales and shifts, float32, one
/// number for each channel of one image or of each. Bias, sum and shifts may be left out.
package struct PreparedConvolution: FusedOperator {
  private let convolution: ConvOperator
  private let activation: Activation

  package init(_ convolution: ConvOperator, activation: Activation) {
    self.convolution = convolution
    self.activation = activation
  }

  private func own(_ inputs: Operands) throws -> Operands {
    Operands((0..<4).map { inputs[$0] }).trimmed
  }

  private func step(_ inputs: Operands, _ index: Int) throws -> Int {
    let values = try inputs.required(index)
    guard values.elementType == .float32,
      let step = values.shape.channelStep(in: try inputs.required(0).shape)
    else {
      throw OperatorFault.invalid(
        "input \(index) of shape \(values.shape) is not one float32 for each channel")
    }
    return step
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    _ = try step(inputs, 4)
    if inputs[5] != nil { _ = try step(inputs, 5) }
    return try convolution.infer(own(inputs))
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let image = try inputs.required(0).shape
    let (scaleStep, shiftStep) = (
      try step(inputs, 4), inputs[5] == nil ? nil : try step(inputs, 5)
    )
    let (packed, batch) = try convolution.packedConvolution(own(inputs))
    let plan = try packed.plan(for: Array(image.dimensions.dropFirst(2)))
    guard let words = plan.scratchWords(batch: batch) else {
      throw OperatorFault.invalid("needs more working memory than an integer can count")
    }
    let takes = plan.takesPreparation
    // Whole lines of the cache.
    let before = takes ? 0 : try Checked.product((image.count + 15) / 16, 16)
    let bytes = try Checked.product(Checked.sum(before, words), 4)
    let places = [0, 4] + [3, 5].filter { inputs[$0] != nil }
    let hasResidual = inputs[3] != nil
    return Kernel(scratchBytes: bytes, name: takes ? "prepared" : "packed") { arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let y = target.baseAddress, !target.isEmpty else { return }
      let scratch = arguments.scratch.bindMemory(to: Float.self).baseAddress
      try arguments.withFloats(places) { bases in
        let residual = hasResidual ? bases[2] : nil
        let preparation = ChannelPreparation(
          scales: bases[1], scaleStep: scaleStep, shifts: shiftStep.flatMap { _ in bases.last },
          shiftStep: shiftStep ?? 0, activation: activation)
        guard !takes, let scratch else {
          return plan.run(
            input: bases[0], batch: batch, residual: residual, output: y, scratch: scratch,
            preparation: preparation)
        }
        preparation.run(
          input: bases[0], batch: batch, channels: image[1],
          plane: image.dimensions[2...].reduce(1, *), output: scratch)
        plan.run(
          input: scratch, batch: batch, residual: residual, output: y,
          scratch: words > 0 ? scratch + before : nil)
      }
    }
  }
}
