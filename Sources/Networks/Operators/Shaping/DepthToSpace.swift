// Room: Networks. The operator DepthToSpace.

internal import Tensors

/// Blocks of channels spread over neighbouring rows and columns.
package struct DepthToSpaceOperator: Operator {
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
    guard input.shape[1] % (block * block) == 0 else {
      throw OperatorFault.invalid("\(input.shape[1]) channels do not fill blocks of \(block)²")
    }
    return [
      try TensorFacts(
        input.elementType,
        checking: [
          input.shape[0], input.shape[1] / (block * block),
          Checked.product(input.shape[2], block), Checked.product(input.shape[3], block),
        ])
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let (n, c) = (input.shape[0], input.shape[1] / (block * block))
    let (h, w, b) = (input.shape[2], input.shape[3], block)
    let split: Shape = columnsFirst ? [n, c, b, b, h, w] : [n, b, b, c, h, w]
    let order = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
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
