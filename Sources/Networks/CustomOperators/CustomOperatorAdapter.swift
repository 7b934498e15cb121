// Room: Networks. A program's own operator as the graph sees it: one among Squall's.

internal import Tensors

/// What lets the planner treat a `CustomOperator` like any other.
struct CustomOperatorAdapter<Custom: CustomOperator>: Operator {
  private let custom: Custom

  init(_ node: NodeDescription) throws { custom = try Custom(node) }

  var valueInputs: [Int] { custom.contentInputs }
  var isDeterministic: Bool { custom.isDeterministic }

  func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try custom.outputs(for: CustomInputs(inputs, contentInputs: custom.contentInputs)).map {
      try TensorFacts($0.elementType, checking: $0.dimensions)
    }
  }

  func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { try custom.run(CustomCall($0)) }
  }
}
