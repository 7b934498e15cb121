// Room: Networks. The operator Multinomial.

internal import Tensors

/// Classes drawn at random, each as often as the logarithm of its weight says.
///
/// **Shapes**: `[batch, classes]` gives `[batch, samples]`. **Edge cases**: a row of which no weight is
/// finite gives class 0. See `RandomSource` for the generator. **Source**: ONNX Multinomial, opset 7.
package struct MultinomialOperator: Operator {
  private let source: RandomSource
  private let type: ElementType
  private let count: Int

  package init(_ node: NodeDescription) throws {
    source = try RandomSource(node)
    type = try node.elementType("dtype") ?? .int32
    count = try node.int("sample_size", default: 1)
    guard type == .int32 || type == .int64, count >= 0 else {
      throw OperatorFault.invalid("cannot draw \(count) classes as \(type.rawValue)")
    }
  }

  package var widening: Widening { .none }
  package var isDeterministic: Bool { false }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...2)
    guard input.elementType.isFloatingPoint, input.shape[1] > 0 else {
      throw OperatorFault.invalid("cannot draw classes from \(input.shape)")
    }
    return [try TensorFacts(type, checking: [input.shape[0], count])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let classes = try inputs.required(0).shape[1]
    return Kernel { [source, count] arguments in
      let logarithms = try arguments.input(0).numericElements()
      let numbers = source.numbers()
      var sums = [Double](repeating: 0, count: classes)
      var summed = -1
      try SeededNumbers.fill(arguments.output()) { index in
        let row = index / max(count, 1)
        if row != summed {
          let own = logarithms[row * classes..<(row + 1) * classes]
          let largest = own.max() ?? 0
          var sum = 0.0
          for (place, value) in own.enumerated() {
            let weight = Double.exp(value - largest)
            sum += weight.isFinite ? weight : 0
            sums[place] = sum
          }
          summed = row
        }
        let drawn = numbers.uniform(index) * sums[classes - 1]
        return Double(sums.firstIndex { drawn < $0 } ?? 0)
      }
    }
  }
}
