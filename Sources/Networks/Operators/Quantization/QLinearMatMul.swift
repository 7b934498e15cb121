// Room: Networks. The operator QLinearMatMul.

internal import Tensors

/// The matrix product of quantised tensors, quantised again.
///
/// Bytes are multiplied in integers; 8-bit floats (since opset 21) in float32.
///
/// **Source**: ONNX `QLinearMatMul`, opsets 10 and 21.
package struct QLinearMatMulOperator: Operator {
  /// Results that an activation leaves, in quanta.
  private let bounds: ClosedRange<Int32>?

  package init(_ node: NodeDescription) throws { bounds = nil }

  /// The product that a pass makes of one between quantisations; input 8 is a bias by column.
  init(bounds: ClosedRange<Int32>?) { self.bounds = bounds }

  package var widening: Widening { .none }

  private func shapes(_ inputs: Operands) throws -> MatrixShapes {
    try MatrixShapes(Operands([try inputs.required(0), try inputs.required(3)]))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(8...9)
    let shapes = try shapes(inputs)
    for index in [0, 3, 7] {
      let type = try inputs.required(index).elementType
      guard type.byteRange != nil || (type.isFloatingPoint && type.byteWidth == 1) else {
        throw OperatorFault.invalid("input \(index) is \(type.rawValue), but bytes are needed")
      }
    }
    try inputs.requireType(8, .int32)
    try inputs.requireSingle(6, 7)
    for (index, length) in [
      (1, shapes.m), (2, shapes.m), (4, shapes.n), (5, shapes.n), (8, shapes.n),
    ] {
      guard let shape = inputs[index]?.shape else { continue }
      guard shape.count == 1 && index != 8 || shape.dimensions == [length] else {
        throw OperatorFault.unsupported("scales or zero points of shape \(shape)")
      }
    }
    return [try TensorFacts(inputs.required(7).elementType, checking: shapes.result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try shapes(inputs)
    guard let range = outputs[0]?.elementType.byteRange,
      try [0, 3].allSatisfy({ try inputs.required($0).elementType.byteRange != nil })
    else { return Self.floatingKernel(shapes) }
    let limits = bounds ?? range.low...range.high
    let product = IntegerProduct(shapes, a: try inputs.required(0), b: try inputs.required(3))
    return Kernel { arguments in
      let output = try arguments.output()
      guard let target = output.plannedBytes.baseAddress, output.count > 0 else { return }
      let left = try QuantizationValues.floats(arguments.input(1))
      let right = try QuantizationValues.floats(arguments.input(4))
      let scale = try QuantizationValues.floats(arguments.input(6))[0]
      let zero = try QuantizationValues.integers(arguments.input(7))[0]
      // One for each row that has a scale of its own.
      let requantizations = left.map { own in
        Requantization(
          scales: (0..<shapes.n).map { own * right[right.count == 1 ? 0 : $0] / scale },
          zero: zero, low: limits.lowerBound, high: limits.upperBound)
      }
      let (a, b) = (
        IntegerProduct.Operand(
          tensor: try arguments.input(0),
          zeros: try QuantizationValues.integers(arguments.input(2))),
        IntegerProduct.Operand(
          tensor: try arguments.input(3),
          zeros: try QuantizationValues.integers(arguments.input(5)))
      )
      let bias = try arguments.optionalInput(8).map { try QuantizationValues.integers($0) }
      let bytes = target.assumingMemoryBound(to: UInt8.self)
      let (m, n) = (shapes.m, shapes.n)
      if requantizations.count == 1 {
        requantizations[0].withWriter { writer in
          product.run(a, b, bias: bias) { row, column, count, sums, added in
            writer.store(
              sums, adding: added, column: column, count: count, to: bytes + row * n + column)
          }
        }
        return
      }
      product.run(a, b, bias: bias) { row, column, count, sums, added in
        requantizations[row % m].store(
          sums, adding: added, column: column, count: count, to: bytes + row * n + column)
      }
    }
  }

  /// For 8-bit floats: sums in double precision, as these are exact.
  private static func floatingKernel(_ shapes: MatrixShapes) -> Kernel {
    Kernel { arguments in
      func values(_ index: Int) throws -> [Float] {
        try QuantizationValues.floats(arguments.input(index))
      }
      let (a, b) = (try values(0), try values(3))
      let (aScales, aZeros, bScales, bZeros) = (
        try values(1), try values(2), try values(4), try values(5)
      )
      let (scale, zero) = (try values(6)[0], try values(7)[0])
      let output = try arguments.output()
      let result = try Tensor(working: output.shape, .float32)
      let target = result.plannedDestination(of: Float.self)
      let (m, n, k) = (shapes.m, shapes.n, shapes.k)
      func of(_ values: [Float], _ index: Int) -> Float { values[values.count == 1 ? 0 : index] }
      shapes.forEachMatrix(nanoseconds: Double(m * n * k)) { index, left, right in
        for row in 0..<m {
          for column in 0..<n {
            var sum = 0.0
            for step in 0..<k {
              sum +=
                Double(a[(left * m + row) * k + step] - of(aZeros, row))
                * Double(b[(right * k + step) * n + column] - of(bZeros, column))
            }
            let factor = of(aScales, row) * of(bScales, column) / scale
            target[(index * m + row) * n + column] = Float(sum) * factor
          }
        }
      }
      let isInteger = output.elementType.byteRange != nil
      for index in target.indices {
        target[index] =
          isInteger
          ? Rounding.quantized(
            target[index], zero, output.elementType == .int8 ? -128 : 0,
            output.elementType == .int8 ? 127 : 255) : target[index] + zero
      }
      try ElementConversion.convert(result, into: output)
    }
  }
}
