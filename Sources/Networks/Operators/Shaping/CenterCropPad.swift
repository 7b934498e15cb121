// Room: Networks. The operator CenterCropPad.

internal import Tensors

/// The middle of the input cut or padded with zeros to a given shape.
package struct CenterCropPadOperator: Operator {
  private let axes: [Int]?

  package init(_ node: NodeDescription) throws { axes = try node.ints("axes") }

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1] }

  private func target(_ inputs: Operands) throws -> Shape {
    let shape = try inputs.required(0).shape
    let places = try axes?.map { try Checked.axis($0, rank: shape.rank) } ?? Array(0..<shape.rank)
    guard let wanted = try inputs.integers(1), wanted.count == places.count else {
      throw OperatorFault.invalid("the new shape does not fit the axes")
    }
    var lengths = shape.dimensions
    for (place, length) in zip(places, wanted) { lengths[place] = length }
    return try Shape(checking: lengths)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [try TensorFacts(inputs.required(0).elementType, checking: target(inputs).dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let target = try target(inputs)
    guard target.count > 0 else { return Kernel { _ in } }
    try WorkMemory.require(target.dimensions.reduce(0, +) * 4, of: Int.self)
    let maps = zip(input.shape.dimensions, target.dimensions).map { length, wanted -> [Int] in
      // Cutting and padding both leave the smaller half in front.
      let shift = length >= wanted ? (length - wanted) / 2 : -((wanted - length) / 2)
      return (0..<wanted).map { index in
        let place = index + shift
        return place >= 0 && place < length ? place : -1
      }
    }
    let gather = MappedGather(input.shape, maps)
    let width = input.elementType.byteWidth
    return Kernel { arguments in
      guard let to = try arguments.output().plannedBytes.baseAddress else { return }
      try Tensor(UInt64(0)).withBytes { zero in
        guard let zero = zero.baseAddress else { return }
        try arguments.input(0).withBytes {
          gather.run($0.baseAddress, to, missing: zero, width: width)
        }
      }
    }
  }
}
