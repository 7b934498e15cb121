// Room: Networks. The operator Softmax.

internal import Tensors

/// `e^x / Σ e^x` along an axis, after subtracting the largest x.
///
/// **Edge cases**: in half precision every step is rounded to the type, as ONNX's reference has it;
/// between nodes that compute in float32 it does, too.
package struct SoftmaxOperator: SoftmaxFamily {
  package let axis: SoftmaxAxis
  package var isLogarithm: Bool? { false }

  package init(_ node: NodeDescription) throws { axis = try SoftmaxAxis(node) }

  package var widening: Widening { .adapts }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    switch input.elementType {
    case .float16:
      return try roundedKernel(input.shape, sums: false) { Float(Half($0)) }
    case .bfloat16:
      return try roundedKernel(input.shape, sums: true) { Float(BFloat16($0)) }
    default: return try prepareRows(inputs)
    }
  }

  private func roundedKernel(
    _ shape: Shape, sums roundsSums: Bool, _ round: @escaping @Sendable (Float) -> Float
  ) throws -> Kernel {
    let (outer, count, inner) = try axis.resolve(shape)
    return Kernel { arguments in
      var values = try ElementConversion.convert(arguments.input(0), to: .float32)
      values.withMutableElements(of: Float.self) { x in
        for item in 0..<outer * inner where count > 0 {
          let start = item / inner * count * inner + item % inner
          var largest = -Float.infinity
          for index in 0..<count {
            let value = x[start + index * inner]
            if value > largest || value.isNaN { largest = value }
          }
          var sum: Float = 0
          for index in 0..<count {
            let value = round(Float.exp(round(x[start + index * inner] - largest)))
            x[start + index * inner] = value
            sum = roundsSums ? round(sum + value) : sum + value
          }
          sum = round(sum)
          for index in 0..<count { x[start + index * inner] /= sum }
        }
      }
      try ElementConversion.convert(values, into: arguments.output())
    }
  }

  package func rows(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, rows: Int, count: Int
  ) {
    VectorMath.softmax(rows: rows, count: count, x, y)
  }

  package func row<T: Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, count: Int, step: Int
  ) {
    var largest = -T.infinity
    for index in 0..<count where x[index * step] > largest || x[index * step].isNaN {
      largest = x[index * step]
    }
    var sum = 0.0
    for index in 0..<count {
      let value = T.exp(x[index * step] - largest)
      y[index * step] = value
      sum += Double(value)
    }
    for index in 0..<count { y[index * step] = T(Double(y[index * step]) / sum) }
  }
}
