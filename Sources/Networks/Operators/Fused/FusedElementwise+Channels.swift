// Room: Networks. Element-wise operators that scale, shift and activate the channels of an image.

internal import Tensors

extension FusedElementwise {
  /// The kernel for `act(scale x + shift)` with one scale and one shift for each channel: normalisations
  /// and gates, whose operands otherwise are spread over a piece of memory first. Nil for another
  /// program.
  func byChannels(_ shapes: [Shape], _ target: Shape) -> Kernel? {
    guard let steps = ChannelSteps(program.steps, shapes, target), target.rank > 2,
      let scaleStep = shapes[steps.scale].channelStep(in: target)
    else { return nil }
    let shiftStep = steps.shift.flatMap { shapes[$0].channelStep(in: target) }
    guard (shiftStep == nil) == (steps.shift == nil) else { return nil }
    let places = [steps.image, steps.scale] + (steps.shift.map { [$0] } ?? [])
    let (batch, channels) = (target[0], target[1])
    let plane = target.dimensions[2...].reduce(1, *)
    return Kernel(name: "by channels") { arguments in
      let output = try arguments.output().plannedDestination(of: Float.self)
      guard let output = output.baseAddress, target.count > 0 else { return }
      try arguments.withFloats(places) { bases in
        let work = ChannelPreparation(
          scales: bases[1], scaleStep: scaleStep, shifts: bases.count > 2 ? bases[2] : nil,
          shiftStep: shiftStep ?? 0, activation: steps.activation)
        work.run(input: bases[0], batch: batch, channels: channels, plane: plane, output: output)
      }
    }
  }
}

/// Which operands of a program are an image, its factors and its terms. A product and a sum that were
/// two operators stay so: they round twice.
private struct ChannelSteps {
  var image: Int, scale: Int
  var shift: Int?
  var activation = Activation.none

  /// Nil where a program is more than that, or the image is not of the target's shape.
  init?(
    _ steps: [ElementwiseProgram.Step], _ shapes: [Shape], _ target: Shape
  ) {
    guard let first = steps.first else { return nil }
    switch first {
    case .multiplyAdd(.operand(let image), .operand(let scale), .operand(let shift)):
      (self.image, self.scale, self.shift) = (image, scale, shift)
    case .binary(.multiply, .operand(let a), .operand(let b)):
      (image, scale) = shapes[a] == target ? (a, b) : (b, a)
    default: return nil
    }
    var rest = steps.dropFirst()
    if let last = rest.first {
      guard case .unary(let function, let p, let q, .step(let before)) = last,
        before == steps.count - 2
      else { return nil }
      switch function {
      case .relu: activation = .relu
      case .leakyRelu: activation = .leakyRelu(slope: p)
      case .clip: activation = .clip(low: p, high: q)
      default: activation = .function(function, p, q)
      }
      rest = rest.dropFirst()
    }
    guard rest.isEmpty, shapes[image] == target else { return nil }
  }
}
