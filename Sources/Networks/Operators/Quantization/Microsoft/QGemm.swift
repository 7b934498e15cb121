// Room: Networks. The operator QGemm of com.microsoft.

internal import Tensors

/// `alpha · A' B' + C` of quantised matrices; quantised again where a scale is given, else float32.
///
/// Inputs: A, its scale and zero point, B, its scale and zero point, C (int32, in units of the
/// product), the result's scale and zero point.
package struct ComMicrosoftQGemmOperator: Operator {
  private let alpha: Float
  private let transposes: (a: Bool, b: Bool)
  private let bounds: ClosedRange<Int32>?

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
    transposes = (try node.flag("transA"), try node.flag("transB"))
    bounds = nil
  }

  /// The product that a pass makes of a `Gemm` between quantisations.
  init(alpha: Float, transposes: (a: Bool, b: Bool), bounds: ClosedRange<Int32>?) {
    (self.alpha, self.transposes, self.bounds) = (alpha, transposes, bounds)
  }

  package var widening: Widening { .none }

  private func lengths(_ inputs: Operands) throws -> (m: Int, n: Int, k: Int) {
    let a = try inputs.required(0, rank: 2...2).shape
    let b = try inputs.required(3, rank: 2...2).shape
    let (m, k) = transposes.a ? (a[1], a[0]) : (a[0], a[1])
    let (n, depth) = transposes.b ? (b[0], b[1]) : (b[1], b[0])
    guard k == depth else {
      throw OperatorFault.invalid("matrices of shapes \(a) and \(b) do not fit")
    }
    return (m, n, k)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(6...9)
    try inputs.requireBytes(0, 2, 3, 5, 8)
    try inputs.requireType(6, .int32)
    try inputs.requireSingle(1, 2, 7, 8)
    let (m, n, _) = try lengths(inputs)
    for index in [4, 5] {
      let shape = try inputs.required(index).shape
      guard shape.count == 1 || shape.dimensions == [n] else {
        throw OperatorFault.invalid("scales or zero points of shape \(shape) do not fit")
      }
    }
    if let bias = inputs[6]?.shape {
      guard try bias.broadcast(with: [m, n]).dimensions == [m, n] else {
        throw OperatorFault.invalid("a bias of shape \(bias) does not fit")
      }
    }
    let type = inputs[7] == nil ? .float32 : try inputs.required(8).elementType
    return [try TensorFacts(type, checking: [m, n])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (m, n, k) = try lengths(inputs)
    let isSigned = (
      left: try inputs.required(0).elementType == .int8,
      right: try inputs.required(3).elementType == .int8
    )
    let packed = inputs[3]?.constant.flatMap { pack($0, n, k, isSigned: isSigned.right) }
    let walk = try inputs[6].map { try BroadcastWalk([$0.shape], to: [m, n]) }
    let isByRow =
      inputs[6].map { $0.shape.count != n || $0.shape.rank == 2 && m == n && $0.shape[0] != 1 }
      ?? false
    return Kernel { [self] arguments in
      let output = try arguments.output()
      guard let target = output.plannedBytes.baseAddress, output.count > 0 else { return }
      guard let right = try packed ?? pack(arguments.input(3), n, k, isSigned: isSigned.right)
      else { return }
      let left =
        try transposes.a
        ? arguments.input(0).transposed([1, 0]).contiguous() : arguments.input(0)
      let bias = try arguments.optionalInput(6).map { try QuantizationValues.integers($0) }
      let aScale = try QuantizationValues.floats(arguments.input(1))[0]
      let bScales = try QuantizationValues.floats(arguments.input(4))
      let scales = (0..<n).map { alpha * aScale * bScales[bScales.count == 1 ? 0 : $0] }
      var requantization: Requantization?
      if let scale = arguments.optionalInput(7) {
        let result = try QuantizedType(
          output.elementType, scale: scale, zero: arguments.optionalInput(8))
        var made = result.requantization(scales.map { $0 / result.scale })
        if let bounds { (made.low, made.high) = (bounds.lowerBound, bounds.upperBound) }
        requantization = made
      }
      let (aZeros, bZeros) = (
        try QuantizationValues.integers(arguments.input(2)),
        try QuantizationValues.integers(arguments.input(5))
      )
      let whole = isByRow ? Self.spread(bias, walk, m * n) : nil
      _ = left.withRawBytes { bytes in
        right.run(
          .init(bytes: bytes, rows: m, isSigned: isSigned.left, zeros: aZeros), zeros: bZeros,
          bias: isByRow ? nil : bias
        ) { row, column, count, sums, added in
          var own = UnsafePointer<Int32>(added)
          var line: [Int32] = []
          if let whole {
            line = (0..<count).map { added[$0] &+ whole[row * n + column + $0] }
          }
          line.withUnsafeBufferPointer { line in
            if whole != nil, let base = line.baseAddress { own = base }
            if let requantization {
              requantization.store(
                sums, adding: own, column: column, count: count,
                to: target.assumingMemoryBound(to: UInt8.self) + row * n + column)
            } else {
              ScaledSums.with(scales: scales) {
                $0.store(
                  sums, adding: own, column: column, count: count,
                  to: target.assumingMemoryBound(to: Float.self) + row * n + column)
              }
            }
          }
        }
      }
    }
  }

  private func pack(_ tensor: Tensor, _ n: Int, _ k: Int, isSigned: Bool) -> QuantizedMatrix? {
    tensor.withRawBytes { bytes in
      QuantizedMatrix(
        bytes, rows: k, columns: n, strides: transposes.b ? (1, k) : (n, 1), isSigned: isSigned)
    }
  }

  /// A bias that is not one value a column, for every element.
  private static func spread(_ bias: [Int32]?, _ walk: BroadcastWalk?, _ count: Int) -> [Int32]? {
    guard let bias, let walk else { return nil }
    var result = [Int32](repeating: 0, count: count)
    walk.forEachPiece(in: 0..<count) { start, length, offsets in
      for index in 0..<length {
        result[start + index] = bias[offsets[0] + index * walk.rowStrides[0]]
      }
    }
    return result
  }
}
