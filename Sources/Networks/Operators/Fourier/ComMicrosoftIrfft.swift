// Room: Networks. The operator Irfft of ONNX Runtime.

internal import Tensors

/// The real numbers that have a half spectrum, over the last one to three dimensions; divided by the
/// number of elements of a signal.
///
/// **Shapes**: `[…, m, 2]` to `[…, 2 (m - 1)]`; of `signal_ndim` dimensions, the last is the half.
/// **Source**: com.microsoft Irfft 1.
package struct ComMicrosoftIrfftOperator: Operator {
  private let attributes: SignalAttributes

  package init(_ node: NodeDescription) throws { attributes = try SignalAttributes(node) }

  private func lengths(_ inputs: Operands) throws -> [Int] {
    let shape = try inputs.required(0, rank: attributes.dimensions + 1...63).shape
    let half = shape[shape.rank - 2]
    guard shape[shape.rank - 1] == 2, half > 1 else {
      throw OperatorFault.invalid("shape \(shape) holds no half spectra of complex numbers")
    }
    return shape.dimensions.dropLast(2) + [2 * (half - 1)]
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(1...1)
    let lengths = try lengths(inputs)
    let type = try inputs.required(0).elementType
    try attributes.check(type, lengths.suffix(attributes.dimensions))
    return [try TensorFacts(type, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let lengths = try lengths(inputs)
    switch try inputs.required(0).elementType {
    case .float32: return kernel(Float.self, lengths)
    case .float64: return kernel(Double.self, lengths)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  private func kernel<Scalar: FourierScalar>(_: Scalar.Type, _ lengths: [Int]) -> Kernel {
    let rank = lengths.count
    let (last, half) = (lengths[rank - 1], lengths[rank - 1] / 2 + 1)
    let spectra = lengths.dropLast() + [half]
    let others = SignalAttributes.Axes<Scalar>(
      Array(spectra), axes: rank - attributes.dimensions..<rank - 1, isInverse: true)
    let doubling = FourierTransform<Scalar>(
      .complexToReal, length: last,
      scale: attributes.scale(lengths.suffix(attributes.dimensions), isInverse: true))
    let rows = FourierTransform<Scalar>.Layout(
      outer: lengths.dropLast().reduce(1, *), given: half, wanted: last, inner: 1, inputWidth: 2,
      outputWidth: 1)
    let bytes = others.isEmpty ? 0 : spectra.reduce(2, *) * MemoryLayout<Scalar>.stride
    return Kernel(scratchBytes: bytes) { arguments in
      try arguments.map(Scalar.self, to: Scalar.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        guard bytes > 0, let scratch = arguments.scratch.baseAddress else {
          return doubling.run(x, y, rows)
        }
        let middle = scratch.bindMemory(to: Scalar.self, capacity: source.count)
        others.run(x, middle)
        doubling.run(middle, y, rows)
      }
    }
  }
}
