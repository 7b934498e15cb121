// Room: Networks. The operator Cast.

internal import Tensors

/// The elements in another type; see `ElementConversion` for the edges.
package struct CastOperator: Operator {
  private let type: ElementType
  private let rounding: SmallFloatRounding

  package init(_ node: NodeDescription) throws {
    guard let type = try node.elementType("to") else {
      throw OperatorFault.invalid("does not say which type to cast to")
    }
    self.type = type
    rounding = try SmallFloatRounding(node)
  }

  package var widening: Widening { .none }

  package func viewedInput(_ inputs: Operands) -> Int? { inputs[0]?.elementType == type ? 0 : nil }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    [try TensorFacts(type, checking: inputs.required(0).shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [rounding] arguments in
      try ElementConversion.convert(
        arguments.input(0), into: arguments.output(), rounding: rounding)
    }
  }
}

extension SmallFloatRounding {
  /// What a node's `saturate` (since opset 19) and `round_mode` (since opset 24) say.
  init(_ node: NodeDescription) throws {
    let mode = try node.choice("round_mode", default: "up", ["up", "down", "nearest"])
    self.init(
      saturates: try node.flag("saturate", default: true),
      saturatesInfinity: node.opset >= 24, mode: Mode(rawValue: mode) ?? .up)
  }
}
