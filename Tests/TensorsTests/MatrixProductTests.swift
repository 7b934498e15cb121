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

  @Test func hasTheSameBitsWhateverTheThreads() throws {
    var generator = SeededGenerator(seed: 10)
    let x = Tensor(generator.floats(500 * 200), shape: [500, 200])
    let w = Tensor(generator.floats(200 * 300), shape: [200, 300])
    let packed = try PackedMatrix(w)
    let one = try ThreadPool(threads: 1).asCurrent { try (packed(x), x.matrixProduct(with: w)) }
    let three = try ThreadPool(threads: 3).asCurrent { try (packed(x), x.matrixProduct(with: w)) }
    #expect(bits(one.0) == bits(three.0))
    #expect(bits(one.1) == bits(three.1))
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
