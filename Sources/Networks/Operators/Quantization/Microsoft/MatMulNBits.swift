// Room: Networks. The operator MatMulNBits of com.microsoft.

internal import Tensors

/// The product with weights of 2, 4 or 8 bits, quantised by blocks along the sum.
///
/// Inputs: A, the packed weights `[N, blocks, bytes]`, a scale for each block, zero points (packed
/// like the weights, or floats; the middle of the range where left out), for each k its block (not
/// supported), the bias. The weights are dequantised once, and the product is one of floats.
package struct ComMicrosoftMatMulNBitsOperator: Operator {
  private let depth: Int
  private let columns: Int
  private let bits: Int
  private let block: Int
  private let packed = PackedOnce<PackedMatrix>()

  package init(_ node: NodeDescription) throws {
    depth = try node.int("K", default: 0)
    columns = try node.int("N", default: 0)
    bits = try node.int("bits", default: 4)
    block = try node.int("block_size", default: 0)
    guard 1...1 << 30 ~= depth, 1...1 << 30 ~= columns, block >= 4, block <= 1 << 20 else {
      throw OperatorFault.invalid("K \(depth), N \(columns) or block_size \(block) make no sense")
    }
    guard [2, 4, 8].contains(bits) else {
      throw OperatorFault.unsupported("weights of \(bits) bits")
    }
    guard !node.hasInput(4) else { throw OperatorFault.unsupported("reordered blocks (g_idx)") }
  }

  private var blocks: Int { (depth + block - 1) / block }
  private var blockBytes: Int { (block * bits + 7) / 8 }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(3...6)
    let a = try inputs.required(0, rank: 1...64)
    try inputs.requireType(1, .uint8)
    let weights = try Checked.product(columns, Checked.product(blocks, blockBytes))
    let scales = try Checked.product(columns, blocks)
    guard a.shape[a.shape.rank - 1] == depth, try inputs.required(1).shape.count == weights,
      try inputs.required(2).shape.count == scales
    else {
      throw OperatorFault.invalid(
        "A \(a.shape), weights \(try inputs.required(1).shape) or scales "
          + "\(try inputs.required(2).shape) do not fit K \(depth), N \(columns), blocks of \(block)"
      )
    }
    if let zeros = inputs[3] {
      let wanted =
        zeros.elementType == .uint8 ? try Checked.product(columns, (blocks * bits + 7) / 8) : scales
      guard zeros.shape.count == wanted else {
        throw OperatorFault.invalid("zero points of shape \(zeros.shape) do not fit")
      }
    }
    if let bias = inputs[5], bias.shape.count != columns {
      throw OperatorFault.invalid("a bias of shape \(bias.shape) does not fit")
    }
    return [
      try TensorFacts(a.elementType, checking: a.shape.dimensions.dropLast() + [columns])
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let a = try inputs.required(0)
    guard a.elementType == .float32 else {
      throw OperatorFault.unsupported("element type \(a.elementType.rawValue)")
    }
    let rows = a.shape.dimensions.dropLast().reduce(1, *)
    let n = columns
    var known: PackedMatrix?
    if inputs.areConstant(1...3), let weights = inputs[1]?.constant,
      let scales = inputs[2]?.constant
    {
      known = try packed.get(weights, variant: []) {
        try PackedMatrix(matrix(weights, scales, inputs[3]?.constant))
      }
    }
    return Kernel { [self, known] arguments in
      let right =
        try known
        ?? PackedMatrix(
          matrix(arguments.input(1), arguments.input(2), arguments.optionalInput(3)))
      let bias = try arguments.optionalInput(5).map { try QuantizationValues.floats($0) }
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        right.run(input: x, count: rows, output: y)
        if let bias { for index in target.indices { y[index] += bias[index % n] } }
      }
    }
  }

  /// The weights as floats, `[K, N]`.
  private func matrix(_ weights: Tensor, _ scales: Tensor, _ zeros: Tensor?) throws -> Tensor {
    let factors = try QuantizationValues.floats(scales)
    let result = Tensor(zeros: [depth, columns])
    let target = result.plannedDestination(of: Float.self)
    let mask = UInt8((1 << bits) - 1)
    func code(_ bytes: UnsafePointer<UInt8>, _ index: Int) -> Float {
      let bit = index * bits
      return Float(bytes[bit / 8] >> UInt8(bit % 8) & mask)
    }
    let middle = Float(1 << (bits - 1))
    var points = [Float](repeating: middle, count: factors.count)
    if let zeros, zeros.elementType == .uint8 {
      let pitch = (blocks * bits + 7) / 8
      _ = zeros.withRawBytes { bytes in
        for index in points.indices {
          points[index] = code(bytes + index / blocks * pitch, index % blocks)
        }
      }
    } else if let zeros {
      points = try QuantizationValues.floats(zeros)
    }
    _ = weights.withRawBytes { bytes in
      for column in 0..<columns {
        for k in 0..<depth {
          let own = column * blocks + k / block
          let value = code(bytes + own * blockBytes, k % block)
          target[k * columns + column] = (value - points[own]) * factors[own]
        }
      }
    }
    return result
  }
}
