// Room: Networks. ONNX Runtime's operator GroupQueryAttention.

internal import Tensors

/// Causal attention of grouped heads over a cache that grows or has room, with rotation inside.
///
/// **Shapes**: queries `[batch, length, heads · size]`, keys and values with heads of their own, or
/// all three side by side in one; caches `[batch, heads, length, size]`; `[batch]` how many keys each
/// image has, less one; tables `[positions, size / 2]`. **Edge cases**: a cache longer than the keys
/// is filled where they end. **Throws** while running where the keys do not fit.
/// **Source**: com.microsoft GroupQueryAttention, version 1.
package struct ComMicrosoftGroupQueryAttentionOperator: Operator {
  private let heads: Int
  private let keyHeads: Int
  private let rotates: Bool
  private let interleaves: Bool
  private let attributes: [String: AttributeValue]

  package init(_ node: NodeDescription) throws {
    heads = try node.int("num_heads", default: 0)
    keyHeads = try node.int("kv_num_heads", default: 0)
    rotates = try node.flag("do_rotary")
    interleaves = try node.flag("rotary_interleaved")
    guard heads > 0, keyHeads > 0, heads % keyHeads == 0 else {
      throw OperatorFault.invalid("\(heads) heads do not divide among \(keyHeads) key heads")
    }
    var attributes: [String: AttributeValue] = [:]
    if try node.flag("causal", default: true) { attributes["is_causal"] = .int(1) }
    if let scale = try node.float("scale"), scale != 0 { attributes["scale"] = .float(scale) }
    if let cap = try node.float("softcap"), cap != 0 { attributes["softcap"] = .float(cap) }
    let window = try node.int("local_window_size", default: -1)
    // The window counts the query's own place.
    if window > 0 { attributes["left_window_size"] = .int(window - 1) }
    self.attributes = attributes
    for (index, what) in [(11, "head sinks"), (12, "quantised caches"), (14, "inner norms")]
    where node.hasInput(index) {
      throw OperatorFault.unsupported(what)
    }
    for name in ["qk_output", "sliding_window_cache"] where try node.flag(name) {
      throw OperatorFault.unsupported(name)
    }
    guard try node.int("smooth_softmax", default: -1) <= 0, !node.hasInput(9) else {
      throw OperatorFault.unsupported("smooth softmax or positions of the caller's")
    }
  }

  package var widening: Widening { .none }
  package var valueInputs: [Int] { [6] }

  fileprivate struct Lengths: Sendable {
    var batch: Int
    var length: Int
    var size: Int
    var past: Int
    var present: Int
    var isPacked: Bool
  }

  private func lengths(_ inputs: Operands) throws -> Lengths {
    let query = try inputs.required(0, rank: 3...3).shape
    let isPacked = inputs[1] == nil
    let slots = isPacked ? heads + 2 * keyHeads : heads
    guard query[2] % slots == 0, isPacked == (inputs[2] == nil) else {
      throw OperatorFault.invalid("shape \(query) does not divide into \(slots) heads")
    }
    let size = query[2] / slots
    for index in 1...2 {
      if let shape = inputs[index]?.shape,
        shape.dimensions != [query[0], query[1], keyHeads * size]
      {
        throw OperatorFault.invalid("input \(index) of shape \(shape) does not fit \(query)")
      }
    }
    let past = inputs[3].map { $0.shape.rank == 4 ? $0.shape[2] : 0 } ?? 0
    for index in 3...4 {
      if let shape = inputs[index]?.shape, shape.dimensions != [query[0], keyHeads, past, size] {
        throw OperatorFault.invalid("a cache of shape \(shape) does not fit \(query)")
      }
    }
    guard let total = try inputs.integer(6), (0...1 << 40).contains(total) else {
      throw OperatorFault.invalid("how many keys there are is missing")
    }
    if let counts = try? inputs.required(5).shape, counts.count != query[0] {
      throw OperatorFault.invalid("there is not one count of keys for each of \(query[0]) images")
    }
    if rotates {
      for index in 7...8 where try inputs.required(index, rank: 2...2).shape[1] * 2 > size {
        throw OperatorFault.invalid("a table is wider than half of \(size) values")
      }
      guard inputs[7]?.shape == inputs[8]?.shape else {
        throw OperatorFault.invalid("the tables of cosines and sines differ in shape")
      }
    }
    return Lengths(
      batch: query[0], length: query[1], size: size, past: past, present: max(past, total),
      isPacked: isPacked)
  }

  private func inner(_ inputs: Operands, _ lengths: Lengths) throws -> (AttentionOperator, Operands)
  {
    let type = try inputs.requireSameType([0, 1, 2, 3, 4, 10])
    let query = try TensorFacts(
      type, checking: [lengths.batch, heads, lengths.length, lengths.size])
    let key = try TensorFacts(
      type, checking: [lengths.batch, keyHeads, lengths.present, lengths.size])
    let counts = try TensorFacts(.int64, checking: [lengths.batch])
    let operation = try AttentionOperator(
      NodeDescription(opType: "Attention", opset: Opset.newest, attributes: attributes))
    return (
      operation,
      Operands([query, key, key, inputs[10], nil, nil, counts], wantedOutputs: [true])
    )
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let lengths = try lengths(inputs)
    let (_, operands) = try inner(inputs, lengths)
    let type = try inputs.required(0).elementType
    return [
      try TensorFacts(
        type, checking: [lengths.batch, lengths.length, Checked.product(heads, lengths.size)]),
      operands[1], operands[2],
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let lengths = try lengths(inputs)
    let (operation, operands) = try inner(inputs, lengths)
    let facts = try operation.infer(operands)
    let kernel = try operation.prepareWidened(
      operands, outputs: facts, limits: MemoryLimits(bytes: .max))
    guard let made = facts[0] else { throw OperatorFault.invalid("it makes nothing") }
    let type = made.elementType
    return Kernel(scratchBytes: kernel.scratchBytes) { [self] arguments in
      let counts = try arguments.input(5).integerElements(input: 5).map { $0 &+ 1 }
      let isFirst = counts.allSatisfy { $0 <= lengths.length } && lengths.present == lengths.length
      let starts = counts.map { isFirst ? 0 : $0 &- lengths.length }
      guard starts.allSatisfy({ $0 >= 0 && $0 <= lengths.present - lengths.length }) else {
        throw OperatorFault.invalid("\(counts) keys do not fit a cache of \(lengths.present)")
      }
      var parts = try self.parts(arguments, lengths)
      if rotates {
        let tables = try (7...8).map { try arguments.input($0).numericElements().map(Float.init) }
        let width = try arguments.input(7).shape[1]
        for index in 0...1 {
          parts[index] = try rotated(parts[index], starts, tables, width)
        }
      }
      var caches: [Tensor] = []
      for index in 1...2 {
        let past = arguments.optionalInput(index + 2)?.contiguous()
        caches.append(try cache(parts[index], past, starts, lengths))
      }
      let ends = starts.map { Int64($0 + lengths.length) }
      let result = try Tensor(working: made.shape, type)
      var given = arguments
      given.inputs = [
        try ElementConversion.convert(parts[0], to: type),
        try ElementConversion.convert(caches[0], to: type),
        try ElementConversion.convert(caches[1], to: type), arguments.optionalInput(10), nil, nil,
        Tensor(ends, shape: [lengths.batch]),
      ]
      given.outputs = [result]
      try kernel.run(given)
      if let output = arguments.outputs.first.flatMap({ $0 }) {
        try ElementConversion.convert(result.transposed([0, 2, 1, 3]).contiguous(), into: output)
      }
      for index in 1..<max(arguments.outputs.count, 1) {
        guard let output = arguments.outputs[index] else { continue }
        try ElementConversion.convert(caches[index - 1], into: output)
      }
    }
  }

  /// Queries, keys and values as float32 `[batch, heads, length, size]`.
  private func parts(_ arguments: KernelArguments, _ lengths: Lengths) throws -> [Tensor] {
    func unfolded(_ tensor: Tensor, _ heads: Int) throws -> Tensor {
      try ElementConversion.convert(tensor, to: .float32)
        .reshaped(to: Shape(checking: [lengths.batch, lengths.length, heads, lengths.size]))
        .transposed([0, 2, 1, 3]).contiguous()
    }
    guard lengths.isPacked else {
      return [
        try unfolded(arguments.input(0), heads), try unfolded(arguments.input(1), keyHeads),
        try unfolded(arguments.input(2), keyHeads),
      ]
    }
    let all = try unfolded(arguments.input(0), heads + 2 * keyHeads)
    return [
      all.sliced(1, 0..<heads).contiguous(),
      all.sliced(1, heads..<heads + keyHeads).contiguous(),
      all.sliced(1, heads + keyHeads..<heads + 2 * keyHeads).contiguous(),
    ]
  }

  private func rotated(
    _ tensor: Tensor, _ starts: [Int], _ tables: [[Float]], _ width: Int
  ) throws -> Tensor {
    let (heads, length, size) = (tensor.shape[1], tensor.shape[2], tensor.shape[3])
    var values = tensor.elements(as: Float.self)
    for row in 0..<values.count / max(size, 1) {
      let position = starts[row / (heads * length)] + row % length
      guard (position + 1) * width <= tables[0].count else {
        throw OperatorFault.invalid("position \(position) lies outside the tables")
      }
      for pair in 0..<width {
        let a = row * size + (interleaves ? 2 * pair : pair)
        let b = interleaves ? a + 1 : a + width
        let (cosine, sine) = (
          tables[0][position * width + pair], tables[1][position * width + pair]
        )
        (values[a], values[b]) = (
          cosine * values[a] - sine * values[b], sine * values[a] + cosine * values[b]
        )
      }
    }
    return Tensor(values, shape: tensor.shape)
  }

  /// The past cache with new rows from each image's start on.
  private func cache(
    _ new: Tensor, _ past: Tensor?, _ starts: [Int], _ lengths: Lengths
  ) throws -> Tensor {
    let result = Tensor(
      zeros: try Shape(checking: [lengths.batch, keyHeads, lengths.present, lengths.size]))
    let target = result.plannedDestination(of: Float.self)
    let old = try past.map {
      try ElementConversion.convert($0, to: .float32).elements(as: Float.self)
    }
    let fresh = new.elements(as: Float.self)
    for head in 0..<lengths.batch * keyHeads {
      let start = head * lengths.present * lengths.size
      if let old {
        let count = lengths.past * lengths.size
        for index in 0..<count { target[start + index] = old[head * count + index] }
      }
      let place = start + starts[head / keyHeads] * lengths.size
      let count = lengths.length * lengths.size
      for index in 0..<count { target[place + index] = fresh[head * count + index] }
    }
    return result
  }
}
