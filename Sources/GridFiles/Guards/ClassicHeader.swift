// Room: GridFiles. Reads a NetCDF-3 header to learn how long the file must be, trusting nothing in it.

/// A walk through the header of a classic, 64-bit-offset or 64-bit-data file.
///
/// Source: "NetCDF Classic Format Specification", appendix B of the NetCDF user's guide.
struct ClassicHeader: ~Copyable {
  private let file: InputFile
  private let isData64: Bool
  private let offsetSize: Int
  private var window: [UInt8] = []
  private var windowStart = 0
  private var position = 4

  /// Refuses the file where its header is malformed or promises more bytes than there are.
  static func check(_ file: InputFile, version: Int) throws(GridFileError) {
    var header = ClassicHeader(file, version: version)
    try header.walk()
  }

  private init(_ file: InputFile, version: Int) {
    self.file = file
    isData64 = version == 5
    offsetSize = version == 1 ? 4 : 8
  }

  private mutating func walk() throws(GridFileError) {
    // All bits set means "still being written: count the records from the file's length".
    let isStreaming: Bool
    let recordCount: Int
    let rawRecords = try unsigned(bytes: isData64 ? 8 : 4)
    if rawRecords == (isData64 ? UInt64.max : 0xFFFF_FFFF) {
      (isStreaming, recordCount) = (true, 0)
    } else {
      (isStreaming, recordCount) = (false, try integer(rawRecords))
    }
    var lengths: [Int] = []
    for _ in 0..<(try listCount(tag: 10)) {
      try skipName()
      lengths.append(try count())
    }
    guard lengths.count(where: { $0 == 0 }) <= 1 else {
      throw malformed("two record dimensions")
    }
    try skipAttributes()

    var fixedEnd = 0
    var records: [(begin: Int, size: Int)] = []
    for _ in 0..<(try listCount(tag: 11)) {
      try skipName()
      var shape: [Int] = []
      var isRecord = false
      for axis in 0..<(try count(limit: 1024)) {
        let identifier = try count()
        guard lengths.indices.contains(identifier) else { throw malformed("unknown dimension") }
        if lengths[identifier] == 0 && axis == 0 {
          isRecord = true
        } else {
          shape.append(lengths[identifier])
        }
      }
      try skipAttributes()
      let elementSize = try typeSize()
      _ = try unsigned(bytes: isData64 ? 8 : 4)
      let begin = try integer(try unsigned(bytes: offsetSize))
      guard let elements = checkedProduct(shape + [elementSize]) else {
        throw malformed("a variable larger than memory can be")
      }
      if isRecord {
        records.append((begin, elements))
      } else {
        fixedEnd = max(fixedEnd, try sum(begin, elements))
      }
    }
    try require(position)
    try require(fixedEnd)
    if !isStreaming { try requireRecords(records, recordCount) }
  }

  private func requireRecords(
    _ records: [(begin: Int, size: Int)], _ count: Int
  ) throws(GridFileError) {
    guard count > 0, !records.isEmpty else { return }
    // A record is padded to four bytes, except where there is only one record variable.
    var stride = 0
    for record in records {
      let padded = records.count == 1 ? record.size : try sum(record.size, 3) & ~3
      stride = try sum(stride, padded)
    }
    for record in records {
      let (jump, overflow) = stride.multipliedReportingOverflow(by: count - 1)
      guard !overflow else { throw malformed("more records than memory can hold") }
      try require(try sum(try sum(record.begin, jump), record.size))
    }
  }

  // MARK: The grammar's parts

  private mutating func listCount(tag: UInt64) throws(GridFileError) -> Int {
    let found = try unsigned(bytes: 4)
    let count = try count()
    guard found == tag || (found == 0 && count == 0) else { throw malformed("a wrong list tag") }
    // Every entry takes at least eight bytes, so a count beyond that is a lie.
    guard count <= file.length / 8 else {
      let (needed, overflow) = count.multipliedReportingOverflow(by: 8)
      throw overflow ? malformed("an impossible list length") : truncated(needed)
    }
    return count
  }

  private mutating func skipAttributes() throws(GridFileError) {
    for _ in 0..<(try listCount(tag: 12)) {
      try skipName()
      let size = try typeSize()
      guard let bytes = checkedProduct([size, try count()]) else {
        throw malformed("an attribute larger than memory can be")
      }
      try skip(try sum(bytes, 3) & ~3)
    }
  }

  private mutating func skipName() throws(GridFileError) {
    let length = try count()
    guard length <= 1024 else { throw malformed("a name of \(length) bytes") }
    try skip((length + 3) & ~3)
  }

  private mutating func typeSize() throws(GridFileError) -> Int {
    let raw = try unsigned(bytes: 4)
    guard let type = Int32(exactly: raw).flatMap(NetCDFType.init(rawValue:)), type.size > 0,
      raw <= (isData64 ? 11 : 6)
    else { throw malformed("an unknown type") }
    return type.size
  }

  private mutating func count(limit: Int = .max) throws(GridFileError) -> Int {
    let value = try integer(try unsigned(bytes: isData64 ? 8 : 4))
    guard value <= limit else { throw malformed("an impossible count") }
    return value
  }

  private func integer(_ value: UInt64) throws(GridFileError) -> Int {
    guard let value = Int(exactly: value) else { throw malformed("an impossible number") }
    return value
  }

  private func sum(_ a: Int, _ b: Int) throws(GridFileError) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw malformed("an impossible offset") }
    return sum
  }

  // MARK: Bytes

  private mutating func skip(_ bytes: Int) throws(GridFileError) {
    position = try sum(position, bytes)
    try require(position)
  }

  private mutating func unsigned(bytes count: Int) throws(GridFileError) -> UInt64 {
    if position < windowStart || position + count > windowStart + window.count {
      window = try file.bytes(at: position, count: 1 << 16)
      windowStart = position
      guard window.count >= count else { throw truncated(position + count) }
    }
    var value: UInt64 = 0
    for index in position - windowStart..<position - windowStart + count {
      value = value << 8 | UInt64(window[index])
    }
    position += count
    return value
  }

  private func require(_ end: Int) throws(GridFileError) {
    if end > file.length { throw truncated(end) }
  }

  private func truncated(_ needed: Int) -> GridFileError {
    GridFileError(
      .truncated, path: file.path,
      "is truncated (\(file.length) of at least \(needed) bytes are there); "
        + "fetch or write it again")
  }

  private func malformed(_ what: String) -> GridFileError {
    GridFileError(
      .corrupt, path: file.path, "has a damaged NetCDF-3 header (\(what)); fetch it again")
  }
}
