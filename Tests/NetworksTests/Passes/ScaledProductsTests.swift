// Tests of Networks: products of bytes whose sums are scaled.

import Networks
import Tensors
import Testing

@Suite struct ScaledProductsTests {
  /// What dynamic quantisation exports; scales and zero points for all columns or for each.
  @Test(arguments: [false, true], [false, true])
  func aDynamicProductIsOneNode(byColumn: Bool, hasBias: Bool) throws {
    var random = RandomTensors(seed: 61)
    var test = TestGraph()
    let x = test.input("x")
    let columns: Shape = byColumn ? [9] : .scalar
    let quantized = try test.node("DynamicQuantizeLinear", [x], outputs: 3)
    let weights = test.constant(random([20, 9], in: -120...120).converted(to: .int8))
    let zeros = test.constant(random(columns, in: -5...5).converted(to: .int8))
    let scales = test.constant(random(columns, in: 0.01...0.02))
    let sums = try test.one("MatMulInteger", [quantized[0], weights, quantized[2], zeros])
    let floats = try test.one("Cast", [sums], ["to": .int(1)])
    var y = try test.one("Mul", [floats, try test.one("Mul", [quantized[1], scales])])
    if hasBias { y = try test.one("Add", [test.constant(random([9])), y]) }
    test.graph.outputs = [y]
    let rest = try test.expectUnchanged(by: [ScaledProducts()], [random([2, 7, 20])])
    #expect(rest.nodes.map(\.opType) == ["DynamicQuantizeLinear", "Mul", "MatMulIntegerToFloat"])
  }

  /// Scales that are no row, sums that others read, and a bias that is one number stay.
  @Test func whatDoesNotFitStays() throws {
    var random = RandomTensors(seed: 62)
    var test = TestGraph()
    let x = test.input("x", [4, 20], .uint8)
    let weights = test.constant(random([20, 9], in: -120...120).converted(to: .int8))
    func product() throws -> (sums: ValueID, floats: ValueID) {
      let sums = try test.one("MatMulInteger", [x, weights])
      return (sums, try test.one("Cast", [sums], ["to": .int(1)]))
    }
    let byRow = try test.one("Mul", [try product().floats, test.constant(random([4, 1]))])
    let (sums, floats) = try product()
    let read = try test.one("Mul", [floats, test.constant(random([9]))])
    let scaled = try test.one("Mul", [try product().floats, test.constant(random([9]))])
    let shifted = try test.one("Add", [scaled, test.constant(Tensor(Float(3)))])
    test.graph.outputs = [byRow, read, sums, shifted]
    let bytes = random([4, 20], in: 0...255).converted(to: .uint8)
    let rest = try test.expectUnchanged(by: [ScaledProducts()], [bytes])
    #expect(rest.nodes.count { $0.opType == "MatMulInteger" } == 2)
    #expect(rest.nodes.count { $0.opType == "MatMulIntegerToFloat" } == 1)
  }
}
