// Room: Networks. The operator TensorScatter.

internal import Tensors

/// A cache with an update written into it, for each image of the batch from an index of its own.
///
/// **Shapes**: the update has the cache's shape but along the axis, where it is no longer.
/// **Edge cases**: in mode `circular`, what would go over the end goes to the beginning.
/// **Throws** while running where, in mode `linear`, an update would go over the end.
/// **Source**: ONNX TensorScatter, opset 24.
package struct TensorScatterOperator: Operator {
  private let isCircular: Bool
  private let axis: Int

  package init(_ node: NodeDescription) throws {
    isCircular = try node.choice("mode", default: "linear", ["linear", "circular"]) == "circular"
    axis = try node.int("axis", default: -2)
  }

  package var widening: Widening { .none }

  private func place(_ shape: Shape) throws -> Int {
    let place = try Checked.axis(axis, rank: shape.rank)
    guard place > 0 else { throw OperatorFault.invalid("axis 0 is the batch") }
    return place
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1])
    let (cache, update) = (try inputs.required(0).shape, try inputs.required(1).shape)
    let place = try place(cache)
    var expected = cache.dimensions
    if update.rank == cache.rank { expected[place] = min(update[place], cache[place]) }
    guard update.dimensions == expected else {
      throw OperatorFault.invalid("an update of shape \(update) does not fit a cache \(cache)")
    }
    try inputs.requireType(2, .int64)
    if let indices = inputs[2]?.shape, indices.dimensions != [cache[0]] {
      throw OperatorFault.invalid("there is not one index for each of \(cache[0]) images")
    }
    return [TensorFacts(type, cache)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let cache = try inputs.required(0)
    let place = try place(cache.shape)
    let length = try inputs.required(1).shape[place]
    let capacity = cache.shape[place]
    let inner = cache.shape.dimensions[(place + 1)...].reduce(1, *) * cache.elementType.byteWidth
    let outer = cache.shape.dimensions[1..<place].reduce(1, *)
    let batch = cache.shape[0]
    return Kernel { [isCircular] arguments in
      let starts =
        try arguments.optionalInput(2)?.integerElements(input: 2)
        ?? [Int](repeating: 0, count: batch)
      let output = try arguments.output()
      try ElementConversion.convert(arguments.input(0), into: output)
      guard capacity > 0, let target = output.plannedBytes.baseAddress else { return }
      for start in starts {
        let fits = isCircular || (start >= 0 && start <= capacity - length)
        guard fits else {
          throw OperatorFault.invalid(
            "index \(start) leaves no room for \(length) places in a cache of \(capacity)")
        }
      }
      try arguments.input(1).withBytes { bytes in
        guard let source = bytes.baseAddress else { return }
        for row in 0..<batch * outer {
          let first = starts[row / outer] % capacity
          for step in 0..<length {
            let position = (first + step + capacity) % capacity
            (target + (row * capacity + position) * inner).copyMemory(
              from: source + (row * length + step) * inner, byteCount: inner)
          }
        }
      }
    }
  }
}
