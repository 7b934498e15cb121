// Room: Networks. The layout of pack files: what is where, checked before anything is believed.

internal import ONNXFormat
internal import Tensors

/// A pack file's contents list.
///
/// A file is, in little-endian 64-bit words: the signature, the version, the file's length, the words
/// of the list that follows, the list's checksum (two words); the list; then, each at a multiple of
/// 64 bytes, large ones at a multiple of 4096, the arrays, and 64 bytes of zeros at the end.
struct PackFile {
  /// An array and where it lies.
  struct Entry: Equatable {
    var key: WeightKey
    /// What tells layouts apart: arrays of one layout are right or wrong together.
    var layout: WeightKey
    var checksum: WeightKey
    var offset: Int
    var byteCount: Int
  }

  /// A file of the network as it was when it was packed.
  struct Source: Equatable {
    var name: String
    var stamp: FileStamp
    var sample: WeightKey
    var contents: WeightKey
  }

  var variant: String
  var sources: [Source]
  var entries: [Entry]

  /// "SQUALLPK".
  static let signature: UInt64 = 0x4B50_4C4C_4155_5153
  /// Raised with every change to what is written here, or to how keys are made.
  static let version: UInt64 = 1
  static let headerWords = 6
  static let alignment = 64, pageAlignment = 4096
  /// Arrays from this size on begin on a page.
  static let pageAligned = 64 << 10
  /// More files or arrays than this has no network.
  private static let most = 1 << 20

  /// Where the array after `offset` begins.
  static func place(after offset: Int, byteCount: Int) -> Int {
    let step = byteCount >= pageAligned ? pageAlignment : alignment
    return (offset + step - 1) / step * step
  }

  // MARK: Writing

  /// The words before the arrays, in a file of `fileBytes`.
  func words(fileBytes: Int) -> [UInt64] {
    var list = PackWords()
    list.add(variant)
    list.add(sources.count)
    for source in sources {
      list.add(source.name)
      list.words += source.stamp.words
      list.add(source.sample)
      list.add(source.contents)
    }
    list.add(entries.count)
    for entry in entries {
      list.add(entry.key)
      list.add(entry.layout)
      list.add(entry.checksum)
      list.add(entry.offset)
      list.add(entry.byteCount)
    }
    let checksum = Self.checksum(list.words)
    let header = [
      Self.signature, Self.version, UInt64(fileBytes), UInt64(list.words.count), checksum.high,
      checksum.low,
    ]
    return (header + list.words).map(\.littleEndian)
  }

  private static func checksum(_ words: [UInt64]) -> WeightKey {
    var hasher = WeightHasher()
    for word in words { hasher.add(Int(truncatingIfNeeded: word)) }
    return hasher.key
  }

  // MARK: Reading

  /// Why a file is no pack file that this program can use.
  struct Refusal: Error {
    var reason: String
  }

  /// The list of `file`, all of whose places lie inside it.
  init(_ file: MappedFile) throws(Refusal) {
    let bytes = file.unsafeBytes
    defer { withExtendedLifetime(file) {} }
    func word(_ index: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    guard bytes.count >= Self.headerWords * 8, word(0) == Self.signature else {
      throw Refusal(reason: "it is no pack file")
    }
    guard word(1) == Self.version else {
      throw Refusal(reason: "another version of Squall made it")
    }
    guard word(2) == UInt64(bytes.count) else { throw Refusal(reason: "it is cut short") }
    guard word(3) <= UInt64(bytes.count / 8 - Self.headerWords) else {
      throw Refusal(reason: "it is damaged")
    }
    let words = (0..<Int(word(3))).map { word(Self.headerWords + $0) }
    guard Self.checksum(words) == WeightKey(high: word(4), low: word(5)) else {
      throw Refusal(reason: "it is damaged")
    }
    var list = PackWords(words: words)
    let end = bytes.count - MappedFile.readableBeyondEnd
    guard let read = Self.read(&list, arraysEnd: end) else {
      throw Refusal(reason: "it is damaged")
    }
    self = read
  }

  private init(variant: String, sources: [Source], entries: [Entry]) {
    (self.variant, self.sources, self.entries) = (variant, sources, entries)
  }

  /// A list to be written.
  static func made(variant: String, sources: [Source], entries: [Entry]) -> PackFile {
    PackFile(variant: variant, sources: sources, entries: entries)
  }

  private static func read(_ list: inout PackWords, arraysEnd: Int) -> PackFile? {
    guard let variant = list.text(), let sourceCount = list.number(most) else { return nil }
    var sources: [Source] = []
    for _ in 0..<sourceCount {
      guard let name = list.text(), let stamp = list.take(FileStamp.wordCount),
        let sample = list.key(), let contents = list.key()
      else { return nil }
      sources.append(
        Source(
          name: name, stamp: FileStamp(words: Array(stamp)), sample: sample, contents: contents))
    }
    guard let entryCount = list.number(most) else { return nil }
    var entries: [Entry] = []
    for _ in 0..<entryCount {
      guard let key = list.key(), let layout = list.key(), let checksum = list.key(),
        let offset = list.number(.max), let byteCount = list.number(.max),
        offset % alignment == 0, offset <= arraysEnd, byteCount <= arraysEnd - offset
      else { return nil }
      entries.append(
        Entry(
          key: key, layout: layout, checksum: checksum, offset: offset, byteCount: byteCount))
    }
    guard list.isAtEnd else { return nil }
    return PackFile(variant: variant, sources: sources, entries: entries)
  }
}

/// Words as they are written, or what is left of them to read.
struct PackWords {
  var words: [UInt64] = []
  private var place = 0

  init(words: [UInt64] = []) { self.words = words }

  var isAtEnd: Bool { place == words.count }

  mutating func add(_ number: Int) { words.append(UInt64(number)) }

  mutating func add(_ key: WeightKey) { words += [key.high, key.low] }

  mutating func add(_ text: String) {
    let bytes = Array(text.utf8)
    add(bytes.count)
    for start in stride(from: 0, to: bytes.count, by: 8) {
      var word: UInt64 = 0
      for (index, byte) in bytes[start..<min(start + 8, bytes.count)].enumerated() {
        word |= UInt64(byte) << UInt64(index * 8)
      }
      words.append(word)
    }
  }

  mutating func take(_ count: Int) -> ArraySlice<UInt64>? {
    guard count <= words.count - place else { return nil }
    defer { place += count }
    return words[place..<place + count]
  }

  mutating func number(_ most: Int) -> Int? {
    guard let word = take(1)?.first, word <= UInt64(most) else { return nil }
    return Int(word)
  }

  mutating func key() -> WeightKey? {
    guard let pair = take(2), let high = pair.first, let low = pair.last else { return nil }
    return WeightKey(high: high, low: low)
  }

  mutating func text() -> String? {
    guard let count = number(1 << 16), let packed = take((count + 7) / 8) else { return nil }
    let bytes = packed.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }
    return String(validating: bytes.prefix(count), as: UTF8.self)
  }
}
