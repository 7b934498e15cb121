// Room: Networks. How ONNX Runtime's attention packs queries, keys, values and masks.

internal import Tensors

/// The lengths of fused attention, and where its projections lie.
struct AttentionLayout: Sendable {
  let batch: Int
  let heads: Int
  let queries: Int
  let keys: Int
  let keySize: Int
  let valueSize: Int
  let mask: AttentionMask?

  init(_ inputs: Operands, heads: Int) throws {
    self.heads = heads
    let query = try inputs.required(0).shape
    func folded(_ shape: Shape) throws -> (length: Int, size: Int) {
      guard shape.rank == 3, shape[2] % heads == 0 else {
        throw OperatorFault.invalid("shape \(shape) does not divide into \(heads) heads")
      }
      return (shape[1], shape[2] / heads)
    }
    func unfolded(_ shape: Shape) throws -> (length: Int, size: Int) {
      guard shape.rank == 4 else { return try folded(shape) }
      guard shape[1] == heads else {
        throw OperatorFault.invalid("shape \(shape) does not have \(heads) heads")
      }
      return (shape[2], shape[3])
    }
    batch = query.rank > 0 ? query[0] : 0
    if query.rank == 5 {
      guard query[2] == heads, query[3] == 3, inputs[1] == nil, inputs[2] == nil else {
        throw OperatorFault.invalid("packed projections of shape \(query) do not fit")
      }
      (queries, keys, keySize, valueSize) = (query[1], query[1], query[4], query[4])
    } else if let key = inputs[1]?.shape {
      (queries, keySize) = try folded(query)
      if key.rank == 5 {
        guard key[0] == batch, key[2] == heads, key[3] == 2, key[4] == keySize, inputs[2] == nil
        else { throw OperatorFault.invalid("packed keys of shape \(key) do not fit") }
        (keys, valueSize) = (key[1], key[4])
      } else {
        let value = try inputs.required(2).shape
        let own = try unfolded(key)
        let other = try unfolded(value)
        guard own.size == keySize, own.length == other.length, key[0] == batch, value[0] == batch
        else {
          throw OperatorFault.invalid("shapes \(query), \(key) and \(value) do not go together")
        }
        (keys, valueSize) = (own.length, other.size)
      }
    } else {
      (queries, keySize) = try folded(query)
      (keys, valueSize) = (queries, keySize)
      throw OperatorFault.invalid("keys are missing")
    }
    if let bias = inputs[3]?.shape {
      let width = try Checked.product(heads, 2 * keySize + valueSize)
      guard bias.dimensions == [width] else {
        throw OperatorFault.invalid("a bias of shape \(bias) is not [\(width)]")
      }
    }
    let past = inputs[6].map { $0.shape.rank == 4 ? $0.shape[2] : 0 } ?? 0
    mask = try AttentionMask(
      inputs, batch: batch, heads: heads, queries: queries, keys: keys, past: past)
  }

  /// Queries, keys and values as `[batch, heads, length, size]`, with the bias added.
  func projections(_ arguments: KernelArguments) throws -> [Tensor] {
    let query = try arguments.input(0)
    var parts: [Tensor]
    if query.shape.rank == 5 {
      parts = try (0..<3).map { try unpacked(query, $0) }
    } else {
      let key = try arguments.input(1)
      parts = [try unfolded(query, keySize)]
      if key.shape.rank == 5 {
        parts += try (0..<2).map { try unpacked(key, $0) }
      } else {
        parts += [try unfolded(key, keySize), try unfolded(arguments.input(2), valueSize)]
      }
    }
    guard let bias = arguments.optionalInput(3)?.contiguous() else { return parts }
    var start = 0
    for (index, size) in [keySize, keySize, valueSize].enumerated() {
      let own = try bias.sliced(0, start..<start + heads * size)
        .contiguous().reshaped(to: [heads, 1, size])
      parts[index] = try Self.sum(parts[index], own)
      start += heads * size
    }
    return parts
  }

  private func unfolded(_ tensor: Tensor, _ size: Int) throws -> Tensor {
    guard tensor.shape.rank == 3 else { return tensor.contiguous() }
    return try tensor.contiguous()
      .reshaped(to: Shape(checking: [batch, tensor.shape[1], heads, size]))
      .transposed([0, 2, 1, 3]).contiguous()
  }

  /// Part `index` of `[batch, length, heads, parts, size]`.
  private func unpacked(_ tensor: Tensor, _ index: Int) throws -> Tensor {
    let shape = tensor.shape
    return try tensor.contiguous().sliced(3, index..<index + 1).contiguous()
      .reshaped(to: [shape[0], shape[1], shape[2], shape[4]])
      .transposed([0, 2, 1, 3]).contiguous()
  }

  /// The sum of two tensors that broadcast, in their own type.
  private static func sum(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let operation = try AddOperator(NodeDescription(opType: "Add", opset: Opset.newest))
    let operands = Operands([
      TensorFacts(a.elementType, a.shape), TensorFacts(b.elementType, b.shape),
    ])
    let limits = MemoryLimits(bytes: .max)
    let outputs = try operation.infer(operands)
    let kernel = try operation.prepareWidened(operands, outputs: outputs, limits: limits)
    guard
      let result = try Kernel.run(kernel, inputs: [a, b], outputs: outputs, limits: limits)[0]
    else { return a }
    return result
  }
}

/// What is added to the scores of fused attention.
struct AttentionMask: Sendable {
  /// `[batch, heads or 1, queries, keys]`, past ones included.
  let shape: [Int]
  private let total: Int

  /// nil where nothing is masked and no bias is given.
  init?(
    _ inputs: Operands, batch: Int, heads: Int, queries: Int, keys: Int, past: Int
  ) throws {
    total = try Checked.sum(past, keys)
    let bias = inputs[5]?.shape
    guard inputs[4] != nil || bias != nil else { return nil }
    shape = [batch, bias.map { $0.rank == 4 ? $0[1] : 1 } ?? 1, queries, total]
    if let mask = inputs[4] {
      try inputs.requireType(4, .int32, .int64, .bool)
      let known = [
        [batch], [2 * batch], [batch, keys], [batch, total], [batch, queries, total],
      ]
      guard known.contains(mask.shape.dimensions) else {
        throw OperatorFault.unsupported("a mask of shape \(mask.shape)")
      }
    }
    if let bias {
      guard bias.rank == 4, [1, batch].contains(bias[0]), [1, heads].contains(bias[1]),
        bias[2] == queries || bias[2] == 1, bias[3] == total
      else { throw OperatorFault.invalid("an attention bias of shape \(bias) does not fit") }
    }
  }

  func tensor(_ arguments: KernelArguments, filler: Float) throws -> Tensor {
    let (batch, heads, queries) = (shape[0], shape[1], shape[2])
    let result = Tensor(zeros: try Shape(checking: shape))
    let target = result.plannedDestination(of: Float.self)
    let mask = try arguments.optionalInput(4)?.integerElements(input: 4)
    let maskShape = arguments.optionalInput(4)?.shape
    let bias = try arguments.optionalInput(5)?.numericElements().map { Float($0) }
    let biasShape = arguments.optionalInput(5)?.shape
    /// Whether a query may see a key.
    func isSeen(_ image: Int, _ query: Int, _ key: Int) -> Bool {
      guard let mask, let maskShape else { return true }
      switch maskShape.rank {
      case 1:
        let isBegun = mask.count == batch || key >= mask[batch + image]
        return key < mask[image] && isBegun
      case 2:
        // A mask of the new keys alone says nothing of the past ones.
        let place = key - (total - maskShape[1])
        return place < 0 || mask[image * maskShape[1] + place] != 0
      default: return mask[(image * queries + query) * total + key] != 0
      }
    }
    for row in 0..<batch * heads * queries {
      let (image, head, query) = (row / (heads * queries), row / queries % heads, row % queries)
      for key in 0..<total {
        var value: Float = isSeen(image, query, key) ? 0 : filler
        if let bias, let lengths = biasShape {
          let place =
            ((lengths[0] == 1 ? 0 : image) * lengths[1] + (lengths[1] == 1 ? 0 : head))
            * lengths[2] + (lengths[2] == 1 ? 0 : query)
          value += bias[place * total + key]
        }
        target[row * total + key] = value
      }
    }
    let type = try arguments.input(0).elementType
    return try ElementConversion.convert(result, to: type)
  }
}
