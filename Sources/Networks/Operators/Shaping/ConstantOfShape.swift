// Room: Networks. The operator ConstantOfShape.

internal import Tensors

/// A tensor of a given shape, filled with one value (float32 zero unless given).
package struct ConstantOfShapeOperator: Operator {
  private let value: Tensor

  package init(_ node: NodeDescription) throws {
    value = try node.tensor("value") ?? Tensor(Float(0))
    guard value.count == 1 else {
      throw OperatorFault.invalid("attribute 'value' holds \(value.count) values, not one")
    }
  }

  package var widening: Widening { .none }
  package var valueInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    guard let lengths = try inputs.integers(0) else {
      throw OperatorFault.invalid("input 0, the shape, is missing")
    }
    return [try TensorFacts(value.elementType, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [value] arguments in
      let output = try arguments.output()
      value.withBytes { element in
        guard let from = element.baseAddress, let to = output.plannedBytes.baseAddress else {
          return
        }
        Movement.fill(to, count: output.count, with: from, width: value.elementType.byteWidth)
      }
    }
  }
}
