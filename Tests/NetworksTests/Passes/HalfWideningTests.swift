// Tests of Networks: half-precision values stay in float32 between nodes that compute in it.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct HalfWideningTests {
  private func halves(_ values: [Float], _ shape: Shape) -> Tensor {
    Tensor(values.map { Half($0) }, shape: shape)
  }

  private func casts(_ graph: Graph) -> Int { graph.nodes.count { $0.opType == "Cast" } }

  /// Two products with a transposition between them: one rounding in all.
  @Test func roundsOnceAtTheEnd() throws {
    var generator = SeededGenerator(seed: 4)
    let first = halves(generator.floats(64 * 64), [64, 64])
    let second = halves(generator.floats(64 * 64), [64, 64])
    let input = halves(generator.floats(64 * 64), [64, 64])
    var test = TestGraph()
    test.graph.hasHalfWeights = true
    let x = test.input("x", [64, 64], .float16)
    let product = try test.one("MatMul", [x, test.constant(first)])
    let turned = try test.one("Transpose", [product])
    test.graph.outputs = [try test.one("MatMul", [turned, test.constant(second)])]

    let widened = try HalfWidening().apply(test.graph, limits: TestGraph.limits)
    #expect(widened.nodes.map(\.opType) == ["Cast", "MatMul", "Transpose", "MatMul", "Cast"])
    let again = try HalfWidening().apply(widened, limits: TestGraph.limits)
    #expect(again.nodes.count == widened.nodes.count)

    let middle = multiply(doubles(input), doubles(first))
    let exact = multiply((0..<64 * 64).map { middle[$0 % 64 * 64 + $0 / 64] }, doubles(second))
    let kept = distance(
      doubles(try test.run([input], passes: [HalfWidening()])[0]), exact)
    let stepwise = distance(doubles(try test.run([input])[0]), exact)
    let rounded = distance(exact.map { Double(Float(Half(Float($0)))) }, exact)
    #expect(kept < 0.8 * stepwise)
    #expect(kept < 1.02 * rounded)
  }

  private func doubles(_ tensor: Tensor) -> [Double] {
    tensor.elements(as: Half.self).map { Double(Float($0)) }
  }

  /// A product of 64 by 64 matrices.
  private func multiply(_ a: [Double], _ b: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: 64 * 64)
    for row in 0..<64 {
      for k in 0..<64 {
        for column in 0..<64 { result[row * 64 + column] += a[row * 64 + k] * b[k * 64 + column] }
      }
    }
    return result
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += (x - y) * (x - y) }
    return sum.squareRoot()
  }

  @Test func valuesThatOthersNeedAreRoundedForThem() throws {
    var test = TestGraph()
    test.graph.hasHalfWeights = true
    let x = test.input("x", [4], .float16)
    let root = try test.one("Sqrt", [x])
    let scaled = try test.one("Add", [root, root])
    test.graph.outputs = [root, scaled]
    let input = halves([1, 2, 3, 5], [4])
    let results = try test.run([input], passes: [HalfWidening()])
    #expect(results.map(\.elementType) == [.float16, .float16])
    #expect(
      results[0].elements(as: Half.self) == [1, 2, 3, 5].map { Half(Float($0).squareRoot()) })
    #expect(
      results[1].elements(as: Half.self) == [1, 2, 3, 5].map { Half(2 * Float($0).squareRoot()) })
  }

  /// An explicit cast to half precision rounds; one back to float32 costs nothing.
  @Test func explicitCastsKeepTheirMeaning() throws {
    var test = TestGraph()
    test.graph.hasHalfWeights = true
    let x = test.input("x", [2])
    let half = try test.one("Cast", [x], ["to": .int(10)])
    let negative = try test.one("Neg", [half])
    test.graph.outputs = [try test.one("Cast", [negative], ["to": .int(1)])]
    test.graph.outputs.append(
      try test.one("Add", [half, test.constant(halves([1, 1], [2]))]))
    let third = Float(1) / 3
    let results = try test.run([Tensor([third, 2], shape: [2])], passes: [HalfWidening()])
    #expect(results[0].elements(as: Float.self) == [-Float(Half(third)), -2])
    let widened = try HalfWidening().apply(test.graph, limits: TestGraph.limits)
    #expect(casts(widened) == 4)
  }

  /// Only a network with weights is widened, not arithmetic that is spelt out in half precision.
  @Test func leavesArithmeticAlone() throws {
    var test = TestGraph()
    let x = test.input("x", [4], .float16)
    test.graph.outputs = [try test.one("Exp", [try test.one("Sqrt", [x])])]
    #expect(try HalfWidening().apply(test.graph, limits: TestGraph.limits).nodes.count == 2)
    test.graph.hasHalfWeights = true
    #expect(try HalfWidening().apply(test.graph, limits: TestGraph.limits).nodes.count == 4)
  }
}
