// Room: Networks. The operator SpaceToDepth.

internal import Tensors

/// Neighbouring rows and columns gathered into channels.
package struct SpaceToDepthOperator: Operator {
  private let block: Int
  private let columnsFirst: Bool

  package init(_ node: NodeDescription) throws {
    block = try node.int("blocksize", default: 0)
    columnsFirst = try node.choice("mode", default: "DCR", ["DCR", "CRD"]) == "CRD"
    guard block > 0, block < 1 << 20 else {
      throw OperatorFault.invalid("attribute 'blocksize' is \(block)")
    }
  }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 4...4)
    guard input.shape[2] % block == 0, input.shape[3] % block == 0 else {
      throw OperatorFault.invalid("shape \(input.shape) does not divide into blocks of \(block)")
    }
    return [
      try TensorFacts(
        input.elementType,
        checking: [
          input.shape[0], Checked.product(input.shape[1], block * block), input.shape[2] / block,
          input.shape[3] / block,
        ])
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let (n, c, b) = (input.shape[0], input.shape[1], block)
    let split: Shape = [n, c, input.shape[2] / b, b, input.shape[3] / b, b]
    let order = columnsFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
    let strides = split.rowMajorStrides
    let width = input.elementType.byteWidth
    return Kernel { arguments in
      try arguments.move { source, target in
        Movement.gather(
          source, strides: order.map { strides[$0] }, shape: Shape(order.map { split[$0] }),
          into: target, width: width)
      }
    }
  }
}
