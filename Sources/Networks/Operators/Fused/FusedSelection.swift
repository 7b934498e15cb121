// Room: Networks. Pads, slices and cyclic shifts in a row, done as one copy.

package import Tensors

/// Elements of a dense input, chosen by a table for each axis: what passes make of pads, slices and
/// cyclic shifts that follow one another, as shifted windows have them.
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
    let gather = MappedGather(source, maps)
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
}
