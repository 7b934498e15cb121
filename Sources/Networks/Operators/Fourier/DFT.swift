// Room: Networks. The operator DFT.

internal import Tensors

/// The discrete Fourier transform along one axis, forward or inverse, whole or one-sided.
///
/// **Shapes**: the last dimension is 1 for real, 2 for complex numbers (real and imaginary part).
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
    guard length > 0, length < 1 << 28 else {
      throw OperatorFault.invalid("cannot transform a length of \(length)")
    }
    if isOneSided, !isInverse, width == 2 {
      throw OperatorFault.invalid("a one-sided transform needs real numbers")
    }
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
    let plan = try plan(inputs)
    let shape = try inputs.required(0).shape
    return try RealKernel.make(
      inputs.required(0).elementType,
      TransformBody(
        outer: shape.dimensions[..<plan.axis].reduce(1, *), given: shape[plan.axis],
        inner: shape.dimensions[(plan.axis + 1)...].dropLast().reduce(1, *),
        width: shape[shape.rank - 1], output: plan.output,
        outputWidth: isOneSided && isInverse ? 1 : 2, isInverse: isInverse,
        mirrors: isOneSided && isInverse, transform: FourierTransform(plan.length)))
  }
}

private struct TransformBody: RealBody {
  let outer: Int
  let given: Int
  let inner: Int
  let width: Int
  let output: Int
  let outputWidth: Int
  let isInverse: Bool
  /// Whether the input is the first half of a spectrum whose other half mirrors it.
  let mirrors: Bool
  let transform: FourierTransform

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        let length = transform.length
        Parallel.items(outer * inner, nanoseconds: Double(length) * 60) { line in
          let (step, column) = (line / inner, line % inner)
          var values = [Complex](repeating: Complex(), count: length)
          for index in 0..<min(length, given) {
            let place = ((step * given + index) * inner + column) * width
            values[index] = Complex(Double(x[place]), width == 2 ? Double(x[place + 1]) : 0)
          }
          if mirrors {
            for index in stride(from: length / 2 + 1, to: length, by: 1) {
              let other = values[length - index]
              values[index] = Complex(other.real, -other.imaginary)
            }
          }
          transform.run(&values, isInverse: isInverse)
          for index in 0..<output {
            let place = ((step * output + index) * inner + column) * outputWidth
            y[place] = T(values[index].real)
            if outputWidth == 2 { y[place + 1] = T(values[index].imaginary) }
          }
        }
      }
    }
  }
}
