// Room: Networks. What `squall pack` made of a network's weights, found again by later processes.

internal import ONNXFormat
internal import Synchronization
internal import Tensors

/// The arrays of a pack file, mapped.
///
/// **Trust**: whoever can write the file can write the network beside it. So a hostile file may make
/// a wrong forecast, as a hostile network may; but nothing in it is a place in memory or a length
/// that is not checked, and damage to the list shows in its checksum. The arrays' own checksums would
/// cost reading them all: `squall pack --verify` compares them. That this program still lays weights
/// out as the file's maker did is seen from one small array of each layout, made anew and compared.
final class PackedWeights: WeightStore {
  private let names: SourceFiles
  private let file: MappedFile
  private let entries: [WeightKey: PackFile.Entry]

  private struct State {
    /// By layout: its smallest array, until that has been compared.
    var witnesses: [WeightKey: WeightKey] = [:]
    var rejected: Set<WeightKey> = []
  }

  private let state: Mutex<State>

  /// Uses the pack file at `path` for a network of these files.
  ///
  /// **Throws** why it cannot be used. Nil where there is none.
  init?(path: String, for names: SourceFiles) throws(PackFile.Refusal) {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      if error.code == .fileMissing { return nil }
      throw PackFile.Refusal(reason: error.message)
    }
    let list = try PackFile(file)
    guard list.variant == KernelVariant.current.name else {
      throw PackFile.Refusal(
        reason: "it is for \(list.variant) kernels, and this process uses those for "
          + KernelVariant.current.name)
    }
    guard names.areSame(as: list.sources) else {
      throw PackFile.Refusal(reason: "the network has changed since")
    }
    var state = State()
    var smallest: [WeightKey: PackFile.Entry] = [:]
    for entry in list.entries where entry.byteCount < smallest[entry.layout]?.byteCount ?? .max {
      smallest[entry.layout] = entry
    }
    for (layout, entry) in smallest { state.witnesses[layout] = entry.key }
    (self.names, self.file) = (names, file)
    self.state = Mutex(state)
    entries = Dictionary(list.entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  var leastBytes: Int { PackCollector.leastBytes }

  func find(_ key: WeightKey, byteCount: Int) -> StoredBytes? {
    guard let entry = entries[key], entry.byteCount == byteCount,
      state.withLock({ !$0.rejected.contains(entry.layout) }),
      let base = file.unsafeBytes.baseAddress
    else { return nil }
    return StoredBytes(base: base + entry.offset, owner: file)
  }

  func keep(
    _ key: WeightKey, layout: String, _ bytes: UnsafeRawBufferPointer, owner: AnyObject
  ) {}

  func doubts(_ key: WeightKey) -> Bool {
    guard let layout = entries[key]?.layout else { return false }
    return state.withLock { $0.witnesses[layout] == key }
  }

  func confirm(_ key: WeightKey, isSame: Bool) -> Bool {
    guard let layout = entries[key]?.layout else { return isSame }
    state.withLock { state in
      state.witnesses[layout] = nil
      if !isSame { state.rejected.insert(layout) }
    }
    return isSame
  }

  func name(ofFile path: String) -> String? { names.name(ofFile: path) }

  /// Whether arrays turned out to be laid out otherwise than this program does.
  var isOutdated: Bool { state.withLock { !$0.rejected.isEmpty } }

  /// Whether every array is still what was written.
  static func isIntact(path: String) throws(PackFile.Refusal) -> Bool {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      throw PackFile.Refusal(reason: error.message)
    }
    return try PackFile(file).entries.allSatisfy { entry in
      let bytes = UnsafeRawBufferPointer(
        rebasing: file.unsafeBytes[entry.offset..<entry.offset + entry.byteCount])
      defer { MappedPages.letGo(bytes) }
      return PackCollector.checksum(bytes) == entry.checksum
    }
  }
}
