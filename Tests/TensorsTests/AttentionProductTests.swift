// Tests of Tensors: attention over matrices in memory, by every kernel variant.

import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct AttentionProductTests {
  struct Case: Sendable {
    var queries: Int, keys: Int, size: Int, depth: Int
  }

  static let cases = [
    Case(queries: 1, keys: 1, size: 1, depth: 1), Case(queries: 9, keys: 49, size: 32, depth: 32),
    Case(queries: 144, keys: 144, size: 24, depth: 40),
    Case(queries: 70, keys: 1500, size: 300, depth: 65),
  ]

  @Test(arguments: cases, [false, true])
  func agreesWithItsDefinition(_ test: Case, transposed: Bool) {
    var generator = SeededGenerator(seed: 61)
    let (n, m, s, d) = (test.queries, test.keys, test.size, test.depth)
    let (q, k, v) = (
      generator.floats(n * s, in: -1...1), generator.floats(m * s, in: -1...1),
      generator.floats(m * d, in: -1...1)
    )
    let (bias, mask) = (generator.floats(n * m), generator.floats(m))
    var expected = [Double](repeating: 0, count: n * d)
    for row in 0..<n {
      let scores = (0..<m).map { column in
        var sum = 0.0
        for i in 0..<s {
          sum +=
            Double(q[transposed ? i * n + row : row * s + i])
            * Double(k[transposed ? i * m + column : column * s + i])
        }
        return sum * 0.25 + Double(bias[row * m + column]) + Double(mask[column])
      }
      let largest = scores.max() ?? 0
      let weights = scores.map { exp($0 - largest) }
      let total = weights.reduce(0, +)
      for column in 0..<m {
        for i in 0..<d {
          expected[row * d + i] +=
            weights[column] / total * Double(v[transposed ? i * m + column : column * d + i])
        }
      }
    }
    for variant in KernelVariant.all {
      var result = [Float](repeating: .nan, count: n * d)
      variant.asCurrent {
        let product = AttentionProduct(keys: m, size: s, depth: d, scale: 0.25, clearsNaN: false)
        result.withUnsafeMutableBufferPointer { output in
          withPointers(q, k, v, bias, mask) { q, k, v, bias, mask in
            guard let output = output.baseAddress else { return }
            // In two runs, as threads share it.
            for rows in [0..<n / 2, n / 2..<n] {
              product.run(
                rows,
                query: MatrixOperand(q, stride: transposed ? n : s, transposed: transposed),
                key: MatrixOperand(k, stride: transposed ? m : s, transposed: !transposed),
                value: MatrixOperand(v, stride: transposed ? m : d, transposed: transposed),
                terms: [
                  AttentionProduct.Term(bias, rowStride: m),
                  AttentionProduct.Term(mask, rowStride: 0),
                ], adjust: nil, output: output, outputStride: d)
            }
          }
        }
      }
      #expect(worst(result, expected) < 1e-5, "\(variant.name)")
    }
  }

  private func withPointers(
    _ a: [Float], _ b: [Float], _ c: [Float], _ d: [Float], _ e: [Float],
    _ body: (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
      UnsafePointer<Float>
    ) -> Void
  ) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeBufferPointer { c in
          d.withUnsafeBufferPointer { d in
            e.withUnsafeBufferPointer { e in
              if let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress,
                let d = d.baseAddress, let e = e.baseAddress
              {
                body(a, b, c, d, e)
              }
            }
          }
        }
      }
    }
  }
}
