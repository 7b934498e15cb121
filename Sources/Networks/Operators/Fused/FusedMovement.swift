// Room: Networks. Several copies in a row, done as one.

package import Tensors

/// Elements of a dense input in another order, or some of them: what passes make of transpositions,
/// slices and reshapes that follow one another.
package struct FusedMovement: FusedOperator {
  package let source: Shape
  package let walk: StridedWalk

  package init(source: Shape, walk: StridedWalk) {
    self.source = source
    self.walk = walk
  }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.shape == source else {
      throw OperatorFault.invalid("was planned for the shape \(source), not \(input.shape)")
    }
    return [try TensorFacts(input.elementType, checking: walk.shape)]
  }

  package func viewedInput(_ inputs: Operands) -> Int? {
    walk.isDense && walk.shape.reduce(1, *) == source.count ? 0 : nil
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let width = try inputs.required(0).elementType.byteWidth
    let shape = try Shape(checking: walk.shape)
    return Kernel(name: "one copy") { [walk] arguments in
      try arguments.move { source, target in
        Movement.gather(
          source + walk.offset * width, strides: walk.strides, shape: shape, into: target,
          width: width)
      }
    }
  }
}
