// Room: Networks. Large constants that nodes compute from weights, kept between processes.

internal import Tensors

/// Results of constant folding in the store of weights.
///
/// A node's results are named after what its description says and after its operands.
enum StoredConstants {
  /// Results of fewer bytes are computed anew.
  private static let leastBytes = 64 << 10

  /// The names of a node's results; nil where they are not kept: without a store, for small results,
  /// and for nodes that passes made, which have no description.
  static func keys(
    _ node: GraphNode, _ operands: Operands, _ outputs: [TensorFacts?]
  ) -> [WeightKey]? {
    guard MemoryAccount.current?.weights != nil, let description = node.description,
      outputs.contains(where: { $0.map { $0.byteCount >= leastBytes } ?? false }),
      // A byte of a file may be no `Bool`.
      !outputs.contains(where: { $0?.elementType == .bool })
    else { return nil }
    var hasher = WeightHasher()
    hasher.add("folded")
    guard description.identify(&hasher) else { return nil }
    for facts in operands.facts {
      hasher.add(facts == nil ? 0 : 1)
      facts?.constant?.identify(&hasher)
    }
    return outputs.indices.map { index in
      var own = hasher
      own.add(index)
      return own.key
    }
  }

  /// All results, where all of them are kept.
  static func find(_ keys: [WeightKey], _ outputs: [TensorFacts?]) -> [Tensor?]? {
    guard let store = MemoryAccount.current?.weights else { return nil }
    var found: [Tensor?] = []
    for (key, facts) in zip(keys, outputs) {
      guard let facts else {
        found.append(nil)
        continue
      }
      guard let stored = store.find(key, byteCount: facts.byteCount), !store.doubts(key),
        let tensor = try? Tensor(
          borrowing: UnsafeRawBufferPointer(start: stored.base, count: facts.byteCount),
          owner: stored.owner, elementType: facts.elementType, shape: facts.shape,
          identity: key)
      else { return nil }
      found.append(tensor)
    }
    return found
  }

  /// `tensor`, which was computed, under the name that the store knows it by.
  static func kept(_ tensor: Tensor?, _ key: WeightKey) -> Tensor? {
    guard let tensor, let store = MemoryAccount.current?.weights else { return tensor }
    let bytes = UnsafeRawBufferPointer(tensor.plannedBytes)
    if let stored = store.find(key, byteCount: bytes.count), store.doubts(key) {
      let isSame = UnsafeRawBufferPointer(start: stored.base, count: bytes.count)
        .elementsEqual(bytes)
      _ = store.confirm(key, isSame: isSame)
    } else if bytes.count >= store.leastBytes {
      store.keep(key, layout: "folded", bytes, owner: tensor.storage)
    }
    let named = try? Tensor(
      borrowing: bytes, owner: tensor.storage, elementType: tensor.elementType,
      shape: tensor.shape, identity: key)
    return named ?? tensor
  }
}

extension NodeDescription {
  /// Takes in what the operator computes from; false where an attribute cannot tell.
  fileprivate func identify(_ hasher: inout WeightHasher) -> Bool {
    hasher.add(opType)
    hasher.add(domain)
    hasher.add(opset)
    hasher.add(inputPresence.map { $0 ? 1 : 0 })
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
      hasher.add(name)
      switch value {
      case .int(let number): hasher.add([0, number])
      case .float(let number): hasher.add([1, Int(number.bitPattern)])
      case .string(let text):
        hasher.add(2)
        hasher.add(text)
      case .tensor(let tensor):
        hasher.add(3)
        tensor.identify(&hasher)
      case .ints(let numbers):
        hasher.add(4)
        hasher.add(numbers)
      case .floats(let numbers):
        hasher.add(5)
        hasher.add(numbers.map { Int($0.bitPattern) })
      case .strings(let texts):
        hasher.add([6, texts.count])
        for text in texts { hasher.add(text) }
      case .tensors, .graph, .type, .unusable: return false
      }
    }
    return true
  }
}
