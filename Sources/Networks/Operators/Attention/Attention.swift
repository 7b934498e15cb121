// Room: Networks. The operator Attention.

internal import Tensors

/// Scaled dot-product attention with masks, causal and window bounds, caches and grouped heads.
///
/// **Shapes**: `[batch, heads, length, size]`, or `[batch, length, heads · size]` with the numbers of
/// heads as attributes. **Edge cases**: a row in which everything is masked gives zeros; float64 is
/// computed in float32; masks of any number type are added.
/// **Source**: ONNX Attention, opsets 23, 24 (`nonpad_kv_seqlen`), 25 (windows).
package struct AttentionOperator: Operator {
  let isCausal: Bool
  let queryHeads: Int?
  let keyHeads: Int?
  let scale: Float?
  let softcap: Float
  let outputMode: Int
  let precision: ElementType?
  let left: Int
  let right: Int

  package init(_ node: NodeDescription) throws {
    isCausal = try node.flag("is_causal")
    queryHeads = try node.int("q_num_heads")
    keyHeads = try node.int("kv_num_heads")
    scale = try node.float("scale")
    softcap = try node.float("softcap", default: 0)
    outputMode = try node.int("qk_matmul_output_mode", default: 0)
    precision = try node.elementType("softmax_precision")
    left = try node.int("left_window_size", default: -1)
    right = try node.int("right_window_size", default: -1)
    guard (0...3).contains(outputMode), left >= -1, right >= -1, scale.map({ $0 >= 0 }) ?? true
    else { throw OperatorFault.invalid("an attribute is out of range") }
  }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let shapes = try AttentionShapes(self, inputs)
    let type = try inputs.requireSameType([0, 1, 4])
    let values = try inputs.requireSameType([2, 5])
    return [
      try TensorFacts(type, checking: shapes.output),
      try TensorFacts(
        type, checking: [shapes.batch, shapes.keyHeads, shapes.total, shapes.keySize]),
      try TensorFacts(
        values, checking: [shapes.batch, shapes.keyHeads, shapes.total, shapes.valueSize]),
      try TensorFacts(
        type, checking: [shapes.batch, shapes.queryHeads, shapes.queries, shapes.total]),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try AttentionShapes(self, inputs)
    if let packed = PackedAttention(self, shapes, inputs) { return packed.kernel }
    let round: @Sendable (Float) -> Float
    switch try inputs.required(0).elementType {
    case .float32, .float64: round = { $0 }
    case .float16: round = { Float(Half($0)) }
    case .bfloat16: round = { Float(BFloat16($0)) }
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
    let softmaxRounds = precision == nil || precision == inputs[0]?.elementType
    return Kernel { [self] arguments in
      let run = try AttentionRun(
        self, shapes, arguments, round: round, softmaxRounds: softmaxRounds)
      try run.compute(arguments)
    }
  }
}

/// Attention's lengths, checked.
struct AttentionShapes: Sendable {
  let batch: Int
  let queryHeads: Int
  let keyHeads: Int
  let queries: Int
  let keys: Int
  let past: Int
  let keySize: Int
  let valueSize: Int
  /// Whether heads are folded into the last dimension.
  let isFolded: Bool

  var total: Int { past + keys }
  var output: [Int] {
    isFolded
      ? [batch, queries, queryHeads * valueSize] : [batch, queryHeads, queries, valueSize]
  }

  init(_ operation: AttentionOperator, _ inputs: Operands) throws {
    let q = try inputs.required(0, rank: 3...4).shape
    let k = try inputs.required(1, rank: q.rank...q.rank).shape
    let v = try inputs.required(2, rank: q.rank...q.rank).shape
    isFolded = q.rank == 3
    batch = q[0]
    if isFolded {
      guard let own = operation.queryHeads, let other = operation.keyHeads, own > 0, other > 0,
        q[2] % own == 0, k[2] % other == 0, v[2] % other == 0
      else { throw OperatorFault.invalid("the numbers of heads do not divide the last dimension") }
      (queryHeads, keyHeads, queries, keys) = (own, other, q[1], k[1])
      (keySize, valueSize) = (k[2] / other, v[2] / other)
      guard q[2] / own == keySize, v[1] == keys else {
        throw OperatorFault.invalid("shapes \(q), \(k) and \(v) do not go together")
      }
    } else {
      (queryHeads, keyHeads, queries, keys) = (q[1], k[1], q[2], k[2])
      (keySize, valueSize) = (k[3], v[3])
      guard q[3] == keySize, v[2] == keys, v[1] == keyHeads else {
        throw OperatorFault.invalid("shapes \(q), \(k) and \(v) do not go together")
      }
    }
    guard k[0] == batch, v[0] == batch, keyHeads > 0, queryHeads % keyHeads == 0 else {
      throw OperatorFault.invalid("shapes \(q), \(k) and \(v) do not go together")
    }
    past = inputs[4].map { $0.shape.rank == 4 ? $0.shape[2] : -1 } ?? 0
    if let pastKeys = inputs[4]?.shape, let pastValues = inputs[5]?.shape {
      guard pastKeys.dimensions == [batch, keyHeads, past, keySize],
        pastValues.dimensions == [batch, keyHeads, past, valueSize]
      else { throw OperatorFault.invalid("caches \(pastKeys) and \(pastValues) do not fit") }
    } else if inputs[4] != nil || inputs[5] != nil {
      throw OperatorFault.invalid("only one of the two caches is given")
    }
    if let lengths = inputs[6] {
      guard lengths.shape.dimensions == [batch], past == 0, inputs[4] == nil else {
        throw OperatorFault.invalid("there is not one key length for each batch")
      }
      try inputs.requireType(6, .int64)
    }
    if let mask = inputs[3] {
      guard (1...4).contains(mask.shape.rank), mask.shape[mask.shape.rank - 1] <= past + keys
      else { throw OperatorFault.invalid("a mask of shape \(mask.shape) does not fit") }
      let lead = try Shape(checking: Array(mask.shape.dimensions.dropLast()))
      guard
        try lead.broadcast(with: [batch, queryHeads, queries]).dimensions
          == [batch, queryHeads, queries]
      else { throw OperatorFault.invalid("a mask of shape \(mask.shape) does not fit") }
    }
  }
}

/// One run of attention, head by head.
private struct AttentionRun {
  private let operation: AttentionOperator
  private let shapes: AttentionShapes
  private let round: @Sendable (Float) -> Float
  private let softmaxRounds: Bool
  /// bfloat16's sums are rounded at every step, float16's once: so does ONNX's reference.
  private let sumRounds: Bool
  private let query: [Float]
  private let key: [Float]
  private let value: [Float]
  private let mask: (values: [Float], lengths: [Int])?
  private let lengths: [Int]?

  init(
    _ operation: AttentionOperator, _ shapes: AttentionShapes, _ arguments: KernelArguments,
    round: @escaping @Sendable (Float) -> Float, softmaxRounds: Bool
  ) throws {
    (self.operation, self.shapes, self.round) = (operation, shapes, round)
    self.softmaxRounds = softmaxRounds
    sumRounds = arguments.optionalInput(0)?.elementType == .bfloat16
    func floats(_ index: Int) throws -> [Float] {
      guard let tensor = arguments.optionalInput(index) else { return [] }
      return try ElementConversion.convert(tensor, to: .float32).elements(as: Float.self)
    }
    query = Self.unfolded(
      try floats(0), shapes, heads: shapes.queryHeads, count: shapes.queries, size: shapes.keySize)
    let newKeys = Self.unfolded(
      try floats(1), shapes, heads: shapes.keyHeads, count: shapes.keys, size: shapes.keySize)
    let newValues = Self.unfolded(
      try floats(2), shapes, heads: shapes.keyHeads, count: shapes.keys, size: shapes.valueSize)
    key = Self.joined(try floats(4), newKeys, shapes, size: shapes.keySize)
    value = Self.joined(try floats(5), newValues, shapes, size: shapes.valueSize)
    if let tensor = arguments.optionalInput(3) {
      var values = try floats(3)
      if tensor.elementType == .bool { values = values.map { $0 != 0 ? 0 : -.infinity } }
      let rank = tensor.shape.rank
      mask = (values, [Int](repeating: 1, count: 4 - rank) + tensor.shape.dimensions)
    } else {
      mask = nil
    }
    lengths = try arguments.optionalInput(6)?.integerElements(input: 6)
    if let lengths, !lengths.allSatisfy({ 0...shapes.total ~= $0 }) {
      throw OperatorFault.invalid("a key length of \(lengths) is not one of 0 to \(shapes.total)")
    }
  }

  /// `[batch, count, heads, size]` as `[batch, heads, count, size]`.
  private static func unfolded(
    _ values: [Float], _ shapes: AttentionShapes, heads: Int, count: Int, size: Int
  ) -> [Float] {
    guard shapes.isFolded else { return values }
    var result = values
    for index in 0..<shapes.batch * count * heads {
      let (batch, rest) = (index / (count * heads), index % (count * heads))
      let (position, head) = (rest / heads, rest % heads)
      let target = ((batch * heads + head) * count + position) * size
      for own in 0..<size { result[target + own] = values[index * size + own] }
    }
    return result
  }

  private static func joined(
    _ past: [Float], _ new: [Float], _ shapes: AttentionShapes, size: Int
  ) -> [Float] {
    guard shapes.past > 0 else { return new }
    var result: [Float] = []
    result.reserveCapacity(past.count + new.count)
    for head in 0..<shapes.batch * shapes.keyHeads {
      let old: Int = shapes.past * size
      let own: Int = shapes.keys * size
      result += Array(past[head * old..<(head + 1) * old])
      result += Array(new[head * own..<(head + 1) * own])
    }
    return result
  }

  func compute(_ arguments: KernelArguments) throws {
    let (total, queries) = (shapes.total, shapes.queries)
    let size = shapes.keySize
    let root = round(
      Float((Double(operation.scale ?? 0)).squareRoot()))
    let factor =
      operation.scale == nil
      ? round(Float((1 / Double(max(size, 1)).squareRoot()).squareRoot())) : root
    let q = query.map { round($0 * factor) }
    let k = key.map { round($0 * factor) }
    func buffer(_ index: Int) throws -> Tensor? {
      index < arguments.outputs.count ? arguments.outputs[index] : nil
    }
    let scores = try buffer(3).map { try Tensor(working: $0.shape, .float32) }
    let exposed = scores?.plannedDestination(of: Float.self)
    let result = Tensor(
      uninitialized: [shapes.batch, shapes.queryHeads, queries, shapes.valueSize], .float32)
    let target = result.plannedDestination(of: Float.self)
    let heads = shapes.queryHeads
    let cost = Double(queries * total * (size + shapes.valueSize)) * 0.2
    Parallel.items(shapes.batch * heads, nanoseconds: cost) { (item: Int) -> Void in
      self.computeHead(item, q, k, exposed, target)
    }
    if let output = try buffer(0) {
      let final = shapes.isFolded ? try result.transposed([0, 2, 1, 3]).contiguous() : result
      try ElementConversion.convert(final, into: output)
    }
    for (index, values) in [(1, key), (2, value)] {
      guard let output = try buffer(index) else { continue }
      try ElementConversion.convert(Tensor(values, shape: output.shape), into: output)
    }
    if let scores, let output = try buffer(3) {
      try ElementConversion.convert(scores, into: output)
    }
  }

  /// Scores, probabilities and results of one head of one batch.
  private func computeHead(
    _ item: Int, _ q: [Float], _ k: [Float], _ exposed: UnsafeMutableBufferPointer<Float>?,
    _ target: UnsafeMutableBufferPointer<Float>
  ) {
    let (total, queries, size) = (shapes.total, shapes.queries, shapes.keySize)
    let (batch, head) = (item / shapes.queryHeads, item % shapes.queryHeads)
    let group: Int = shapes.queryHeads / shapes.keyHeads
    let source: Int = batch * shapes.keyHeads + head / group
    let mode = operation.outputMode
    var row = [Float](repeating: 0, count: total)
    var bias = [Float](repeating: 0, count: total)
    for position in 0..<queries {
      fillBias(&bias, batch, head, position)
      let isMasked = bias.allSatisfy { $0 == -Float.infinity }
      let query: Int = (item * queries + position) * size
      let place: Int = (item * queries + position) * total
      for other in 0..<total {
        var score: Float = round(dot(q, query, k, (source * total + other) * size, size))
        if mode == 0 { exposed?[place + other] = score }
        if operation.softcap > 0 {
          let bent: Float = round(Float.tanh(round(score / operation.softcap)))
          score = round(bent * operation.softcap)
        }
        if mode == 1 { exposed?[place + other] = score }
        row[other] = round(score + bias[other])
        if mode == 2 { exposed?[place + other] = row[other] }
      }
      softmax(&row, isMasked)
      if mode == 3 {
        for other in 0..<total { exposed?[place + other] = row[other] }
      }
      let start: Int = (item * queries + position) * shapes.valueSize
      for own in 0..<shapes.valueSize {
        var sum: Float = 0
        for other in 0..<total {
          sum += row[other] * value[(source * total + other) * shapes.valueSize + own]
        }
        target[start + own] = round(sum)
      }
    }
  }

  private func dot(_ a: [Float], _ aStart: Int, _ b: [Float], _ bStart: Int, _ count: Int) -> Float
  {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
        return VectorMath.dot(x + aStart, y + bStart, count: count)
      }
    }
  }

  /// What is added to the scores of one query: the mask, and -∞ for keys out of bounds.
  private func fillBias(_ bias: inout [Float], _ batch: Int, _ head: Int, _ position: Int) {
    var offset = shapes.past
    if let lengths { offset = lengths[batch] - shapes.queries }
    for other in 0..<shapes.total {
      var value: Float = 0
      if let mask {
        let last = mask.lengths[3]
        var index = 0
        for (axis, own) in [batch, head, position].enumerated() {
          let length: Int = mask.lengths[axis]
          index = index * length + (length == 1 ? 0 : own)
        }
        value = other < last ? mask.values[index * last + other] : -Float.infinity
      }
      let distance = position + offset - other
      if operation.isCausal, distance < 0 { value += -.infinity }
      if operation.left >= 0, distance > operation.left { value += -.infinity }
      if operation.right >= 0, -distance > operation.right { value += -.infinity }
      if let lengths, other >= lengths[batch] { value += -.infinity }
      bias[other] = value
    }
  }

  private func softmax(_ row: inout [Float], _ isMasked: Bool) {
    @inline(__always) func own(_ x: Float) -> Float { softmaxRounds ? round(x) : x }
    var largest = -Float.infinity
    for value in row where value > largest || value.isNaN { largest = value }
    if isMasked || largest == -.infinity {
      for index in row.indices { row[index] = 0 }
      return
    }
    var sum: Float = 0
    for index in row.indices {
      row[index] = own(Float.exp(own(row[index] - largest)))
      sum = sumRounds ? own(sum + row[index]) : sum + row[index]
    }
    let divisor: Float = sum == 0 ? 1 : own(sum)
    for index in row.indices { row[index] = round(own(row[index] / divisor)) }
  }
}
