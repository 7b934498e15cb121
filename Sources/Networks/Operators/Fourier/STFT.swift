// Room: Networks. The operator STFT.

internal import Tensors

/// The spectra of frames of a signal, taken every `frame_step` elements and weighed by a window.
///
/// Computed in double precision, since windows are made to cancel.
///
/// **Shapes**: signal `[batch, length, 1]` (or 2, complex; or `[batch, length]`), window `[w]`;
/// result `[batch, frames, bins, 2]` with `frames = 1 + (length - frame) / step`. The frame is
/// `frame_length`, else the window's length, else the signal's. One-sided, which is the default,
/// there are frame / 2 + 1 bins, else as many as a frame has elements.
/// **Edge cases**: a window that is shorter than the frame leaves zeros behind it; what a longer one
/// has more is ignored.
/// **Source**: ONNX STFT, opset 17.
package struct STFTOperator: Operator {
  private let isOneSided: Bool

  package init(_ node: NodeDescription) throws {
    isOneSided = try node.flag("onesided", default: true)
  }

  package var valueInputs: [Int] { [1, 3] }

  private struct Plan: Sendable {
    var batch: Int, length: Int, width: Int
    var step: Int, frame: Int, frames: Int, bins: Int
    /// The elements of a frame that the window covers.
    var covered: Int
  }

  private func plan(_ inputs: Operands) throws -> Plan {
    let shape = try inputs.required(0, rank: 2...3).shape
    let width = shape.rank == 3 ? shape[2] : 1
    guard width == 1 || width == 2 else {
      throw OperatorFault.invalid("a signal of shape \(shape) is neither real nor complex")
    }
    guard let step = try inputs.integer(1), step > 0 else {
      throw OperatorFault.invalid("input 1, the frames' distance, must be above 0")
    }
    let length = shape[1]
    let window = inputs[2]?.shape
    guard window.map({ $0.rank == 1 }) ?? true else {
      throw OperatorFault.invalid("a window of shape \(window ?? .scalar) must have 1 dimension")
    }
    let frame = try inputs.integer(3) ?? window?[0] ?? length
    try FourierLengths.check(frame)
    guard frame <= length else {
      throw OperatorFault.invalid("a frame of \(frame) is longer than the signal of \(length)")
    }
    return Plan(
      batch: shape[0], length: length, width: width, step: step, frame: frame,
      frames: 1 + (length - frame) / step, bins: isOneSided ? frame / 2 + 1 : frame,
      covered: min(frame, window?[0] ?? frame))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 2])
    guard type.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    let plan = try plan(inputs)
    return [try TensorFacts(type, checking: [plan.batch, plan.frames, plan.bins, 2])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    switch try inputs.required(0).elementType {
    case .float32: return try kernel(Float.self, plan(inputs))
    case .float64: return try kernel(Double.self, plan(inputs))
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  private func kernel<Scalar: FourierScalar>(_: Scalar.Type, _ plan: Plan) -> Kernel {
    let transform = FourierTransform<Double>(
      plan.width == 1 ? .realToComplex : .complex, length: plan.frame)
    // Frames that are computed together.
    let block = min(plan.frames, max(1, (1 << 15) / plan.frame))
    let blocks = (plan.frames + block - 1) / block
    return Kernel { arguments in
      let target = try arguments.output().plannedDestination(of: Scalar.self)
      try arguments.input(0).withElements(of: Scalar.self) { signal in
        Self.withWindow(arguments.optionalInput(2), Scalar.self) { window in
          guard let signal = signal.baseAddress, let target = target.baseAddress else { return }
          ThreadPool.current.forEachTile(
            plan.batch * blocks,
            nanoseconds: Double(plan.batch) * Double(plan.frames) * Double(plan.frame) * 4
          ) { tile in
            let first = tile % blocks * block
            Self.transformFrames(
              first..<min(first + block, plan.frames), plan, transform, window,
              signal + tile / blocks * plan.length * plan.width,
              target + tile / blocks * plan.frames * plan.bins * 2)
          }
        }
      }
    }
  }

  private static func withWindow<Scalar: TensorScalar>(
    _ tensor: Tensor?, _: Scalar.Type, _ body: (UnsafePointer<Scalar>?) -> Void
  ) {
    guard let tensor else { return body(nil) }
    tensor.withElements(of: Scalar.self) { body($0.baseAddress) }
  }

  private static func transformFrames<Scalar: FourierScalar>(
    _ frames: Range<Int>, _ plan: Plan, _ transform: FourierTransform<Double>,
    _ window: UnsafePointer<Scalar>?, _ signal: UnsafePointer<Scalar>,
    _ target: UnsafeMutablePointer<Scalar>
  ) {
    let (size, bins) = (plan.covered * plan.width, plan.bins * 2)
    Scratch.with(Double.self, count: frames.count * (size + bins)) { memory in
      let spectra = memory + frames.count * size
      for (index, frame) in frames.enumerated() {
        let source = signal + frame * plan.step * plan.width
        let row = memory + index * size
        if let window {
          // Rounded as the element type's own product.
          for place in 0..<size { row[place] = Double(source[place] * window[place / plan.width]) }
        } else {
          for place in 0..<size { row[place] = Double(source[place]) }
        }
      }
      transform.run(
        memory, spectra,
        .init(
          outer: frames.count, given: plan.covered, wanted: plan.bins, inner: 1,
          inputWidth: plan.width, outputWidth: 2))
      let output = target + frames.lowerBound * bins
      for place in 0..<frames.count * bins { output[place] = Scalar(spectra[place]) }
    }
  }
}
