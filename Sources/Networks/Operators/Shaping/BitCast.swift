// Room: Networks. The operator BitCast.

internal import Tensors

/// The same bits as another type of the same width.
package struct BitCastOperator: Operator {
  private let type: ElementType

  package init(_ node: NodeDescription) throws {
    guard let type = try node.elementType("to") else {
      throw OperatorFault.invalid("does not say which type to take")
    }
    self.type = type
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.elementType.bitWidth == type.bitWidth else {
      throw OperatorFault.unsupported("\(input.elementType.rawValue) as \(type.rawValue)")
    }
    return [TensorFacts(type, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (width, isBoolean) = (type.byteWidth, type == .bool)
    return Kernel { arguments in
      let count = try arguments.output().count
      try arguments.move { $1.copyMemory(from: $0, byteCount: count * width) }
      guard isBoolean else { return }
      // A byte other than 0 or 1 would be no value of Swift's `Bool`.
      let bytes = try arguments.output().plannedBytes
      for index in bytes.indices where bytes[index] > 1 { bytes[index] = 1 }
    }
  }
}
