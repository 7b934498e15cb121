// Room: GridFiles. HDF5's newer index trees and fractal heaps, in which large groups keep their links and
// objects with many attributes keep those.

extension HDF5Checker {
  /// All records of the version 2 tree at `address`.
  func records(of address: Int, type: Int) throws(HDF5Complaint) -> [ArraySlice<UInt8>] {
    let size = 22 + offsetSize + lengthSize
    try checkSum(at: address, count: size)
    var head = try piece(at: address, count: size)
    try head.expect("BTHD")
    let (version, found) = (try head.byte(), try head.byte())
    let (nodeSize, recordSize, depth) = (try head.word(), try head.short(), try head.short())
    try head.skip(2)
    let root = try head.address()
    let count = try head.short()
    let total = try head.length()
    guard version == 0, found == type, nodeSize >= 64, nodeSize <= 1 << 24, recordSize > 0,
      recordSize <= nodeSize - 10, depth < 32
    else { throw .damaged("an impossible index") }
    let widths = [1: offsetSize + 2 * lengthSize, 5: 11, 6: 15, 8: 17, 9: 13]
    guard widths[type] == recordSize else { throw .damaged("an impossible index") }
    guard let root else {
      if count == 0 { return [] }
      throw .damaged("an index that is nowhere")
    }
    let tree = HDF5Tree(
      type: type, nodeSize: nodeSize, recordSize: recordSize, depth: depth, offsetSize: offsetSize)
    var records: [ArraySlice<UInt8>] = []
    var seen: Set<Int> = []
    try treeNode(root, depth: depth, count: count, tree, &seen, &records)
    guard records.count == total else { throw .damaged("an index with too few records") }
    return records
  }

  private func treeNode(
    _ address: Int, depth: Int, count: Int, _ tree: HDF5Tree, _ seen: inout Set<Int>,
    _ records: inout [ArraySlice<UInt8>]
  ) throws(HDF5Complaint) {
    guard seen.insert(address).inserted else { throw .damaged("an index with rings") }
    let pointerSize = depth > 0 ? tree.pointerSize(depth) : 0
    let used = 6 + count * tree.recordSize + (depth > 0 ? (count + 1) * pointerSize : 0) + 4
    guard count <= tree.most(depth), used <= tree.nodeSize else {
      throw .damaged("an impossible index")
    }
    try checkSum(at: address, count: used)
    var node = try piece(at: address, count: used)
    if depth > 0 { try node.expect("BTIN") } else { try node.expect("BTLF") }
    guard try node.byte() == 0, try node.byte() == tree.type else {
      throw .damaged("an impossible index")
    }
    for _ in 0..<count { records.append(try node.take(tree.recordSize)) }
    guard depth > 0 else { return }
    for _ in 0...count {
      guard let child = try node.address() else { throw .damaged("an index that is nowhere") }
      let childCount = try node.count(tree.countSize(depth - 1))
      if depth > 1 { try node.skip(tree.totalSize(depth - 1)) }
      try treeNode(child, depth: depth - 1, count: childCount, tree, &seen, &records)
    }
  }

  // MARK: Fractal heaps

  /// The object that `identifier` names in the heap at `address`.
  func heapObject(
    _ address: Int, _ identifier: ArraySlice<UInt8>
  ) throws(HDF5Complaint) -> HDF5Bytes {
    let heap = try fractalHeap(address)
    var bytes = HDF5Bytes(identifier, offsetSize: offsetSize, lengthSize: lengthSize)
    let flags = try bytes.byte()
    guard flags >> 6 == 0 else { throw .damaged("an impossible place in a heap") }
    switch flags >> 4 & 3 {
    case 0:
      let offset = try bytes.count(heap.offsetWidth)
      let length = try bytes.count(heap.lengthWidth)
      return try heapBytes(heap, offset, length)
    case 2 where heap.identifierSize <= 18:
      return try bytes.piece((flags & 15) + 1)
    case 1:
      // Objects too large for a block lie outside, behind an index of their own or at a place named here.
      if heap.identifierSize > offsetSize + lengthSize {
        guard let place = try bytes.address() else { throw .damaged("an object that is nowhere") }
        return try piece(at: place, count: try bytes.length())
      }
      let number = try bytes.number(min(heap.identifierSize - 1, lengthSize))
      guard let tree = heap.hugeTree else { throw .damaged("an object that is nowhere") }
      for record in try records(of: tree, type: 1) {
        var record = HDF5Bytes(record, offsetSize: offsetSize, lengthSize: lengthSize)
        let (place, length) = (try record.address(), try record.length())
        guard try record.number(lengthSize) == number, let place else { continue }
        return try piece(at: place, count: length)
      }
      throw .damaged("an object that is nowhere")
    default: throw .damaged("an impossible place in a heap")
    }
  }

  private func fractalHeap(_ address: Int) throws(HDF5Complaint) -> HDF5FractalHeap {
    if let known = fractalHeaps[address] { return known }
    let plain = 26 + 3 * offsetSize + 12 * lengthSize
    var head = try piece(at: address, count: plain)
    try head.expect("FRHP")
    guard try head.byte() == 0 else { throw .damaged("a heap of an unknown kind") }
    let identifierSize = try head.short()
    let filterSize = try head.short()
    let flags = try head.byte()
    let largest = try head.word()
    try head.skip(lengthSize)
    let hugeTree = try head.address()
    try head.skip(lengthSize + offsetSize + 8 * lengthSize)
    let width = try head.short()
    let (start, most) = (try head.length(), try head.length())
    let (bits, _) = (try head.short(), try head.short())
    let root = try head.address()
    let rows = try head.short()
    guard filterSize == 0 else {
      throw .unsupported("has compressed groups; rewrite it with 'nccopy' or h5repack")
    }
    try checkSum(at: address, count: plain)
    guard width > 0, width <= 1024, start > 0, start.nonzeroBitCount == 1, most >= start,
      most.nonzeroBitCount == 1, most <= 1 << 30, (8...64).contains(bits), rows < 64, flags <= 3
    else { throw .damaged("an impossible heap") }
    let heap = HDF5FractalHeap(
      address: address, identifierSize: identifierSize, width: width, start: start, most: most,
      offsetWidth: (bits + 7) / 8,
      lengthWidth: HDF5Tree.bytes(toHold: min(most, largest)), root: root, rows: rows,
      hasSums: flags & 2 != 0, hugeTree: hugeTree)
    fractalHeaps[address] = heap
    return heap
  }

  private func heapBytes(
    _ heap: HDF5FractalHeap, _ offset: Int, _ length: Int
  ) throws(HDF5Complaint) -> HDF5Bytes {
    guard let root = heap.root else { throw .damaged("a heap that is nowhere") }
    var block = (address: root, start: 0, size: heap.start)
    var rows = heap.rows
    var depth = 0
    while rows > 0 {
      depth += 1
      guard depth < 16 else { throw .damaged("a heap without end") }
      let (row, column, start, size) = try heap.place(offset - block.start)
      guard row < rows else { throw .damaged("an object outside its heap") }
      let direct = heap.directRows
      let head = 5 + offsetSize + heap.offsetWidth
      let count = rows * heap.width
      let total = head + count * offsetSize + 4
      try checkSum(at: block.address, count: total)
      var node = try piece(at: block.address, count: total)
      try node.expect("FHIB")
      try node.skip(1)
      guard try node.address() == heap.address else { throw .damaged("a part of another heap") }
      try node.skip(heap.offsetWidth + (row * heap.width + column) * offsetSize)
      guard let child = try node.address() else { throw .damaged("a heap that is nowhere") }
      block = (child, block.start + start, size)
      rows = row < direct ? 0 : try heap.rows(of: size)
    }
    let head = 5 + offsetSize + heap.offsetWidth + (heap.hasSums ? 4 : 0)
    let inside = offset - block.start
    guard inside >= head, inside <= block.size, length > 0, length <= block.size - inside else {
      throw .damaged("an object outside its heap")
    }
    var node = try piece(at: block.address, count: block.size)
    try node.expect("FHDB")
    try node.skip(1)
    if heap.hasSums, checkedBlocks.insert(block.address).inserted {
      // The sum is taken with its own place empty.
      var bytes = Array(node.bytes)
      var place = HDF5Bytes(
        bytes[(head - 4)..<head], offsetSize: offsetSize, lengthSize: lengthSize)
      let sum = UInt32(truncatingIfNeeded: try place.number(4))
      for index in head - 4..<head { bytes[index] = 0 }
      guard lookup3(bytes[...]) == sum else { throw .damaged("a wrong checksum") }
    }
    guard try node.address() == heap.address else { throw .damaged("a part of another heap") }
    try node.move(to: node.bytes.startIndex + inside)
    return try node.piece(length)
  }
}

/// The measures of a fractal heap, whose blocks double in size from row to row.
struct HDF5FractalHeap {
  let address: Int
  let identifierSize: Int
  let width: Int
  let start: Int
  let most: Int
  let offsetWidth: Int
  let lengthWidth: Int
  let root: Int?
  let rows: Int
  let hasSums: Bool
  /// The index of objects outside the blocks.
  let hugeTree: Int?

  /// Rows of blocks that hold objects; further rows hold blocks of blocks.
  var directRows: Int { most.trailingZeroBitCount - start.trailingZeroBitCount + 2 }

  /// The row and the column that hold `offset`, where that block starts, and its size.
  func place(_ offset: Int) throws(HDF5Complaint) -> (row: Int, column: Int, start: Int, size: Int)
  {
    guard offset >= 0, offset < 1 << 48 else { throw .damaged("an object outside its heap") }
    var (row, first, size) = (0, 0, start)
    while true {
      let (length, overflow) = size.multipliedReportingOverflow(by: width)
      guard !overflow, row < 64 else { throw .damaged("an object outside its heap") }
      if offset < first + length {
        let column = (offset - first) / size
        return (row, column, first + column * size, size)
      }
      first += length
      if row > 0 { size *= 2 }
      row += 1
    }
  }

  /// Rows of a block of blocks that spans `size`.
  func rows(of size: Int) throws(HDF5Complaint) -> Int {
    let first = start * width
    guard size >= first else { throw .damaged("an impossible heap") }
    return (size / first).trailingZeroBitCount + 1
  }
}

/// The measures of a version 2 tree.
struct HDF5Tree {
  let type: Int
  let nodeSize: Int
  let recordSize: Int
  let depth: Int
  let offsetSize: Int
  /// By level: the most records in a node, and in all nodes below and in it.
  private var mostByLevel: [Int] = []
  private var totalByLevel: [Int] = []

  init(type: Int, nodeSize: Int, recordSize: Int, depth: Int, offsetSize: Int) {
    self.type = type
    self.nodeSize = nodeSize
    self.recordSize = recordSize
    self.depth = depth
    self.offsetSize = offsetSize
    mostByLevel = [(nodeSize - 10) / recordSize]
    totalByLevel = mostByLevel
    for level in stride(from: 1, through: depth, by: 1) {
      let pointer = pointerSize(level)
      let most = max((nodeSize - 10 - pointer) / (recordSize + pointer), 0)
      let below = (most + 1).multipliedReportingOverflow(by: totalByLevel[level - 1])
      mostByLevel.append(most)
      totalByLevel.append(below.overflow ? .max >> 1 : min(below.partialValue, .max >> 1) + most)
    }
  }

  func most(_ level: Int) -> Int { mostByLevel[level] }
  /// All counts in nodes of any level are as wide as a leaf's needs.
  func countSize(_ level: Int) -> Int { HDF5Tree.bytes(toHold: mostByLevel[0]) }
  func totalSize(_ level: Int) -> Int { HDF5Tree.bytes(toHold: totalByLevel[level]) }

  func pointerSize(_ level: Int) -> Int {
    offsetSize + HDF5Tree.bytes(toHold: mostByLevel[0]) + (level > 1 ? totalSize(level - 1) : 0)
  }

  static func bytes(toHold number: Int) -> Int {
    number <= 0 ? 1 : (Int.bitWidth - 1 - number.leadingZeroBitCount) / 8 + 1
  }
}
