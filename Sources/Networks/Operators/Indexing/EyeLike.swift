// Room: Networks. The operator EyeLike.

internal import Tensors

/// A matrix of the input's shape with ones on a diagonal.
package struct EyeLikeOperator: Operator {
  private let type: ElementType?
  private let diagonal: Int

  package init(_ node: NodeDescription) throws {
    type = try node.elementType("dtype")
    diagonal = try node.int("k", default: 0)
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...2)
    return [try TensorFacts(type ?? input.elementType, checking: input.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    return Kernel { [diagonal] arguments in
      let output = try arguments.output()
      let one = try ElementConversion.convert(Tensor(Float(1)), to: output.elementType)
      let width = output.elementType.byteWidth
      one.withBytes { element in
        guard let from = element.baseAddress, let to = output.plannedBytes.baseAddress,
          output.count > 0
        else { return }
        to.initializeMemory(as: UInt8.self, repeating: 0, count: output.count * width)
        for row in 0..<shape[0] {
          let (column, overflow) = row.addingReportingOverflow(diagonal)
          guard !overflow, column >= 0, column < shape[1] else { continue }
          (to + (row * shape[1] + column) * width).copyMemory(from: from, byteCount: width)
        }
      }
    }
  }
}
