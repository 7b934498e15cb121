// Room: Networks. A network's files, and whether they are still those that were packed.

internal import Foundation
internal import ONNXFormat
internal import Tensors

/// The file of a network and those of its external data, by names that do not change when all of
/// them move to another folder.
struct SourceFiles {
  /// The network's file first.
  let files: [(name: String, file: MappedFile)]
  private let names: [String: String]

  /// Nil where the model was not read from files.
  init?(_ model: ONNXModel) {
    guard let first = model.files.first, let path = first.path else { return nil }
    let folder = first.folder
    var files = [("", first)]
    var names = [path: ""]
    for file in model.files.dropFirst() {
      guard let own = file.path, let folder, own.hasPrefix(folder + "/") else { return nil }
      let name = String(own.dropFirst(folder.count + 1))
      files.append((name, file))
      names[own] = name
    }
    self.files = files.sorted { $0.0 < $1.0 }.map { (name: $0.0, file: $0.1) }
    self.names = names
  }

  func name(ofFile path: String) -> String? { names[path] }

  /// The file `PATH.squall` beside `PATH.onnx`.
  var packPath: String? {
    guard let path = files.first?.file.path else { return nil }
    for end in [".onnx", ".ort", ".pb"] where path.hasSuffix(end) && path.count > end.count {
      return path.dropLast(end.count) + ".squall"
    }
    return path + ".squall"
  }

  /// What the files are now, to be compared later. Reads all of them.
  func sources() -> [PackFile.Source] {
    files.map { name, file in
      PackFile.Source(
        name: name, stamp: file.stamp ?? FileStamp(), sample: Self.sample(file),
        contents: Self.contents(file))
    }
  }

  /// Whether these are the files that were packed.
  ///
  /// Files whose inode, length and times of change are those of then are: the times are the
  /// system's own, which nobody sets, and the packer waits until a later change must show in them.
  /// Some contents are compared nevertheless. Files that were copied or moved since are read whole.
  func areSame(as sources: [PackFile.Source]) -> Bool {
    guard sources.map(\.name) == files.map(\.name) else { return false }
    for ((_, file), source) in zip(files, sources) {
      guard let stamp = file.stamp, stamp.byteCount == source.stamp.byteCount,
        Self.sample(file) == source.sample
      else { return false }
      if stamp != source.stamp, Self.contents(file) != source.contents { return false }
    }
    return true
  }

  /// Waits until a change to the files must give them another time of change than they have: the
  /// system's clock for files stands still for up to ten milliseconds, for two seconds on some disks.
  func waitUntilChangesShow() {
    for (_, file) in files {
      guard let stamp = file.stamp else { continue }
      let now = Date().timeIntervalSince1970
      let due = stamp.changeSeconds + (stamp.isCoarse ? 2.1 : 0.05)
      // A file from the future is a clock put back; waiting would not help.
      if due > now, due - now < 3 { Thread.sleep(forTimeInterval: due - now) }
    }
  }

  /// Whether the files at these paths are still those that were opened.
  func areUnchanged() -> Bool {
    files.allSatisfy { _, file in
      file.path.flatMap { FileStamp(path: $0) }.map { $0 == file.stamp } ?? false
    }
  }

  /// A key of pieces of the file.
  private static func sample(_ file: MappedFile) -> WeightKey {
    var hasher = WeightHasher()
    let bytes = file.unsafeBytes
    hasher.add(bytes.count)
    let (pieces, length) = (64, 256)
    guard bytes.count > 2 * pieces * length else {
      hasher.add(bytes)
      return hasher.key
    }
    let room = bytes.count - length
    for piece in 0..<pieces {
      let start = room / (pieces - 1) * piece
      hasher.add(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
    }
    hasher.add(UnsafeRawBufferPointer(rebasing: bytes[room...]))
    withExtendedLifetime(file) {}
    return hasher.key
  }

  /// A key of the whole file.
  private static func contents(_ file: MappedFile) -> WeightKey {
    let bytes = file.unsafeBytes
    let block = 16 << 20
    let count = (bytes.count + block - 1) / block
    var keys = [WeightKey](repeating: WeightKey(high: 0, low: 0), count: count)
    keys.withUnsafeMutableBufferPointer { keys in
      nonisolated(unsafe) let keys = keys
      ThreadPool.current.forEachTile(count, nanoseconds: Double(bytes.count) * 0.1) { index in
        let part = UnsafeRawBufferPointer(
          rebasing: bytes[index * block..<min((index + 1) * block, bytes.count)])
        var hasher = WeightHasher()
        hasher.add(part)
        keys[index] = hasher.key
        MappedPages.letGo(part)
      }
    }
    withExtendedLifetime(file) {}
    var hasher = WeightHasher()
    hasher.add(bytes.count)
    for key in keys { hasher.add(key) }
    return hasher.key
  }
}
