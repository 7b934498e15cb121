// Room: Networks. The operator LpPool.

internal import Foundation
internal import Tensors

/// The p-norm under a sliding window.
package struct LpPoolOperator: Operator {
  private let window: WindowAttributes
  private let power: Double

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    power =
      node.opset < 2
      ? Double(try node.float("p", default: 2)) : Double(try node.int("p", default: 2))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 3...64)
    let windows = try window.resolve(spatial: Array(input.shape.dimensions[2...]))
    return [
      try TensorFacts(
        input.elementType, checking: input.shape.dimensions[..<2] + windows.map(\.output))
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let windows = try window.resolve(spatial: Array(input.shape.dimensions[2...]))
    return try PooledSums.kernel(
      input.elementType, planes: input.shape[0] * input.shape[1], windows: windows
    ) { [power] sum, _, _ in
      pow(sum, 1 / power)
    } add: { [power] sum, value in
      sum + pow(abs(value), power)
    }
  }
}
