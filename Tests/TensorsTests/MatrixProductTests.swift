// Tests of Tensors: matrix products against their definition, every kernel variant, fixed bits.

import TestSupport
import Tensors
import Testing

@Suite struct MatrixProductTests {
  static let sizes: [(Int, Int, Int)] = [
    (1, 1, 1), (1, 100, 1000), (3, 17, 5), (8, 48, 16), (9, 49, 33), (7, 64, 128), (65, 1, 20),
    (100, 96, 1600), (31, 130, 7), (200, 200, 200), (2, 3, 0), (300, 140, 64),
    (4, 50, 300), (5, 33, 257), (6, 16, 512), (13, 96, 40), (14, 100, 600), (97, 31, 770),
  ]

  @Test(arguments: sizes)
  func packedAgreesWithItsDefinition(m: Int, n: Int, k: Int) throws {
    var generator = SeededGenerator(seed: 7)
    let x = Tensor(generator.floats(m * k), shape: [m, k])
    let w = Tensor(generator.floats(n * k), shape: [k, n])
    let turned = try w.transposed([1, 0]).contiguous()
    let bias = Tensor(generator.floats(n), shape: [n])
    let residual = Tensor(generator.floats(m * n), shape: [m, n])
    let (b, r) = (bias.elements(as: Float.self), residual.elements(as: Float.self))
    let product = naive(x, w)
    let expected = product.indices.map {
      activated(product[$0] + Double(b[$0 % n]) + Double(r[$0]), .leakyRelu(slope: 0.1))
    }
    for variant in KernelVariant.all {
      for transposed in [false, true] {
        let result = try variant.asCurrent {
          try PackedMatrix(
            transposed ? turned : w, transposed: transposed, bias: bias,
            activation: .leakyRelu(slope: 0.1))(x, residual: residual)
        }
        #expect(result.shape == [m, n])
        #expect(worst(result.elements(as: Float.self), expected) < 1e-3, "\(variant.name)")
      }
    }
  }

  @Test(arguments: sizes)
  func generalAgreesWithItsDefinition(m: Int, n: Int, k: Int) throws {
    var generator = SeededGenerator(seed: 8)
    let x = Tensor(generator.floats(m * k), shape: [m, k])
    let w = Tensor(generator.floats(n * k), shape: [k, n])
    let expected = naive(x, w)
    let turned = try w.transposed([1, 0]).contiguous().transposed([1, 0])
    for right in [w, turned] {
      let result = try x.matrixProduct(with: right)
      #expect(result.shape == [m, n])
      #expect(worst(result.elements(as: Float.self), expected) < 1e-3)
    }
    let double = try x.converted(to: .float64).matrixProduct(with: w.converted(to: .float64))
    #expect(zip(double.elements(as: Double.self), expected).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test func batchesBroadcast() throws {
    var generator = SeededGenerator(seed: 9)
    let a = Tensor(generator.floats(2 * 1 * 4 * 5), shape: [2, 1, 4, 5])
    let b = Tensor(generator.floats(3 * 5 * 6), shape: [3, 5, 6])
    let result = try a.matrixProduct(with: b)
    #expect(result.shape == [2, 3, 4, 6])
    for i in 0..<2 {
      for j in 0..<3 {
        let x = try a.sliced(0, i..<i + 1).reshaped(to: [4, 5])
        let y = try b.sliced(0, j..<j + 1).reshaped(to: [5, 6])
        let z = try result.sliced(0, i..<i + 1).sliced(1, j..<j + 1).reshaped(to: [4, 6])
        #expect(worst(z.elements(as: Float.self), naive(x, y)) < 1e-5)
      }
    }
    let stack = Tensor(generator.floats(9 * 4 * 5), shape: [9, 4, 5])
    let column = Tensor(generator.floats(5), shape: [5])
    #expect(try stack.matrixProduct(with: column).shape == [9, 4])
    #expect(try column.matrixProduct(with: b).shape == [3, 6])
    #expect(try column.matrixProduct(with: column).shape == [])
  }

  @Test func integersWrapAround() throws {
    let a = Tensor([Int8](arrayLiteral: 100, 3, -5, 7), shape: [2, 2])
    let result = try a.matrixProduct(with: a)
    #expect(result.elements(as: Int8.self) == integerProduct([100, 3, -5, 7]))
  }

  @Test(arguments: [1, 2, 25, 97, 193, 500, 577])
  func hasTheSameBitsWhateverTheThreads(rows: Int) throws {
    var generator = SeededGenerator(seed: 10)
    let x = Tensor(generator.floats(rows * 300), shape: [rows, 300])
    let w = Tensor(generator.floats(300 * 270), shape: [300, 270])
    let packed = try PackedMatrix(w)
    let one = try ThreadPool(threads: 1).asCurrent { try (packed(x), x.matrixProduct(with: w)) }
    for threads in [2, 3, 7] {
      let others = try ThreadPool(threads: threads).asCurrent {
        try (packed(x), x.matrixProduct(with: w))
      }
      #expect(bits(one.0) == bits(others.0))
      #expect(bits(one.1) == bits(others.1))
    }
  }

  @Test(
    arguments: [ElementType.float16, .bfloat16], [(512, 130), (700, 64), (96, 432), (300, 1024)])
  func halvesAreWidenedWithoutLoss(type: ElementType, size: (k: Int, n: Int)) throws {
    var generator = SeededGenerator(seed: 11)
    let (k, n) = size
    let x = Tensor(generator.floats(9 * k), shape: [9, k])
    let halves = Tensor(generator.floats(k * n), shape: [k, n]).converted(to: type)
    let bias = Tensor(generator.floats(n), shape: [n])
    let turned = try halves.transposed([1, 0]).contiguous()
    for variant in KernelVariant.all {
      try variant.asCurrent {
        let account = MemoryAccount(limit: 1 << 30)
        let expected = try PackedMatrix(halves.converted(to: .float32), bias: bias)(x)
        try account.asCurrent {
          let packed = [
            try PackedMatrix(halves.widenedWeights(), bias: bias),
            try PackedMatrix(turned.widenedWeights(), transposed: true, bias: bias),
            try PackedMatrix(turned.widenedWeights().transposedWeights([1, 0]), bias: bias),
            try PackedMatrix(halves.widenedWeights().reshaped(to: [k, n]), bias: bias),
          ]
          // Two bytes a weight: columns are filled up to whole vectors.
          #expect(account.used < packed.count * (k + 2) * (n + 16) * 2 + (8 << 10))
          for matrix in packed { #expect(try bits(matrix(x)) == bits(expected)) }
        }
      }
    }
  }

  @Test func halvesAtOddAddressesArePackedAsTheyAre() throws {
    var generator = SeededGenerator(seed: 12)
    let halves = Tensor(generator.floats(300 * 140), shape: [300, 140]).converted(to: .float16)
    let x = Tensor(generator.floats(3 * 300), shape: [3, 300])
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: halves.count * 2 + 1, alignment: 64)
    let owner = MemoryAccount(limit: 1)
    defer { withExtendedLifetime(owner) { memory.deallocate() } }
    halves.withBytes {
      UnsafeMutableRawBufferPointer(rebasing: memory[1...]).copyBytes(from: $0)
    }
    let odd = try Tensor(
      borrowing: UnsafeRawBufferPointer(rebasing: memory[1...]), owner: owner,
      elementType: .float16, shape: halves.shape)
    let expected = try PackedMatrix(halves.converted(to: .float32))(x)
    #expect(try bits(PackedMatrix(odd.widenedWeights())(x)) == bits(expected))
    let floats = try odd.widenedWeights().transposedWeights([1, 0])
    #expect(try bits(PackedMatrix(floats, transposed: true)(x)) == bits(expected))
  }

  /// Products of operands rounded to bfloat16 are exact but for the sums' rounding.
  @Test(
    arguments: [(9, 512, 130), (1, 300, 200), (50, 257, 160), (65, 1600, 48), (200, 96, 432)],
    [ElementType.float32, .float16, .bfloat16])
  func roundedProductsAreThoseOfRoundedOperands(
    size: (m: Int, k: Int, n: Int), type: ElementType
  ) throws {
    let variant = KernelVariant.chosen.roundingProducts
    guard variant.halfProducts != nil else { return }
    var generator = SeededGenerator(seed: 13)
    func rounded(_ tensor: Tensor) -> Tensor {
      tensor.converted(to: .float32).converted(to: .bfloat16).converted(to: .float32)
    }
    let (m, k, n) = size
    let x = Tensor(generator.floats(m * k), shape: [m, k])
    let bias = Tensor(generator.floats(n), shape: [n])
    let stored = Tensor(generator.floats(k * n), shape: [k, n]).converted(to: type)
    let turned = try stored.transposed([1, 0]).contiguous()
    func weights(_ stored: Tensor) -> Tensor {
      type == .float32 ? stored : stored.widenedWeights()
    }
    let biases = bias.elements(as: Float.self)
    let product = naive(rounded(x), rounded(stored))
    let expected = product.indices.map { product[$0] + Double(biases[$0 % n]) }
    for threads in [1, 3] {
      try variant.asCurrent {
        try ThreadPool(threads: threads).asCurrent {
          let result = try PackedMatrix(weights(stored), bias: bias)(x)
          #expect(worst(result.elements(as: Float.self), expected) < 1e-4)
          let other = try PackedMatrix(weights(turned), transposed: true, bias: bias)(x)
          #expect(bits(other) == bits(result))
        }
      }
    }
  }

  @Test func badShapesThrow() throws {
    let a = Tensor(zeros: [2, 3])
    #expect(throws: TensorError.self) { try a.matrixProduct(with: a) }
    #expect(throws: TensorError.self) { try a.matrixProduct(with: Tensor(zeros: [3], .int32)) }
    #expect(throws: TensorError.self) { try PackedMatrix(Tensor(zeros: [2, 3, 4])) }
    #expect(throws: TensorError.self) { try PackedMatrix(a, bias: Tensor(zeros: [4])) }
    #expect(throws: TensorError.self) { try PackedMatrix(a)(Tensor(zeros: [5, 3])) }
  }

  @Test func noticeNamesALesserCore() {
    #expect(OpenBLAS.notice(coreName: "Haswell", best: "avx512")?.contains("Haswell") == true)
    #expect(OpenBLAS.notice(coreName: "SkylakeX", best: "avx512") == nil)
    #expect(OpenBLAS.notice(coreName: "Zen", best: "avx2") == nil)
    #expect(OpenBLAS.notice(coreName: "Prescott", best: "avx2") != nil)
    #expect(!OpenBLAS.coreName.isEmpty)
  }

  private func integerProduct(_ a: [Int]) -> [Int8] {
    [
      a[0] * a[0] + a[1] * a[2], a[0] * a[1] + a[1] * a[3], a[2] * a[0] + a[3] * a[2],
      a[2] * a[1] + a[3] * a[3],
    ].map { Int8(truncatingIfNeeded: $0) }
  }

  private func naive(_ x: Tensor, _ w: Tensor) -> [Double] {
    let (a, b) = (x.elements(as: Float.self), w.elements(as: Float.self))
    let (m, k, n) = (x.shape[0], x.shape[1], w.shape[1])
    var result = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for l in 0..<k {
        for j in 0..<n { result[i * n + j] += Double(a[i * k + l]) * Double(b[l * n + j]) }
      }
    }
    return result
  }
}

/// The largest difference.
func worst(_ values: [Float], _ expected: [Double]) -> Double {
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).map { abs(Double($0) - $1) }.max() ?? 0
}
