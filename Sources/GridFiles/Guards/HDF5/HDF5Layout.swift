// Room: GridFiles. Where the values of an HDF5 dataset lie, and the index of its chunks.

/// Where the values of a dataset lie.
enum HDF5Layout {
  /// Beside the description.
  case compact(ArraySlice<UInt8>)
  /// In one piece; nowhere, where nothing was written.
  case contiguous(Int?, size: Int?)
  /// In chunks, whose lengths end with the size of an element; `tree` is an index of the old kind.
  case chunked([Int], tree: Int?)

  init(_ bytes: inout HDF5Bytes) throws(HDF5Complaint) {
    let version = try bytes.byte()
    switch version {
    case 1, 2: self = try HDF5Layout.old(&bytes)
    case 3, 4: self = try HDF5Layout.new(&bytes, version)
    case 5...8: throw HDF5Layout.tooNew
    default: throw .damaged("a layout of an unknown kind")
    }
  }

  static let tooNew = HDF5Complaint.unsupported(
    "is of a newer kind of HDF5 than is read here; rewrite it with 'h5repack --high=V110'")

  private static func old(_ bytes: inout HDF5Bytes) throws(HDF5Complaint) -> HDF5Layout {
    let (rank, kind) = (try bytes.byte(), try bytes.byte())
    try bytes.skip(5)
    guard (1...33).contains(rank) else { throw .damaged("an impossible layout") }
    let address = kind == 0 ? nil : try bytes.address()
    var lengths: [Int] = []
    for _ in 0..<rank { lengths.append(try bytes.word()) }
    switch kind {
    case 0: return .compact(try bytes.take(try bytes.word()))
    case 1: return .contiguous(address, size: nil)
    case 2: return .chunked(lengths, tree: address)
    default: throw .damaged("a layout of an unknown kind")
    }
  }

  private static func new(
    _ bytes: inout HDF5Bytes, _ version: Int
  ) throws(HDF5Complaint) -> HDF5Layout {
    switch try bytes.byte() {
    case 0: return .compact(try bytes.take(try bytes.short()))
    case 1:
      let address = try bytes.address()
      return .contiguous(address, size: try bytes.length())
    case 2 where version == 3:
      let rank = try bytes.byte()
      let tree = try bytes.address()
      guard (2...33).contains(rank) else { throw .damaged("an impossible layout") }
      var lengths: [Int] = []
      for _ in 0..<rank { lengths.append(try bytes.word()) }
      return .chunked(lengths, tree: tree)
    case 2:
      let (flags, rank, width) = (try bytes.byte(), try bytes.byte(), try bytes.byte())
      guard flags <= 3, (2...33).contains(rank), (1...8).contains(width) else {
        throw .damaged("an impossible layout")
      }
      var lengths: [Int] = []
      for _ in 0..<rank { lengths.append(try bytes.count(width)) }
      let kind = try bytes.byte()
      guard (1...5).contains(kind) else { throw .damaged("an index of an unknown kind") }
      return .chunked(lengths, tree: nil)
    case 3:
      throw .unsupported("puts datasets together from other files; write it as one with h5repack")
    default: throw .damaged("a layout of an unknown kind")
    }
  }
}

extension HDF5Checker {
  /// Checks that the values of a dataset are where they should be.
  func checkLayout(
    _ object: HDF5Object, _ shape: HDF5Shape, _ type: HDF5Type
  ) throws(HDF5Complaint) {
    guard let size = checkedProduct([shape.elements, type.size]) else {
      throw .damaged("a dataset larger than can be")
    }
    switch object.layout {
    case nil: return
    case .compact(let bytes):
      guard bytes.count == size || shape.isNull else {
        throw .damaged("a dataset whose values are not all there")
      }
      try checkValues(bytes, type)
    case .contiguous(let address, let stored):
      guard stored.map({ $0 == size || address == nil }) ?? true else {
        throw .damaged("a dataset whose values are not all there")
      }
      guard let address else { return }
      guard holds(address, size) else { throw .damaged("an address beyond its end") }
      if type.hasPointers, size <= 1 << 26 {
        try checkValues(try piece(at: address, count: size).bytes, type)
      }
    case .chunked(let lengths, let tree):
      guard lengths.count == shape.lengths.count + 1, lengths.last == type.size,
        !lengths.contains(0), let bytes = checkedProduct(lengths), bytes <= 0xFFFF_FFFF
      else { throw .damaged("chunks that do not fit the dataset") }
      try object.filters?.check(elements: bytes / type.size, type: type)
      guard let tree else { return }
      var index = HDF5ChunkIndex(lengths: lengths, shape: shape.lengths, bytes: bytes)
      index.filters = object.filters
      index.type = type
      try chunkNode(tree, level: nil, &index)
    }
  }

  /// One node of an index of chunks, and those below it.
  private func chunkNode(
    _ address: Int, level: Int?, _ index: inout HDF5ChunkIndex
  ) throws(HDF5Complaint) {
    let rank = index.lengths.count
    let keySize = 8 + 8 * rank
    let size = 8 + 2 * offsetSize + 2 * chunkK * offsetSize + (2 * chunkK + 1) * keySize
    guard index.seen.insert(address).inserted, holds(address, size) else {
      throw .damaged("an index of chunks with rings or beyond its end")
    }
    var node = try piece(at: address, count: size)
    try node.expect("TREE")
    let (type, found, count) = (try node.byte(), try node.byte(), try node.short())
    _ = try node.address()
    _ = try node.address()
    guard type == 1, found == level ?? found, found < 32, count <= 2 * chunkK,
      count > 0 || level == nil
    else { throw .damaged("an impossible index of chunks") }
    for _ in 0..<count {
      let (bytes, mask) = (try node.word(), try node.word())
      var place: [Int] = []
      for _ in 0..<rank { place.append(try node.count(8)) }
      guard let child = try node.address() else { throw .damaged("a chunk that is nowhere") }
      if found > 0 {
        try chunkNode(child, level: found - 1, &index)
      } else {
        try chunk(at: child, bytes, mask, place, &index)
      }
    }
  }

  private func chunk(
    at address: Int, _ bytes: Int, _ mask: Int, _ place: [Int], _ index: inout HDF5ChunkIndex
  ) throws(HDF5Complaint) {
    for axis in index.shape.indices where place[axis] % index.lengths[axis] != 0 {
      throw .damaged("a chunk in the wrong place")
    }
    guard place.last == 0, index.previous.map({ $0.lexicographicallyPrecedes(place) }) ?? true
    else { throw .damaged("a chunk in the wrong place") }
    index.previous = place
    let expected =
      index.filters.map { $0.storedSize(plain: index.bytes, mask: mask) } ?? index.bytes
    guard bytes > 0, holds(address, bytes), expected.map({ $0 == bytes }) ?? true else {
      throw .damaged("a chunk that is not all there")
    }
    if let filters = index.filters?.filters, mask >> max(filters.count - 1, 0) & 1 == 0,
      let last = filters.last, last.number == 6
    {
      // The number of bits that scale-offset keeps of each element comes first.
      var head = try piece(at: address, count: min(bytes, 21))
      let bits = try head.word()
      guard let size = index.type?.size, bits <= 8 * size,
        bits == 0 || bytes >= 21 + (bits * (index.bytes / size) + 7) / 8
          || bits == 8 * size
      else { throw .damaged("a chunk that is not all there") }
    }
    if let type = index.type, type.hasPointers, index.filters?.filters.isEmpty ?? true {
      try checkValues(try piece(at: address, count: bytes).bytes, type)
    }
  }
}

/// What is known while the index of a dataset's chunks is walked.
struct HDF5ChunkIndex {
  let lengths: [Int]
  let shape: [Int]
  let bytes: Int
  var filters: HDF5Filters?
  var type: HDF5Type?
  var seen: Set<Int> = []
  var previous: [Int]?

  init(lengths: [Int], shape: [Int], bytes: Int) {
    self.lengths = lengths
    self.shape = shape
    self.bytes = bytes
  }
}
