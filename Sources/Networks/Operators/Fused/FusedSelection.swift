// Room: Networks. Pads, slices and cyclic shifts in a row, done as one copy.

package import Tensors

/// Elements of a dense input, chosen by a table for each axis: what passes make of pads by zeros,
/// slices and cyclic shifts that follow one another, as shifted windows have them.
package struct FusedSelection: FusedOperator {
  package let source: Shape
  /// By axis of the output: the input's index, -1 where there is a zero.
  package let maps: [[Int]]

  package init(source: Shape, maps: [[Int]]) {
    self.source = source
    self.maps = maps
  }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.shape == source else {
      throw OperatorFault.invalid("was planned for the shape \(source), not \(input.shape)")
    }
    return [try TensorFacts(input.elementType, checking: maps.map(\.count))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let width = try inputs.required(0).elementType.byteWidth
    let gather = try Self.longRows(source, maps)
    return Kernel(name: "one copy") { arguments in
      let output = try arguments.output()
      guard output.count > 0, let target = output.plannedBytes.baseAddress else { return }
      let zero: UInt64 = 0
      try withUnsafeBytes(of: zero) { zero in
        guard let zero = zero.baseAddress else { return }
        try arguments.input(0).withBytes { bytes in
          gather.run(bytes.baseAddress, target, missing: zero, width: width)
        }
      }
    }
  }

  /// The longest row whose table is made.
  private static let longestRow = 1 << 20

  /// The last axes, while they are copied whole, are one with those before them: rows are long.
  private static func longRows(_ shape: Shape, _ maps: [[Int]]) throws -> MappedGather {
    var lengths = shape.dimensions
    var maps = maps
    while lengths.count > 1, let last = maps.last, let inner = lengths.last, inner > 0,
      last.count == inner, last.enumerated().allSatisfy({ $0 == $1 }),
      let outer = maps.dropLast().last, outer.count <= longestRow / inner
    {
      lengths.removeLast()
      maps.removeLast()
      lengths[lengths.count - 1] *= inner
      maps[maps.count - 1] = outer.flatMap { index in
        index < 0
          ? [Int](repeating: -1, count: inner) : Array(index * inner..<(index + 1) * inner)
      }
    }
    return MappedGather(try Shape(checking: lengths), maps)
  }
}
