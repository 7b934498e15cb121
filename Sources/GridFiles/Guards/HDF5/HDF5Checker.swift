// Room: GridFiles. Walks through the structure of an HDF5 file before HDF5 does, since HDF5 believes what
// it finds: addresses, sizes and rings in a damaged file can crash it or keep it busy for ever.

/// A walk from the superblock through groups, datasets and attributes to the indexes of chunks.
///
/// Only structure is checked, not values: compressed data carry their own checksums.
/// Source: HDF5 File Format Specification 3.0.
final class HDF5Checker {
  let file: InputFile
  let base: Int
  let offsetSize: Int
  let lengthSize: Int
  /// Symbols in a leaf, children of an index node, and chunks of an index node: half of the most there may be.
  var leafK = 4
  var groupK = 16
  var chunkK = 32

  /// Objects found, by address, and what they are.
  var objects: [Int: HDF5Object] = [:]
  /// Places that references lead to; they must be objects.
  var references: Set<Int> = []
  var heaps: [Int: HDF5GlobalHeap] = [:]
  var fractalHeaps: [Int: HDF5FractalHeap] = [:]
  var linksByGroup: [Int: [HDF5Object.Link]] = [:]
  var visits = 0
  /// Blocks of heaps whose checksums were right.
  var checkedBlocks: Set<Int> = []
  /// What the walk may still read: a sound file is read once, a ring many times.
  private var budget: Int
  private var pages: [Int: [UInt8]] = [:]
  private static let pageSize = 1 << 15
  private static let mostPages = 512

  /// Refuses the file whose superblock lies at `start` where HDF5 could not cope with it.
  static func check(_ file: InputFile, superblockAt start: Int) throws(GridFileError) {
    do throws(HDF5Complaint) {
      let checker = try HDF5Checker(file, start)
      try checker.walk(superblockAt: start)
    } catch {
      switch error {
      case .damaged(let words):
        throw GridFileError(
          .corrupt, path: file.path,
          "is damaged: its HDF5 structure has \(words); fetch or write it again")
      case .unsupported(let words): throw GridFileError(.unsupported, path: file.path, words)
      case .failed(let error): throw error
      }
    }
  }

  private init(_ file: InputFile, _ start: Int) throws(HDF5Complaint) {
    self.file = file
    base = start
    let head: [UInt8]
    do throws(GridFileError) { head = try file.bytes(at: start, count: 16) } catch {
      throw .failed(error)
    }
    guard head.count == 16 else { throw .damaged("no superblock") }
    let sizes = head[8] < 2 ? 13 : 9
    (offsetSize, lengthSize) = (Int(head[sizes]), Int(head[sizes + 1]))
    guard [2, 4, 8].contains(offsetSize), [2, 4, 8].contains(lengthSize) else {
      throw .damaged("addresses of \(offsetSize) and lengths of \(lengthSize) bytes")
    }
    let (room, overflow) = file.length.multipliedReportingOverflow(by: 4)
    budget = overflow ? .max : room + 1 << 22
  }

  private func walk(superblockAt start: Int) throws(HDF5Complaint) {
    var block = try piece(at: 0, count: min(file.length - base, 128))
    try block.skip(8)
    let version = try block.byte()
    let root: Int
    if version < 2 {
      let versions = (try block.byte(), try block.byte(), try block.byte(), try block.byte())
      guard versions.0 == 0, versions.1 == 0, versions.3 == 0 else {
        throw .damaged("a superblock of an unknown kind")
      }
      try block.skip(3)
      (leafK, groupK) = (try block.short(), try block.short())
      try block.skip(4)
      if version == 1 {
        chunkK = try block.short()
        try block.skip(2)
      }
      guard leafK > 0, groupK > 0, chunkK > 0 else { throw .damaged("an impossible superblock") }
      try checkBase(try block.address())
      _ = try block.address()
      _ = try block.address()
      guard try block.address() == nil else {
        throw .unsupported("is one of several files that belong together; join them with h5repart")
      }
      _ = try block.count(offsetSize)
      guard let address = try block.address() else { throw .damaged("no root group") }
      root = address
      let cache = try block.word()
      try block.skip(4)
      let scratch = (try block.address(), try block.address())
      try group(at: root, path: [], name: "")
      if cache == 1 { try checkCache(of: root, scratch.0, scratch.1) }
      guard cache <= 1 else { throw .damaged("a root group of an unknown kind") }
    } else {
      try block.skip(3)
      try checkBase(try block.address())
      let extension_ = try block.address()
      _ = try block.address()
      guard let address = try block.address() else { throw .damaged("no root group") }
      root = address
      let end = block.place
      let sum = UInt32(truncatingIfNeeded: try block.number(4))
      guard lookup3(block.bytes[..<end]) == sum else { throw .damaged("a wrong checksum") }
      if let extension_ { _ = try object(at: extension_) }
      try group(at: root, path: [], name: "")
    }
    for reference in references where objects[reference] == nil {
      // What is not reached by a name may still be an object.
      _ = try object(at: reference)
    }
  }

  private func checkBase(_ address: Int?) throws(HDF5Complaint) {
    guard address == base else { throw .damaged("a base address that is not its own") }
  }

  /// A cached pair of addresses beside a link must be the group's own.
  func checkCache(of object: Int, _ tree: Int?, _ heap: Int?) throws(HDF5Complaint) {
    guard let table = objects[object]?.symbolTable, table.tree == tree, table.heap == heap else {
      throw .damaged("a group that is described twice, and differently")
    }
  }

  // MARK: Bytes

  /// The `count` bytes at `address`, all of which must be there.
  func piece(at address: Int, count: Int) throws(HDF5Complaint) -> HDF5Bytes {
    let (start, overflow) = address.addingReportingOverflow(base)
    guard !overflow, address >= 0, count >= 0, start <= file.length,
      count <= file.length - start
    else { throw .damaged("an address beyond its end") }
    budget -= count + 16
    guard budget > 0 else { throw .damaged("rings in it") }
    let (first, last) = (start / Self.pageSize, (start + max(count, 1) - 1) / Self.pageSize)
    let bytes: ArraySlice<UInt8>
    if first == last {
      let page = try page(first)
      let offset = start - first * Self.pageSize
      guard offset + count <= page.count else { throw .damaged("an address beyond its end") }
      bytes = page[offset..<offset + count]
    } else {
      let read: [UInt8]
      do throws(GridFileError) { read = try file.bytes(at: start, count: count) } catch {
        throw .failed(error)
      }
      guard read.count == count else { throw .damaged("an address beyond its end") }
      bytes = read[...]
    }
    return HDF5Bytes(bytes, offsetSize: offsetSize, lengthSize: lengthSize)
  }

  private func page(_ number: Int) throws(HDF5Complaint) -> [UInt8] {
    if let known = pages[number] { return known }
    let read: [UInt8]
    do throws(GridFileError) {
      read = try file.bytes(at: number * Self.pageSize, count: Self.pageSize)
    } catch {
      throw .failed(error)
    }
    if pages.count >= Self.mostPages { pages.removeAll(keepingCapacity: true) }
    pages[number] = read
    return read
  }

  /// Whether `count` bytes at `address` lie in the file.
  func holds(_ address: Int, _ count: Int) -> Bool {
    address >= 0 && count >= 0 && address <= file.length - base
      && count <= file.length - base - address
  }

  /// Checks the checksum that ends a structure of `count` bytes at `address`.
  func checkSum(at address: Int, count: Int) throws(HDF5Complaint) {
    var whole = try piece(at: address, count: count)
    guard count > 4 else { throw .damaged("an empty structure") }
    let end = whole.place + count - 4
    try whole.move(to: end)
    let sum = UInt32(truncatingIfNeeded: try whole.number(4))
    guard lookup3(whole.bytes[..<end]) == sum else { throw .damaged("a wrong checksum") }
  }
}
