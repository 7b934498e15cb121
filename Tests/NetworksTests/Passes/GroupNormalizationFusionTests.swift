// Tests of Networks: group normalisation from the reshapes it is exported as, and what follows it.

import Networks
import Tensors
import Testing

@Suite struct GroupNormalizationFusionTests {
  private let pass = GroupNormalizationFusion()

  private func constant(_ test: inout TestGraph, _ values: [Float], _ shape: Shape) -> ValueID {
    test.constant(Tensor(values, shape: shape))
  }

  /// Channels reshaped to `groups`, normalised and shaped back.
  private func grouped(
    _ test: inout TestGraph, _ x: ValueID, _ shape: [Int], groups: Int
  ) throws -> ValueID {
    let flat = try test.one("Reshape", [x, test.ints([shape[0], groups, -1])])
    let scale = constant(&test, (0..<groups).map { 1 + Float($0) / 4 }, [groups])
    let shift = constant(&test, (0..<groups).map { Float($0) / 8 }, [groups])
    let normal = try test.one("InstanceNormalization", [flat, scale, shift])
    return try test.one("Reshape", [normal, test.ints(shape)])
  }

  @Test(arguments: [[2, 6, 5, 7], [1, 6, 3, 4, 5], [3, 6, 9]], [1, 2, 6])
  func reshapedGroupsAreOneNormalisation(shape: [Int], groups: Int) throws {
    var random = RandomTensors(seed: 40)
    var test = TestGraph()
    let x = test.input("x", shape)
    let channels = [6] + [Int](repeating: 1, count: shape.count - 2)
    let normal = try grouped(&test, x, shape, groups: groups)
    let scaled = try test.one(
      "Mul", [normal, test.constant(random(try Shape(checking: channels)))])
    let shifted = try test.one(
      "Add", [test.constant(random(try Shape(checking: channels))), scaled])
    test.graph.outputs = [try test.one("LeakyRelu", [shifted])]
    let rest = try test.expectUnchanged(
      by: [pass], [random(try Shape(checking: shape))], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["GroupNormalization"])
  }

  @Test(arguments: ["Relu", "LeakyRelu", "Tanh", "Swish"])
  func instancesTakeInActivations(activation: String) throws {
    var random = RandomTensors(seed: 41)
    var test = TestGraph()
    let x = test.input("x", [2, 3, 9, 11])
    let normal = try test.one(
      "InstanceNormalization", [x, test.constant(random([3])), test.constant(random([3]))])
    test.graph.outputs = [try test.one(activation, [normal])]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 3, 9, 11])], tolerance: 5e-6)
    #expect(rest.nodes.map(\.opType) == ["GroupNormalization"])
  }

  /// Another use of what lies between, other shapes, numbers that are not by channel.
  @Test func whatIsNotAGroupNormalisationStays() throws {
    var random = RandomTensors(seed: 42)
    var test = TestGraph()
    let shape = [2, 6, 4, 6]
    let x = test.input("x", shape)
    let flat = try test.one("Reshape", [x, test.ints([2, 2, -1])])
    let normal = try test.one(
      "InstanceNormalization", [flat, test.constant(random([2])), test.constant(random([2]))])
    let back = try test.one("Reshape", [normal, test.ints([2, 12, 2, 6])])
    let own = try grouped(&test, x, shape, groups: 3)
    let columns = try test.one("Mul", [own, test.constant(random([6]))])
    test.graph.outputs = [back, try test.one("Relu", [own]), columns]
    let rest = try test.expectUnchanged(by: [pass], [random([2, 6, 4, 6])], tolerance: 5e-6)
    #expect(rest.nodes.filter { $0.opType == "GroupNormalization" }.count == 1)
    #expect(rest.nodes.contains { $0.opType == "InstanceNormalization" })
    #expect(rest.nodes.contains { $0.opType == "Relu" })
    #expect(rest.nodes.contains { $0.opType == "Mul" })
  }
}
