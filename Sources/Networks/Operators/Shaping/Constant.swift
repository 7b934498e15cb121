// Room: Networks. The operator Constant.

internal import Tensors

/// A constant: a tensor, or numbers given as attributes (since opset 12).
package struct ConstantOperator: Operator {
  private let value: Tensor

  package init(_ node: NodeDescription) throws {
    if let tensor = try node.tensor("value") {
      value = tensor
    } else if let tensor = try node.tensor("sparse_value") {
      value = tensor
    } else if let number = try node.float("value_float") {
      value = Tensor(number)
    } else if let number = try node.int("value_int") {
      value = Tensor(Int64(number))
    } else if let numbers = try node.floats("value_floats") {
      value = Tensor(numbers, shape: [numbers.count])
    } else if let numbers = try node.ints("value_ints") {
      value = Tensor(numbers.map(Int64.init), shape: [numbers.count])
    } else {
      throw OperatorFault.unsupported("a constant that is not made of numbers")
    }
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [TensorFacts(constant: value)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [value] arguments in try ElementConversion.convert(value, into: arguments.output()) }
  }
}
