// Room: Networks. The operator Rfft of ONNX Runtime.

internal import Tensors

/// The first half of the spectrum of real numbers, over the last one to three dimensions.
///
/// **Shapes**: `[…, n]` to `[…, n / 2 + 1, 2]`; of `signal_ndim` dimensions, the last is halved.
/// **Source**: com.microsoft Rfft 1.
package struct ComMicrosoftRfftOperator: Operator {
  private let attributes: SignalAttributes

  package init(_ node: NodeDescription) throws { attributes = try SignalAttributes(node) }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(1...1)
    let input = try inputs.required(0, rank: attributes.dimensions...62)
    let last = input.shape[input.shape.rank - 1]
    try attributes.check(input.elementType, input.shape.dimensions.suffix(attributes.dimensions))
    return [
      try TensorFacts(
        input.elementType, checking: input.shape.dimensions.dropLast() + [last / 2 + 1, 2])
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    switch input.elementType {
    case .float32: return kernel(Float.self, input.shape.dimensions)
    case .float64: return kernel(Double.self, input.shape.dimensions)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  private func kernel<Scalar: FourierScalar>(_: Scalar.Type, _ lengths: [Int]) -> Kernel {
    let rank = lengths.count
    let (last, half) = (lengths[rank - 1], lengths[rank - 1] / 2 + 1)
    let halving = FourierTransform<Scalar>(
      .realToComplex, length: last,
      scale: attributes.scale(lengths.suffix(attributes.dimensions), isInverse: false))
    let rows = FourierTransform<Scalar>.Layout(
      outer: lengths.dropLast().reduce(1, *), given: last, wanted: half, inner: 1, inputWidth: 1,
      outputWidth: 2)
    let others = SignalAttributes.Axes<Scalar>(
      lengths.dropLast() + [half], axes: rank - attributes.dimensions..<rank - 1, isInverse: false)
    return Kernel { arguments in
      try arguments.map(Scalar.self, to: Scalar.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        halving.run(x, y, rows)
        others.run(y, y)
      }
    }
  }
}
