// Room: Networks. The operator Trilu.

internal import Tensors

/// The upper or lower triangle of the last two dimensions, the rest 0.
package struct TriluOperator: Operator {
  private let isUpper: Bool

  package init(_ node: NodeDescription) throws { isUpper = try node.flag("upper", default: true) }

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    _ = try inputs.integer(1)
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let (rows, columns) = (input.shape[input.shape.rank - 2], input.shape[input.shape.rank - 1])
    let bound = rows + columns + 1
    let diagonal = min(max(try inputs.integer(1) ?? 0, -bound), bound)
    let width = input.elementType.byteWidth
    let matrices = input.shape.dimensions.dropLast(2).reduce(1, *)
    return Kernel { [isUpper] arguments in
      try arguments.move { source, target in
        for line in 0..<matrices * rows {
          let split = min(max(line % rows + diagonal + (isUpper ? 0 : 1), 0), columns)
          let kept = isUpper ? split..<columns : 0..<split
          let row = line * columns * width
          (target + row).initializeMemory(as: UInt8.self, repeating: 0, count: columns * width)
          (target + row + kept.lowerBound * width).copyMemory(
            from: source + row + kept.lowerBound * width, byteCount: kept.count * width)
        }
      }
    }
  }
}
