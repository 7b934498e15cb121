// Room: Tensors. Arrays made from weights, found again in a file instead of being made anew.

/// Where arrays made from weights are kept between processes.
package protocol WeightStore: AnyObject, Sendable {
  /// The array called `key`, when one of so many bytes is kept; it lives as long as its owner.
  func find(_ key: WeightKey, byteCount: Int) -> StoredBytes?

  /// Is told of an array that was made because none was found. The bytes, which do not change any
  /// more, live as long as their owner.
  func keep(_ key: WeightKey, layout: String, _ bytes: UnsafeRawBufferPointer, owner: AnyObject)

  /// Whether the array that was found is to be made once more and compared; `confirm` is told what
  /// came of it, and says whether the stored array may be used.
  func doubts(_ key: WeightKey) -> Bool
  func confirm(_ key: WeightKey, isSame: Bool) -> Bool

  /// Smaller arrays are neither looked for nor kept: making them takes no time.
  var leastBytes: Int { get }

  /// What a mapped file of weights is called, whichever folder the network lies in.
  func name(ofFile path: String) -> String?
}

/// An array that was found, and what keeps it alive.
package struct StoredBytes {
  package var base: UnsafeRawPointer
  package var owner: AnyObject

  package init(base: UnsafeRawPointer, owner: AnyObject) {
    (self.base, self.owner) = (base, owner)
  }
}

extension Tensor {
  /// Takes in what tells this tensor's elements from all others of the same network: where they come
  /// from, or what they are.
  package func identify(_ hasher: inout WeightHasher) {
    hasher.add(elementType.rawValue)
    hasher.add(shape.dimensions)
    if let identity = storage.identity {
      hasher.add(1)
      hasher.add(identity)
      hasher.add(offset)
      hasher.add(strides)
    } else {
      hasher.add(2)
      withBytes { hasher.add($0) }
    }
  }

  /// Weights with their dimensions in another order: copied when they are first read, and not kept
  /// for those who only pack them.
  ///
  /// **Throws** as `transposed(_:)`.
  package func transposedWeights(_ permutation: [Int]) throws(TensorError) -> Tensor {
    let turned = try transposed(permutation)
    // A byte of a file may be no `Bool`.
    guard isContiguous, elementType != .bool,
      count * elementType.byteWidth >= Self.deferredBytes
    else { return turned.copied() }
    let source = self
    return Tensor(
      deriving: "transposed", settings: permutation, from: [self], elementType, turned.shape,
      halves: try widenedHalves?.transposedWeights(permutation)
    ) { target in
      source.withPassingTensor { dense in
        (try? dense.transposed(permutation))?.copyElements(to: target)
      }
    }
  }

  /// The same elements in memory that is there until `body` returns, where they are not yet made.
  private func withPassingTensor(_ body: (Tensor) -> Void) {
    guard let deferred = storage.deferred, !deferred.isMade else { return body(self) }
    deferred.withPassing { memory in
      let bytes = UnsafeRawBufferPointer(start: memory, count: deferred.byteCount)
      body(
        Tensor(
          storage: TensorStorage(borrowing: bytes, owner: deferred), elementType: elementType,
          shape: shape, strides: strides, offset: offset))
    }
  }

  /// Constants that `fill` makes of `sources` when they are first read, in the way that `name` and
  /// `settings` tell; whoever only packs them leaves nothing behind. `halves` are the same numbers in
  /// half precision, where there are such.
  package init(
    deriving name: String, settings: [Int], from sources: [Tensor], _ elementType: ElementType,
    _ shape: Shape, halves: Tensor? = nil,
    fill: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) {
    var identity: WeightKey?
    if MemoryAccount.current?.weights != nil {
      var hasher = WeightHasher()
      hasher.add(name)
      hasher.add(settings)
      for source in sources { source.identify(&hasher) }
      identity = hasher.key
    }
    let deferred = DeferredBytes(
      byteCount: shape.count * elementType.byteWidth, identity: identity, halves: halves
    ) {
      for source in sources { source.letGoOfPages() }
    } fill: {
      fill($0)
    }
    self.init(
      storage: TensorStorage(deferred, identity: identity), elementType: elementType, shape: shape)
  }

  /// Lets the system take back the pages of a mapped file that were read to make something of them.
  package func letGoOfPages() { storage.letGoOfPages() }

  /// The elements in row-major order, for making something else of them: what has to be computed or
  /// aligned first is not kept for later.
  package func withWeights<Scalar: TensorScalar, Result>(
    of type: Scalar.Type, _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    guard let deferred = storage.deferred, !deferred.isMade, isContiguous else {
      return try withElements(of: type, body)
    }
    precondition(
      Scalar.elementType == elementType,
      "a \(elementType.rawValue) tensor has no \(Scalar.elementType.rawValue) elements")
    return try deferred.withPassing { memory in
      let start = memory.assumingMemoryBound(to: Scalar.self) + offset
      return try body(UnsafeBufferPointer(start: start, count: count))
    }
  }

  /// The bytes of the elements in row-major order, at whatever address they lie, for making something
  /// else of them; nothing is kept.
  func withWeightBytes<Result>(
    _ body: (UnsafeRawPointer) throws -> Result
  ) rethrows -> Result {
    let dense = isContiguous ? self : contiguous()
    return try withExtendedLifetime(dense.storage) {
      let first = dense.offset * elementType.byteWidth
      guard let deferred = dense.storage.deferred else {
        return try body(dense.storage.base + first)
      }
      return try deferred.withBytes { try body($0 + first) }
    }
  }

  /// The first of some float32 weights, found without making the others; nil for other types.
  package var firstWeight: Float? {
    guard elementType == .float32, count > 0, isContiguous, storage.deferred?.halves == nil else {
      return nil
    }
    return withWeightBytes { $0.loadUnaligned(as: Float.self) }
  }

  /// The half-precision tensor that this one is the widening of, where it is one.
  var widenedHalves: Tensor? {
    guard elementType == .float32, let halves = storage.deferred?.halves,
      halves.isContiguous, halves.count * elementType.byteWidth == storage.byteCount
    else { return nil }
    return Tensor(
      storage: halves.storage, elementType: halves.elementType, shape: shape, strides: strides,
      offset: halves.offset + offset)
  }
}
