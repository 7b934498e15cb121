// Tests of Networks: what float32 with constant weights computes by vector kernels is what the general
// way gives.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct VectorPathTests {
  /// One node's outputs; `constants` says which of the inputs are known beforehand.
  private func run(
    _ opType: String, _ inputs: [Tensor?], _ attributes: [String: AttributeValue],
    constants: Set<Int> = [], outputs: Int = 1
  ) throws -> [Tensor] {
    var test = TestGraph()
    test.opset = 25
    test.graph.opsets = ["": 25]
    var given: [Tensor] = []
    let values = inputs.enumerated().map { index, tensor -> ValueID? in
      guard let tensor else { return nil }
      if constants.contains(index) { return test.constant(tensor) }
      given.append(tensor)
      return test.input("x\(index)", nil, tensor.elementType)
    }
    test.graph.outputs = try test.node(opType, values, attributes, outputs: outputs)
    return try test.run(given)
  }

  private func expectClose(_ a: [Tensor], _ b: [Tensor], _ tolerance: Double = 2e-5) throws {
    #expect(a.count == b.count)
    for (x, y) in zip(a, b) {
      #expect(x.shape == y.shape)
      let off = zip(try x.numericElements(), try y.numericElements()).filter {
        !($0.0 == $0.1 || $0.0.isNaN && $0.1.isNaN || abs($0.0 - $0.1) <= tolerance)
      }
      #expect(off.isEmpty, "\(off.prefix(3))")
    }
  }

  @Test(
    arguments: [("LSTM", 4, 2), ("GRU", 3, 1), ("RNN", 1, 1)],
    ["forward", "reverse", "bidirectional"])
  func recurrence(layer: (name: String, gates: Int, states: Int), direction: String) throws {
    let (steps, batch, input, hidden) = (6, 3, 5, 19)
    let directions = direction == "bidirectional" ? 2 : 1
    for (seed, resets) in [(1, 0), (2, 1)] {
      var random = RandomTensors(seed: UInt64(seed))
      var inputs: [Tensor?] = [
        random([steps, batch, input]), random([directions, layer.gates * hidden, input]),
        random([directions, layer.gates * hidden, hidden]),
        random([directions, 2 * layer.gates * hidden]), nil, random([directions, batch, hidden]),
      ]
      if layer.states == 2 { inputs.append(random([directions, batch, hidden])) }
      var attributes: [String: AttributeValue] = [
        "hidden_size": .int(hidden), "direction": .string(direction),
      ]
      if layer.name == "GRU" { attributes["linear_before_reset"] = .int(resets) }
      try expectClose(
        run(layer.name, inputs, attributes, constants: [1, 2, 3], outputs: 1 + layer.states),
        run(layer.name, inputs, attributes, outputs: 1 + layer.states))
    }
  }

  @Test(arguments: [1, 2], [false, true]) func deformedTaps(groups: Int, masked: Bool) throws {
    var random = RandomTensors(seed: 5)
    let offsetGroups = 2
    var offsets = random([2, offsetGroups * 18, 11, 60], in: -4...4).elements(as: Float.self)
    (offsets[0], offsets[5], offsets[9]) = (.nan, .infinity, -1e30)
    let inputs: [Tensor?] = [
      random([2, 8, 13, 62]), random([6, 8 / groups, 3, 3]),
      Tensor(offsets, shape: [2, offsetGroups * 18, 11, 60]), random([6]),
      masked ? random([2, offsetGroups * 9, 11, 60]) : nil,
    ]
    let attributes: [String: AttributeValue] = [
      "group": .int(groups), "offset_group": .int(offsetGroups),
    ]
    try expectClose(
      run("DeformConv", inputs, attributes, constants: [1, 3]),
      run("DeformConv", inputs, attributes))
  }

  @Test(
    arguments: [
      ("MaxPool", [:]), ("AveragePool", [:]), ("AveragePool", ["count_include_pad": 1]),
    ] as [(String, [String: Int])],
    [
      ["kernel_shape": [3, 3, 3], "pads": [1, 1, 1, 1, 1, 1]],
      ["kernel_shape": [2, 2, 2], "strides": [2, 2, 2]],
      ["kernel_shape": [1, 2, 3], "strides": [1, 2, 1], "pads": [0, 1, 0, 0, 0, 2]],
      ["kernel_shape": [3, 2, 2], "dilations": [2, 1, 2]],
    ])
  func volumes(pool: (name: String, flags: [String: Int]), window: [String: [Int]]) throws {
    var attributes: [String: AttributeValue] = window.mapValues { .ints($0) }
    for (name, flag) in pool.flags { attributes[name] = .int(flag) }
    var random = RandomTensors(seed: 6)
    let x = random([2, 3, 7, 9, 11])
    try expectClose(
      run(pool.name, [x], attributes), run(pool.name, [x.converted(to: .float64)], attributes),
      1e-6)
  }

  @Test(arguments: ["nearest", "linear", "cubic"], ["zeros", "border", "reflection"])
  func warping(mode: String, padding: String) throws {
    var random = RandomTensors(seed: 7)
    for (image, grid) in [([2, 3, 6, 9], [2, 40, 30, 2]), ([1, 2, 4, 5, 6], [1, 8, 9, 10, 3])] {
      // Bicubic sampling of volumes is not told in the references.
      if mode == "cubic", image.count == 5 { continue }
      var places = random(try Shape(checking: grid), in: -1.5...1.5).elements(as: Float.self)
      // Mirrored, what is infinitely far could be anywhere.
      if padding != "reflection" { (places[3], places[8]) = (.nan, .infinity) }
      let x = random(try Shape(checking: image))
      let g = Tensor(places, shape: try Shape(checking: grid))
      for aligned in [0, 1] {
        let attributes: [String: AttributeValue] = [
          "mode": .string(mode), "padding_mode": .string(padding), "align_corners": .int(aligned),
        ]
        let wide = try run(
          "GridSample", [x.converted(to: .float64), g.converted(to: .float64)], attributes)
        let own = try run("GridSample", [x, g], attributes)
        if mode == "nearest" {
          // A coordinate rounded to float may fall on the other side of a half.
          let off = zip(try own[0].numericElements(), try wide[0].numericElements())
            .count { abs($0 - $1) > 1e-6 }
          #expect(off <= own[0].count / 500)
        } else {
          try expectClose(own, wide, 3e-5)
        }
      }
    }
  }

  /// Statistics that are known become one multiplication and addition beside what follows.
  @Test(arguments: [[2, 5, 7, 9], [3, 5]]) func normalisedChannelsAreActivated(shape: [Int]) throws
  {
    var test = TestGraph()
    var random = RandomTensors(seed: 8)
    let x = test.input("x")
    let statistics = [random([5]), random([5]), random([5]), random([5], in: 0.5...2)]
    let normal = try test.one("BatchNormalization", [x] + statistics.map { test.constant($0) })
    test.graph.outputs = [try test.one("Relu", [normal])]
    let rest = try test.expectUnchanged(
      by: [ElementwiseFusion()], [random(try Shape(checking: shape))], tolerance: 1e-6)
    #expect(rest.nodes.count == 1)
  }

  /// Attention in tiles against the general way, which any further output asks for.
  @Test(
    arguments: [
      [:], ["is_causal": .int(1)], ["softcap": .float(2)], ["scale": .float(0.3)],
      ["left_window_size": .int(3), "right_window_size": .int(2)],
    ] as [[String: AttributeValue]], [0, 1, 2, 3, 4])
  func attention(attributes: [String: AttributeValue], mask: Int) throws {
    var random = RandomTensors(seed: 9)
    let masks: [Tensor?] = [
      nil, random([2, 1, 37, 50], in: -3...3),
      Tensor((0..<37 * 50).map { $0 * 7 % 5 != 0 && $0 / 50 != 4 }, shape: [37, 50]),
      random([4, 37, 45], in: -3...3),
      Tensor((0..<37 * 50).map { $0 / 50 == 9 ? -Float.infinity : 0.5 }, shape: [37, 50]),
    ]
    for isFolded in [false, true] {
      var own = attributes
      if isFolded { (own["q_num_heads"], own["kv_num_heads"]) = (.int(4), .int(2)) }
      let inputs: [Tensor?] = [
        random(isFolded ? [2, 37, 48] : [2, 4, 37, 12], in: -2...2),
        random(isFolded ? [2, 50, 24] : [2, 2, 50, 12], in: -2...2),
        random(isFolded ? [2, 50, 40] : [2, 2, 50, 20]), masks[mask],
      ]
      let packed = try run("Attention", inputs, own)
      let general = try run("Attention", inputs, own, outputs: 4)
      try expectClose(packed, Array(general.prefix(1)), 1e-5)
    }
  }

  /// Several blocks of queries, the first of which see few of the keys.
  @Test(
    arguments: [
      ["is_causal": .int(1)], ["right_window_size": .int(70)],
      ["is_causal": .int(1), "left_window_size": .int(20)],
    ] as [[String: AttributeValue]], [(300, 300), (260, 90), (90, 400)])
  func longAttentionWithBounds(attributes: [String: AttributeValue], lengths: (Int, Int)) throws {
    var random = RandomTensors(seed: 10)
    let inputs: [Tensor?] = [
      random([1, 2, lengths.0, 8], in: -2...2), random([1, 2, lengths.1, 8], in: -2...2),
      random([1, 2, lengths.1, 9]),
    ]
    let packed = try run("Attention", inputs, attributes)
    let general = try run("Attention", inputs, attributes, outputs: 4)
    try expectClose(packed, Array(general.prefix(1)), 1e-5)
  }
}
