// Room: Networks. The operator DFT.

internal import Tensors

/// The discrete Fourier transform along one axis, forward or inverse, whole or one-sided.
///
/// **Shapes**: the last dimension is 1 for real, 2 for complex numbers (real and imaginary part).
/// One-sided, the forward transform gives the elements 0 to length / 2, and the inverse takes these
/// and gives real numbers.
/// **Edge cases**: the input is cut or filled up with zeros to the length; the inverse is divided by
/// it. Without a length, the one-sided inverse of n elements has 2 (n - 1).
/// **Source**: ONNX DFT, opsets 17 (axis as attribute), 20 (as input).
package struct DFTOperator: Operator {
  private let axis: Int?
  private let isInverse: Bool
  private let isOneSided: Bool

  package init(_ node: NodeDescription) throws {
    axis = node.opset < 20 ? try node.int("axis", default: 1) : nil
    isInverse = try node.flag("inverse")
    isOneSided = try node.flag("onesided")
  }

  package var valueInputs: [Int] { [1, 2] }

  private struct Plan {
    var axis: Int
    var length: Int
    var output: Int
  }

  private func plan(_ inputs: Operands) throws -> Plan {
    let shape = try inputs.required(0, rank: 2...64).shape
    let place = try Checked.axis(axis ?? inputs.integer(2) ?? -2, rank: shape.rank)
    let width = shape[shape.rank - 1]
    guard place < shape.rank - 1, width == 1 || width == 2 else {
      throw OperatorFault.invalid(
        "shape \(shape) has no real or complex numbers along axis \(place)")
    }
    var length = shape[place]
    if isInverse, isOneSided { length = max(0, 2 * (length - 1)) }
    if let given = try inputs.integer(1) { length = given }
    try FourierLengths.check(length)
    return Plan(
      axis: place, length: length, output: isOneSided && !isInverse ? length / 2 + 1 : length)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let plan = try plan(inputs)
    let input = try inputs.required(0)
    guard input.elementType.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(input.elementType.rawValue) elements")
    }
    var lengths = input.shape.dimensions
    lengths[plan.axis] = plan.output
    lengths[lengths.count - 1] = isOneSided && isInverse ? 1 : 2
    return [try TensorFacts(input.elementType, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    // Roots, chirp and its spectrum, each of up to four times the length, of two numbers.
    try WorkMemory.require(24 * plan(inputs).length, of: Double.self)
    switch input.elementType {
    case .float32: return try kernel(Float.self, plan(inputs), input.shape)
    case .float64: return try kernel(Double.self, plan(inputs), input.shape)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  private func kernel<Scalar: FourierScalar>(
    _: Scalar.Type, _ plan: Plan, _ shape: Shape
  ) -> Kernel {
    let isReal = shape[shape.rank - 1] == 1
    let givesReal = isInverse && isOneSided
    let transform = FourierTransform<Scalar>(
      givesReal ? .complexToReal : isReal ? .realToComplex : .complex, length: plan.length,
      isInverse: isInverse, scale: isInverse ? 1 / Double(plan.length) : 1,
      omitsImaginary: isReal)
    let layout = FourierTransform<Scalar>.Layout(
      outer: shape.dimensions[..<plan.axis].reduce(1, *), given: shape[plan.axis],
      wanted: plan.output, inner: shape.dimensions[(plan.axis + 1)...].dropLast().reduce(1, *),
      inputWidth: isReal ? 1 : 2, outputWidth: givesReal ? 1 : 2)
    return Kernel { arguments in
      try arguments.map(Scalar.self, to: Scalar.self) { source, target in
        guard let output = target.baseAddress, !target.isEmpty else { return }
        // An empty axis is all zeros.
        guard let input = source.baseAddress, !source.isEmpty else {
          return output.update(repeating: 0, count: target.count)
        }
        transform.run(input, output, layout)
      }
    }
  }
}

/// The lengths that are transformed.
enum FourierLengths {
  static func check(_ length: Int) throws {
    guard length > 0, length < 1 << 28 else {
      throw OperatorFault.invalid("cannot transform a length of \(length)")
    }
  }
}
