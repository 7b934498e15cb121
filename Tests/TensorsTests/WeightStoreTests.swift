// Tests of Tensors: arrays made from weights, found in a store or made, and weights read in passing.

import Synchronization
import Tensors
import TestSupport
import Testing

/// A store in memory: what one making keeps, the next one finds.
private final class MemoryStore: WeightStore {
  private struct State {
    var arrays: [WeightKey: [UInt8]] = [:]
    var lent: [UnsafeMutableRawBufferPointer] = []
    var found = 0
    var doubted: Set<WeightKey> = []
    var answers: [Bool] = []
  }

  private let state = Mutex(State())
  let leastBytes = 64

  deinit { state.withLock { $0.lent.forEach { $0.deallocate() } } }

  var keptCount: Int { state.withLock { $0.arrays.count } }
  var foundCount: Int { state.withLock { $0.found } }
  var answers: [Bool] { state.withLock { $0.answers } }

  /// Changes a byte of everything kept, and doubts it from now on.
  func damage() {
    state.withLock { state in
      for key in state.arrays.keys {
        state.arrays[key]?[5] ^= 1
        state.doubted.insert(key)
      }
    }
  }

  func find(_ key: WeightKey, byteCount: Int) -> StoredBytes? {
    state.withLock { state in
      guard let array = state.arrays[key], array.count == byteCount else { return nil }
      let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: byteCount + 64, alignment: 64)
      memory.copyBytes(from: array)
      state.lent.append(memory)
      state.found += 1
      return memory.baseAddress.map { StoredBytes(base: $0, owner: self) }
    }
  }

  func keep(
    _ key: WeightKey, layout: String, _ bytes: UnsafeRawBufferPointer, owner: AnyObject
  ) {
    let array = Array(bytes)
    state.withLock { $0.arrays[key] = array }
  }

  func doubts(_ key: WeightKey) -> Bool { state.withLock { $0.doubted.contains(key) } }

  func confirm(_ key: WeightKey, isSame: Bool) -> Bool {
    state.withLock { $0.answers.append(isSame) }
    return isSame
  }

  func name(ofFile path: String) -> String? { path }
}

@Suite struct WeightStoreTests {
  static let weights = Tensor((0..<40 * 56).map { Float($0 % 97) - 48 }, shape: [40, 56])
  static let input = Tensor((0..<5 * 40).map { Float($0 % 13) - 6 }, shape: [5, 40])

  private func product(_ store: (any WeightStore)?, transposed: Bool = false) throws -> [Float] {
    try MemoryAccount(limit: 1 << 30, weights: store).asCurrent {
      let matrix = try PackedMatrix(
        transposed ? Self.weights.transposed([1, 0]).contiguous() : Self.weights,
        transposed: transposed)
      return try matrix(Self.input).elements()
    }
  }

  @Test func whatIsFoundIsUsedAsItWasMade() throws {
    let store = MemoryStore()
    let made = try product(store)
    #expect(store.keptCount == 1 && store.foundCount == 0)
    #expect(try product(store) == made)
    #expect(store.foundCount == 1)
    #expect(try product(nil) == made)
  }

  @Test func otherLayoutsOfTheSameWeightsAreOtherArrays() throws {
    let store = MemoryStore()
    #expect(try product(store) == product(store, transposed: true))
    #expect(store.keptCount == 2)
  }

  @Test func doubtedArraysAreMadeAnewAndCompared() throws {
    let store = MemoryStore()
    let made = try product(store)
    store.damage()
    #expect(try product(store) == made)
    #expect(store.answers == [false])
  }

  @Test func convolutionsFindTheirPanels() throws {
    let store = MemoryStore()
    let weights = Tensor((0..<16 * 8 * 9).map { Float($0 % 11) - 5 }, shape: [16, 8, 3, 3])
    let image = Tensor((0..<8 * 12 * 10).map { Float($0 % 7) }, shape: [1, 8, 12, 10])
    func result() throws -> [[Float]] {
      try MemoryAccount(limit: 1 << 30, weights: store).asCurrent {
        [
          try Convolution(weights: weights)(image).elements(),
          try Convolution(weights: weights.reshaped(to: [16, 8, 3, 3]), groups: 1)(image)
            .elements(),
          try TransposedConvolution(
            weights: weights.reshaped(to: [8, 16, 3, 3]), strides: (2, 2))(image).elements(),
        ]
      }
    }
    let made = try result()
    let kept = store.keptCount
    let found = store.foundCount
    #expect(kept > 2)
    #expect(try result() == made)
    #expect(store.keptCount == kept && store.foundCount > found + 2)
  }

  @Test(arguments: [1, 2, 3]) func unalignedWeightsAreReadRightAndNotKeptByPacking(
    _ shift: Int
  ) throws {
    let values = Self.weights.elements(as: Float.self)
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: values.count * 4 + shift + 64, alignment: 64)
    let owner = MemoryStore()
    defer { withExtendedLifetime(owner) { memory.deallocate() } }
    values.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(rebasing: memory[shift...]).copyBytes(from: $0)
    }
    let account = MemoryAccount(limit: 1 << 30)
    try account.asCurrent {
      let tensor = try Tensor(
        borrowing: UnsafeRawBufferPointer(rebasing: memory[shift..<shift + values.count * 4]),
        owner: owner, elementType: .float32, shape: Self.weights.shape)
      let packed = try PackedMatrix(tensor)
      #expect(try packed(Self.input).elements(as: Float.self) == product(nil))
      let used = account.used
      #expect(tensor.elements(as: Float.self) == values)
      #expect(account.used > used)
    }
  }

  @Test func packingLeavesWeightsInMemoryAsTheyAre() throws {
    // Long enough to fill pages, which only a file's may be given back.
    let values = (0..<256 * 256).map { Float($0 % 251) }
    for shift in [0, 1] {
      let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: values.count * 4 + 128, alignment: 64)
      let owner = MemoryStore()
      defer { withExtendedLifetime(owner) { memory.deallocate() } }
      values.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: memory[shift...]).copyBytes(from: $0)
      }
      let tensor = try Tensor(
        borrowing: UnsafeRawBufferPointer(rebasing: memory[shift..<shift + values.count * 4]),
        owner: owner, elementType: .float32, shape: [256, 256])
      _ = try PackedMatrix(tensor)
      #expect(tensor.elements(as: Float.self) == values)
    }
  }

  @Test func turnedWeightsAreCopiedWhenTheyAreRead() throws {
    let halves = Self.weights.converted(to: .float16)
    for isWidened in [false, true] {
      let account = MemoryAccount(limit: 1 << 30)
      try account.asCurrent {
        let weights = isWidened ? halves.widenedWeights() : Self.weights
        let turned = try weights.transposedWeights([1, 0])
        #expect(account.used == 0 && turned.shape == [56, 40])
        let packed = try PackedMatrix(turned, transposed: true)
        #expect(try packed(Self.input).elements(as: Float.self) == product(nil))
        #expect(
          try turned.elements(as: Float.self)
            == Self.weights.transposed([1, 0]).contiguous().elements())
      }
    }
    #expect(throws: TensorError.self) { try Self.weights.transposedWeights([0, 0]) }
  }

  @Test(arguments: [ElementType.float16, .bfloat16]) func halvesAreWidenedWhenTheyAreRead(
    _ type: ElementType
  ) throws {
    let halves = Self.weights.converted(to: type)
    let account = MemoryAccount(limit: 1 << 30)
    try account.asCurrent {
      let wide = halves.widenedWeights()
      #expect(account.used == 0)
      let direct = try PackedMatrix(halves.converted(to: .float32))
      #expect(
        try PackedMatrix(wide)(Self.input).elements(as: Float.self)
          == direct(Self.input).elements())
      #expect(wide.elements(as: Float.self) == halves.converted(to: .float32).elements())
    }
  }

  @Test func keysTellOrderLengthAndTailsApart() {
    func key(_ body: (inout WeightHasher) -> Void) -> WeightKey {
      var hasher = WeightHasher()
      body(&hasher)
      return hasher.key
    }
    let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 37) }
    var keys = Set<WeightKey>()
    var made = 0
    for count in 0..<bytes.count {
      _ = bytes.prefix(count).withUnsafeBytes { part in keys.insert(key { $0.add(part) }) }
      made += 1
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x10
      _ = changed.withUnsafeBytes { part in keys.insert(key { $0.add(part) }) }
      made += 1
    }
    for numbers in [[], [0], [0, 0], [1, 2], [2, 1]] {
      keys.insert(key { $0.add(numbers) })
      made += 1
    }
    for text in ["a", "ab", "b"] {
      keys.insert(key { $0.add(text) })
      made += 1
    }
    #expect(keys.count == made)
  }
}
