// Room: Networks. The operator MaxUnpool.

internal import Tensors

/// Values put back where `MaxPool` found them, zeros elsewhere.
package struct MaxUnpoolOperator: Operator {
  private let window: WindowAttributes

  package init(_ node: NodeDescription) throws { window = try WindowAttributes(node) }

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [2] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 3...64)
    let rank = input.shape.rank - 2
    try inputs.requireType(1, .int64)
    guard try inputs.required(1).shape == input.shape, let kernel = window.kernel,
      kernel.count == rank
    else { throw OperatorFault.invalid("the places or the kernel do not fit \(input.shape)") }
    let strides = window.strides ?? [Int](repeating: 1, count: rank)
    let pads = window.pads ?? [Int](repeating: 0, count: 2 * rank)
    guard strides.count == rank, pads.count == 2 * rank,
      (strides + pads + kernel).allSatisfy({ -1 << 31...1 << 31 ~= $0 })
    else {
      throw OperatorFault.invalid("strides \(strides) or pads \(pads) do not fit")
    }
    if let given = try inputs.integers(2) {
      guard given.count == input.shape.rank, given[0] == input.shape[0], given[1] == input.shape[1]
      else { throw OperatorFault.invalid("an output shape of \(given) does not fit") }
      return [try TensorFacts(input.elementType, checking: given)]
    }
    let lengths = try (0..<rank).map { axis in
      let spread = try Checked.product(input.shape[axis + 2] - 1, strides[axis])
      return try Checked.sum(spread, Checked.sum(kernel[axis], -pads[axis] - pads[axis + rank]))
    }
    return [
      try TensorFacts(input.elementType, checking: input.shape.dimensions[..<2] + lengths)
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    // Places count within the shape that the pool saw, which the attributes give.
    let seen = try infer(Operands([inputs[0], inputs[1]]))[0]?.shape ?? input.shape
    let result = try infer(inputs)[0]?.shape ?? input.shape
    let width = input.elementType.byteWidth
    return Kernel { arguments in
      let places = try arguments.input(1).integerElements(input: 1)
      let output = try arguments.output()
      output.plannedBytes.initializeMemory(as: UInt8.self, repeating: 0)
      let (from, to) = (seen.rowMajorStrides, result.rowMajorStrides)
      try arguments.move { source, target in
        for (index, place) in places.enumerated() {
          guard place >= 0, place < seen.count else {
            throw OperatorFault.invalid("place \(place) lies outside \(seen)")
          }
          var position = 0
          for axis in 0..<seen.rank {
            let own = place / from[axis] % seen[axis]
            guard own < result[axis] else {
              throw OperatorFault.invalid("place \(place) lies outside \(result)")
            }
            position += own * to[axis]
          }
          (target + position * width).copyMemory(from: source + index * width, byteCount: width)
        }
      }
    }
  }
}
