// Room: Networks. The operator Gemm.

internal import Tensors

/// `alpha · op(A) · op(B) + beta · C`, where `op` may transpose and C broadcasts.
///
/// **Source**: ONNX Gemm, opsets 6 (explicit broadcast), 7, 9, 11 (C optional), 13.
package struct GemmOperator: Operator {
  let alpha: Float
  let beta: Float
  let transposesA: Bool
  package let transposesB: Bool
  let packed = PackedOnce<PackedMatrix>()

  package init(_ node: NodeDescription) throws {
    alpha = try node.float("alpha", default: 1)
    beta = try node.float("beta", default: 1)
    transposesA = try node.flag("transA")
    transposesB = try node.flag("transB")
  }

  package var widening: Widening { [.halves, .integers] }

  /// Whether it is `A · op(B) + C` and nothing else.
  package var isPlain: Bool { alpha == 1 && beta == 1 && !transposesA }

  private struct Lengths {
    var m: Int
    var n: Int
    var k: Int
  }

  private func lengths(_ inputs: Operands) throws -> Lengths {
    let a = try inputs.required(0, rank: 2...2).shape
    let b = try inputs.required(1, rank: 2...2).shape
    let (m, k) = transposesA ? (a[1], a[0]) : (a[0], a[1])
    let (inner, n) = transposesB ? (b[1], b[0]) : (b[0], b[1])
    guard inner == k else {
      throw OperatorFault.invalid("cannot multiply shapes \(a) and \(b): \(k) and \(inner) differ")
    }
    if let c = inputs[2]?.shape, try c.broadcast(with: [m, n]).dimensions != [m, n] {
      throw OperatorFault.invalid("input 2 of shape \(c) does not broadcast to [\(m), \(n)]")
    }
    return Lengths(m: m, n: n, k: k)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...3)
    let type = try inputs.requireSameType([0, 1, 2])
    let lengths = try lengths(inputs)
    return [try TensorFacts(type, checking: [lengths.m, lengths.n])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let lengths = try lengths(inputs)
    if let kernel = try packedKernel(inputs, lengths) { return kernel }
    let c = inputs[2]?.shape
    switch try inputs.required(0).elementType {
    case .float32:
      return floats(Float.self, lengths, c) { [alpha, transposesB] m, n, k, a, b, beta, c in
        guard m > ThinProduct.rows || a.transposed else {
          return ThinProduct.add(
            m, n, k, alpha: alpha, a.base, b.base, transposed: transposesB, to: c)
        }
        MatrixProduct.multiply(m, n, k, alpha: alpha, a, b, beta: beta, c, stride: n)
      }
    case .float64:
      return floats(Double.self, lengths, c) { [alpha] m, n, k, a, b, beta, c in
        MatrixProduct.multiply(m, n, k, alpha: Double(alpha), a, b, beta: beta, c, stride: n)
      }
    case .int64: return integers(Int64.self, lengths, c)
    case .uint64: return integers(UInt64.self, lengths, c)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }

  /// The kernel for constant float32 weights with at most a row of biases.
  private func packedKernel(_ inputs: Operands, _ lengths: Lengths) throws -> Kernel? {
    guard let weights = inputs[1]?.constant, weights.elementType == .float32, weights.count > 0,
      !transposesA, alpha == 1, inputs[2] == nil || beta == 1
    else { return nil }
    var bias: Tensor?
    if let c = inputs[2] {
      guard let constant = c.constant, c.shape.count == lengths.n || c.shape.count == 1,
        c.shape.rank < 2 || c.shape[0] == 1
      else { return nil }
      bias = try constant.reshaped(to: [constant.count])
    }
    let matrix = try packed.get(weights, bias, variant: [transposesB ? 1 : 0]) {
      try PackedMatrix(weights, transposed: transposesB, bias: bias)
    }
    return Kernel(name: "packed") { arguments in
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        matrix.run(input: x, count: lengths.m, output: y)
      }
    }
  }

  /// Writes `beta · C`, broadcast, or zeros.
  private func start<T: Number>(
    _ arguments: KernelArguments, _ shape: Shape?, _ lengths: Lengths,
    _ target: UnsafeMutableBufferPointer<T>
  ) throws {
    guard let shape, let c = arguments.optionalInput(2) else {
      target.update(repeating: .zero)
      return
    }
    let walk = try BroadcastWalk([shape], to: [lengths.m, lengths.n])
    let scale = T(number: Double(beta))
    c.withElements(of: T.self) { values in
      walk.forEachPiece(in: 0..<walk.count) { start, count, offsets in
        for index in 0..<count {
          target[start + index] = T.multiplying(
            scale, values[offsets[0] + index * walk.rowStrides[0]])
        }
      }
    }
  }

  private func floats<T: Number>(
    _: T.Type, _ lengths: Lengths, _ shape: Shape?,
    _ multiply:
      @escaping @Sendable (
        Int, Int, Int, MatrixOperand<T>, MatrixOperand<T>, T, UnsafeMutablePointer<T>
      ) -> Void
  ) -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try start(arguments, shape, lengths, target)
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress,
            !target.isEmpty
          else { return }
          multiply(
            lengths.m, lengths.n, lengths.k,
            MatrixOperand(
              x, stride: max(1, transposesA ? lengths.m : lengths.k), transposed: transposesA),
            MatrixOperand(
              y, stride: max(1, transposesB ? lengths.k : lengths.n), transposed: transposesB),
            .one, z)
        }
      }
    }
  }

  private func integers<T: Number>(_: T.Type, _ lengths: Lengths, _ shape: Shape?) -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try start(arguments, shape, lengths, target)
      let (m, n, k) = (lengths.m, lengths.n, lengths.k)
      let scale = T(number: Double(alpha))
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          for row in 0..<m {
            for column in 0..<n {
              var sum = T.zero
              for step in 0..<k {
                sum = T.adding(
                  sum,
                  T.multiplying(
                    a[transposesA ? step * m + row : row * k + step],
                    b[transposesB ? column * k + step : step * n + column]))
              }
              target[row * n + column] = T.adding(
                target[row * n + column], T.multiplying(scale, sum))
            }
          }
        }
      }
    }
  }
}
