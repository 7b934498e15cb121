// Room: GridFiles. The parts of an HDF5 object's description that stand alone: shape, type, filters.

/// The shape of a dataset or an attribute.
struct HDF5Shape {
  var lengths: [Int]
  var isNull = false
  var elements: Int

  init(_ bytes: inout HDF5Bytes) throws(HDF5Complaint) {
    let version = try bytes.byte()
    let rank = try bytes.byte()
    let flags = try bytes.byte()
    guard version == 1 || version == 2, rank <= 32, flags <= 3 else {
      throw .damaged("a shape of an unknown kind")
    }
    if version == 1 {
      try bytes.skip(5)
    } else {
      let kind = try bytes.byte()
      guard kind <= 2, (kind == 1) == (rank > 0) || kind == 1 else {
        throw .damaged("a shape of an unknown kind")
      }
      isNull = kind == 2
    }
    lengths = []
    for _ in 0..<rank { lengths.append(try bytes.length()) }
    if flags & 1 != 0 {
      for length in lengths {
        let most = try bytes.number(bytes.lengthSize)
        guard most >= UInt64(length) else { throw .damaged("a length beyond its own limit") }
      }
    }
    guard flags & 2 == 0 || version == 1 else { throw .damaged("a shape of an unknown kind") }
    guard let count = checkedProduct(lengths) else { throw .damaged("more elements than can be") }
    elements = isNull ? 0 : count
  }
}

/// The type of elements: its size, and what is needed to check values of it.
struct HDF5Type {
  enum Kind: Equatable {
    case plain, string, reference, variableLength, other
  }

  var kind: Kind
  var size: Int
  var number: Int
  /// Of texts: whether a zero ends them.
  var isZeroTerminated = false
  /// Of variable-length types: the size of what they are made of, and whether that is references.
  var baseSize = 0
  var isMadeOfReferences = false
  /// Whether an element leads into the heap or to other objects somewhere inside.
  var hasPointers = false

  init(_ bytes: inout HDF5Bytes, depth: Int = 0) throws(HDF5Complaint) {
    guard depth < 16 else { throw .damaged("types inside types without end") }
    let first = try bytes.byte()
    let (version, flags) = (first >> 4, try bytes.count(3))
    number = first & 15
    size = try bytes.word()
    if version == 5 || number == 11 { throw HDF5Layout.tooNew }
    guard (1...4).contains(version), size > 0, size < 1 << 31 else {
      throw .damaged("a type of an unknown kind")
    }
    kind = .plain
    switch number {
    case 0, 4:
      let (offset, precision) = (try bytes.short(), try bytes.short())
      guard precision > 0, offset + precision <= 8 * size, size <= 64 else {
        throw .damaged("an impossible integer type")
      }
    case 1: try HDF5Type.checkFloat(&bytes, size, flags)
    case 2:
      guard try bytes.short() > 0 else { throw .damaged("an impossible time type") }
    case 3:
      kind = .string
      isZeroTerminated = flags & 15 == 0
      guard flags & 15 <= 2, flags >> 4 & 15 <= 1 else { throw .damaged("an impossible text type") }
    case 5:
      kind = .other
      let length = flags & 255
      let tag = try bytes.take(length)
      guard length % 8 == 0, length == 0 || tag.contains(0) else {
        throw .damaged("an impossible opaque type")
      }
    case 6: try readMembers(&bytes, version, count: flags & 0xFFFF, depth)
    case 7:
      kind = .reference
      hasPointers = true
      guard flags & 15 <= 1, size == (flags & 15 == 0 ? bytes.offsetSize : bytes.offsetSize + 4)
      else { throw .damaged("an impossible reference type") }
    case 8: try readNames(&bytes, version, count: flags & 0xFFFF, depth)
    case 9:
      let base = try HDF5Type(&bytes, depth: depth + 1)
      kind = .variableLength
      hasPointers = true
      isMadeOfReferences = base.kind == .reference && base.size == bytes.offsetSize
      baseSize = base.size
      guard flags & 15 <= 1, flags >> 4 & 15 <= 2, flags >> 8 & 15 <= 1,
        size == 8 + bytes.offsetSize, base.kind != .variableLength || depth < 4
      else { throw .damaged("an impossible variable-length type") }
    case 10: try readArray(&bytes, version, depth)
    default: throw .damaged("a type of an unknown kind")
    }
  }

  private static func checkFloat(
    _ bytes: inout HDF5Bytes, _ size: Int, _ flags: Int
  ) throws(HDF5Complaint) {
    let (offset, precision) = (try bytes.short(), try bytes.short())
    let (exponentAt, exponentSize) = (try bytes.byte(), try bytes.byte())
    let (mantissaAt, mantissaSize) = (try bytes.byte(), try bytes.byte())
    try bytes.skip(4)
    guard precision > 0, offset + precision <= 8 * size, size <= 32, exponentSize > 0,
      mantissaSize > 0, exponentAt + exponentSize <= precision,
      mantissaAt + mantissaSize <= precision,
      mantissaAt + mantissaSize <= exponentAt || exponentAt + exponentSize <= mantissaAt,
      flags >> 4 & 3 <= 2, flags >> 8 & 255 < precision
    else { throw .damaged("an impossible floating-point type") }
    let sign = flags >> 8 & 255
    guard sign < exponentAt || sign >= exponentAt + exponentSize,
      sign < mantissaAt || sign >= mantissaAt + mantissaSize
    else { throw .damaged("an impossible floating-point type") }
  }

  private mutating func readMembers(
    _ bytes: inout HDF5Bytes, _ version: Int, count: Int, _ depth: Int
  ) throws(HDF5Complaint) {
    kind = .other
    guard count > 0 else { throw .damaged("a compound type of nothing") }
    var taken: [(start: Int, end: Int)] = []
    var names: Set<[UInt8]> = []
    for _ in 0..<count {
      let name = try bytes.text(padding: version < 3 ? 8 : 1)
      guard !name.isEmpty, names.insert(name).inserted else {
        throw .damaged("a compound type with unnamed members")
      }
      let width =
        version < 3 ? 4 : size < 256 ? 1 : size < 65536 ? 2 : size < 1 << 24 ? 3 : 4
      let offset = try bytes.count(width)
      var repeats = 1
      if version == 1 {
        let rank = try bytes.byte()
        guard rank <= 4 else { throw .damaged("an impossible compound type") }
        try bytes.skip(11)
        for axis in 0..<4 {
          let length = try bytes.word()
          if axis < rank { repeats = checkedProduct([repeats, length]) ?? .max }
        }
      }
      let member = try HDF5Type(&bytes, depth: depth + 1)
      hasPointers = hasPointers || member.hasPointers
      guard let memberSize = checkedProduct([member.size, repeats]), memberSize > 0,
        memberSize <= size, offset <= size - memberSize
      else { throw .damaged("an impossible compound type") }
      taken.append((offset, offset + memberSize))
    }
    taken.sort { $0.start < $1.start }
    for (a, b) in zip(taken, taken.dropFirst()) where b.start < a.end {
      throw .damaged("a compound type whose members overlap")
    }
  }

  private mutating func readNames(
    _ bytes: inout HDF5Bytes, _ version: Int, count: Int, _ depth: Int
  ) throws(HDF5Complaint) {
    let base = try HDF5Type(&bytes, depth: depth + 1)
    guard count > 0, base.number == 0, base.size == size else {
      throw .damaged("an impossible enumeration")
    }
    var names: Set<[UInt8]> = []
    for _ in 0..<count {
      let name = try bytes.text(padding: version < 3 ? 8 : 1)
      guard !name.isEmpty, names.insert(name).inserted else {
        throw .damaged("an enumeration with unnamed members")
      }
    }
    try bytes.skip(count * base.size)
  }

  private mutating func readArray(
    _ bytes: inout HDF5Bytes, _ version: Int, _ depth: Int
  ) throws(HDF5Complaint) {
    kind = .other
    let rank = try bytes.byte()
    guard (1...32).contains(rank), version > 1 else { throw .damaged("an impossible array type") }
    if version < 3 { try bytes.skip(3) }
    var lengths: [Int] = []
    for _ in 0..<rank { lengths.append(try bytes.word()) }
    if version < 3 { try bytes.skip(4 * rank) }
    let base = try HDF5Type(&bytes, depth: depth + 1)
    hasPointers = base.hasPointers
    guard !lengths.contains(0), checkedProduct(lengths + [base.size]) == size else {
      throw .damaged("an impossible array type")
    }
  }
}

/// The filters through which chunks pass.
struct HDF5Filters {
  struct Filter {
    var number: Int
    var parameters: [Int]
  }

  var filters: [Filter] = []

  init(_ bytes: inout HDF5Bytes) throws(HDF5Complaint) {
    let version = try bytes.byte()
    let count = try bytes.byte()
    guard version == 1 || version == 2, count <= 32 else {
      throw .damaged("filters of an unknown kind")
    }
    if version == 1 { try bytes.skip(6) }
    for _ in 0..<count {
      let number = try bytes.short()
      let nameLength = version == 1 || number >= 256 ? try bytes.short() : 0
      try bytes.skip(2)
      let parameterCount = try bytes.short()
      let padded = version == 1 ? (nameLength + 7) / 8 * 8 : nameLength
      let name = try bytes.take(padded)
      guard nameLength == 0 || name.contains(0) || version == 2, version == 2 || nameLength % 8 == 0
      else { throw .damaged("a filter without a name") }
      var parameters: [Int] = []
      for _ in 0..<parameterCount { parameters.append(try bytes.word()) }
      if version == 1, parameterCount % 2 == 1 { try bytes.skip(4) }
      filters.append(Filter(number: number, parameters: parameters))
    }
  }

  /// Checks parameters that HDF5 believes, for chunks of this many elements of `type`.
  func check(elements: Int, type: HDF5Type) throws(HDF5Complaint) {
    for filter in filters {
      let p = filter.parameters
      switch filter.number {
      case 0: throw .damaged("a filter without a number")
      case 2:
        guard p.count == 1, p[0] > 0, p[0] <= 1 << 24 else {
          throw .damaged("an impossible shuffle filter")
        }
      case 4:
        guard p.count == 4, p[1] % 2 == 0, (2...32).contains(p[1]), p[2] > 0, p[2] <= 64,
          p[3] > 0, p[3] <= 4096, p[3] >= p[1]
        else { throw .damaged("an impossible szip filter") }
      case 5:
        guard p.count == 8, p[0] == 8, p[2] == elements, p[3] == 1, p[4] == type.size, p[5] <= 1,
          p[6] > 0, p[7] >= 0, p[6] + p[7] <= 8 * type.size
        else {
          throw .unsupported("is packed with nbit; rewrite it with 'nccopy -d 4' or h5repack")
        }
      case 6:
        guard p.count == 20, p[0] <= 2, p[2] == elements, p[3] <= 1, p[4] == type.size,
          p[5] <= 1, p[6] <= 1, p[7] <= 1, [1, 2, 4, 8].contains(type.size)
        else { throw .damaged("an impossible scale-offset filter") }
      default: break
      }
    }
  }

  /// How many bytes a chunk must take in the file where no active filter changes its size; nil otherwise.
  func storedSize(plain: Int, mask: Int) -> Int? {
    var size = plain
    for (index, filter) in filters.enumerated() where mask >> index & 1 == 0 {
      switch filter.number {
      case 2: break
      case 3: size += 4
      default: return nil
      }
    }
    return size
  }
}
