// Room: Networks. A product with constant weights and everything that is done to its results.

package import Tensors

/// `act(X W + bias + residual)`: what passes make of `MatMul` and `Gemm` and what follows them.
///
/// **Shapes**: inputs X `[…, rows]`, constant W `[rows, columns]` or transposed, bias of `columns`
/// values or one, residual of the result's shape; the last two may be left out.
package struct FusedProduct: FusedOperator {
  package let isTransposed: Bool
  package private(set) var activation = Activation.none
  /// Shared with the operator that it was, and with what later passes make of it, so that plans do
  /// not pack the weights anew.
  private let packed: PackedOnce<PackedMatrix>

  package init(isTransposed: Bool, packed: PackedOnce<PackedMatrix>) {
    self.isTransposed = isTransposed
    self.packed = packed
  }

  /// The same product followed by `activation`.
  package func followed(by activation: Activation) -> FusedProduct {
    var result = self
    result.activation = activation
    return result
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...4)
    let (x, weights) = (try inputs.required(0), try inputs.required(1, rank: 2...2))
    try inputs.requireType(0, .float32)
    try inputs.requireType(1, .float32)
    let (rows, columns) = (
      weights.shape[isTransposed ? 1 : 0], weights.shape[isTransposed ? 0 : 1]
    )
    guard x.shape.rank > 0, x.shape[x.shape.rank - 1] == rows else {
      throw OperatorFault.invalid("cannot multiply shapes \(x.shape) and \(weights.shape)")
    }
    let result = try TensorFacts(
      .float32, checking: Array(x.shape.dimensions.dropLast()) + [columns])
    if let bias = inputs[2], bias.shape.count != columns, bias.shape.count != 1 {
      throw OperatorFault.invalid("a bias of shape \(bias.shape) does not fit \(columns) columns")
    }
    if let residual = inputs[3], residual.shape != result.shape {
      throw OperatorFault.invalid("cannot add shapes \(result.shape) and \(residual.shape)")
    }
    return [result]
  }

  /// The packed weights, which are inputs of these numbers.
  func matrix(_ inputs: Operands, weights: Int, bias: Int?) throws -> PackedMatrix {
    guard let matrix = inputs[weights]?.constant, matrix.count > 0,
      bias.map({ inputs[$0]?.constant != nil }) ?? true
    else { throw OperatorFault.invalid("its weights are no constants") }
    let bias = bias.flatMap { inputs[$0]?.constant }
    return try packed.get(
      matrix, bias, variant: [isTransposed ? 1 : 0], activation: activation
    ) {
      try PackedMatrix(
        matrix, transposed: isTransposed, bias: bias?.reshaped(to: [bias?.count ?? 0]),
        activation: activation)
    }
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    guard let result = outputs.first ?? nil else {
      throw OperatorFault.invalid("its result is not wanted")
    }
    let matrix = try matrix(inputs, weights: 1, bias: inputs[2] == nil ? nil : 2)
    let count = result.shape.count / max(matrix.columns, 1)
    return Kernel(name: "packed") { arguments in
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        guard let residual = arguments.optionalInput(3) else {
          return matrix.run(input: x, count: count, output: y)
        }
        residual.withElements(of: Float.self) {
          matrix.run(input: x, count: count, residual: $0.baseAddress, output: y)
        }
      }
    }
  }
}
