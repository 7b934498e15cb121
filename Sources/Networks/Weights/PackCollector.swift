// Room: Networks. Gathers the arrays that a network's weights are made into, and writes them down.

internal import ONNXFormat
internal import Synchronization
internal import Tensors

/// The store that is filled while a network is packed.
final class PackCollector: WeightStore {
  private let names: SourceFiles

  // Unchecked, because of the pointer: nobody writes to the bytes any more.
  private struct Made: @unchecked Sendable {
    var layout: String
    var bytes: UnsafeRawBufferPointer
    var owner: AnyObject
  }

  private struct State {
    var made: [WeightKey: Made] = [:]
    var order: [WeightKey] = []
  }

  private let state = Mutex(State())

  /// Smaller arrays are made anew in less time than finding them takes.
  static var leastBytes: Int { 4096 }

  init(_ names: SourceFiles) { self.names = names }

  var leastBytes: Int { Self.leastBytes }

  func find(_ key: WeightKey, byteCount: Int) -> StoredBytes? {
    state.withLock { state in
      state.made[key].flatMap { made -> StoredBytes? in
        guard made.bytes.count == byteCount, let base = made.bytes.baseAddress else { return nil }
        return StoredBytes(base: base, owner: made.owner)
      }
    }
  }

  func keep(
    _ key: WeightKey, layout: String, _ bytes: UnsafeRawBufferPointer, owner: AnyObject
  ) {
    let made = Made(layout: layout, bytes: bytes, owner: owner)
    state.withLock { state in
      guard state.made[key] == nil else { return }
      state.made[key] = made
      state.order.append(key)
    }
  }

  /// Forgets everything: arrays hold the account of who made them, and that holds this store.
  func clear() { state.withLock { $0 = State() } }

  func doubts(_ key: WeightKey) -> Bool { false }

  func confirm(_ key: WeightKey, isSame: Bool) -> Bool { isSame }

  func name(ofFile path: String) -> String? { names.name(ofFile: path) }

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> WeightKey {
    var hasher = WeightHasher()
    hasher.add(bytes)
    return hasher.key
  }

  /// Writes everything gathered to `path`, which appears whole or not at all; gives the number of
  /// arrays and the file's length.
  func write(
    to path: String, sources: [PackFile.Source]
  ) throws(ONNXError) -> (arrays: Int, byteCount: Int) {
    let arrays = state.withLock { state in
      state.order.compactMap { key in state.made[key].map { (key: key, made: $0) } }
    }
    // The list's own length does not depend on the places in it.
    var list = PackFile.made(
      variant: KernelVariant.current.name, sources: sources,
      entries: arrays.map { key, made in
        var hasher = WeightHasher()
        hasher.add(made.layout)
        return PackFile.Entry(
          key: key, layout: hasher.key, checksum: Self.checksum(made.bytes), offset: 0,
          byteCount: made.bytes.count)
      })
    var end = list.words(fileBytes: 0).count * 8
    for index in list.entries.indices {
      let byteCount = list.entries[index].byteCount
      list.entries[index].offset = PackFile.place(after: end, byteCount: byteCount)
      end = list.entries[index].offset + byteCount
    }
    let fileBytes = end + MappedFile.readableBeyondEnd
    var file = WholeFile()
    file.append(list.words(fileBytes: fileBytes).withUnsafeBytes { Array($0) })
    for (entry, array) in zip(list.entries, arrays) {
      file.append([UInt8](repeating: 0, count: entry.offset - file.count))
      file.append(array.made.bytes, owner: array.made.owner)
    }
    file.append([UInt8](repeating: 0, count: fileBytes - file.count))
    try file.write(to: path)
    return (arrays.count, fileBytes)
  }
}
