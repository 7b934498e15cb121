// Room: GridFiles. Little-endian numbers out of an HDF5 file, each checked to be there.

/// What is wrong inside an HDF5 file.
enum HDF5Complaint: Error {
  /// The file contradicts itself.
  case damaged(String)
  /// The file is sound, but holds what netCDF-C cannot open; the words end in what to do.
  case unsupported(String)
  /// The file cannot be read.
  case failed(GridFileError)
}

/// A piece of an HDF5 file and a place in it.
struct HDF5Bytes {
  let bytes: ArraySlice<UInt8>
  private(set) var place: Int
  /// Bytes in an address, and in a length.
  let offsetSize: Int
  let lengthSize: Int

  init(_ bytes: ArraySlice<UInt8>, offsetSize: Int, lengthSize: Int) {
    self.bytes = bytes
    self.offsetSize = offsetSize
    self.lengthSize = lengthSize
    place = bytes.startIndex
  }

  var remaining: Int { bytes.endIndex - place }

  mutating func number(_ size: Int) throws(HDF5Complaint) -> UInt64 {
    guard size >= 0, size <= 8, size <= remaining else {
      throw .damaged("a description ends early")
    }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[place + index]) << UInt64(8 * index) }
    place += size
    return value
  }

  mutating func byte() throws(HDF5Complaint) -> Int { Int(try number(1)) }
  mutating func short() throws(HDF5Complaint) -> Int { Int(try number(2)) }
  mutating func word() throws(HDF5Complaint) -> Int { Int(try number(4)) }

  /// A length or a count; what no file can have counts as damage.
  mutating func length() throws(HDF5Complaint) -> Int { try count(lengthSize) }

  mutating func count(_ size: Int) throws(HDF5Complaint) -> Int {
    guard let value = Int(exactly: try number(size)) else {
      throw .damaged("an impossible length")
    }
    return value
  }

  /// An address; nil where it is not defined, which is written with all bits set.
  mutating func address() throws(HDF5Complaint) -> Int? {
    let value = try number(offsetSize)
    if value == (offsetSize == 8 ? UInt64.max : UInt64(1) << UInt64(8 * offsetSize) - 1) {
      return nil
    }
    guard let address = Int(exactly: value), address < 1 << 62 else {
      throw .damaged("an impossible address")
    }
    return address
  }

  mutating func skip(_ count: Int) throws(HDF5Complaint) {
    guard count >= 0, count <= remaining else { throw .damaged("a description ends early") }
    place += count
  }

  mutating func take(_ count: Int) throws(HDF5Complaint) -> ArraySlice<UInt8> {
    let start = place
    try skip(count)
    return bytes[start..<place]
  }

  /// The next `count` bytes as a piece of their own.
  mutating func piece(_ count: Int) throws(HDF5Complaint) -> HDF5Bytes {
    HDF5Bytes(try take(count), offsetSize: offsetSize, lengthSize: lengthSize)
  }

  mutating func expect(_ signature: StaticString) throws(HDF5Complaint) {
    let found = try take(signature.utf8CodeUnitCount)
    let isRight = signature.withUTF8Buffer { found.elementsEqual($0) }
    guard isRight else { throw .damaged("no \(signature) where one should be") }
  }

  /// Text up to a zero, which must be there; with it, a multiple of `padding` bytes is passed over.
  mutating func text(padding: Int = 1) throws(HDF5Complaint) -> [UInt8] {
    guard let end = bytes[place...].firstIndex(of: 0) else {
      throw .damaged("a name without an end")
    }
    let text = Array(bytes[place..<end])
    try skip((text.count + padding) / padding * padding)
    return text
  }

  /// Goes on at `place`, which lies in these bytes.
  mutating func move(to place: Int) throws(HDF5Complaint) {
    guard place >= bytes.startIndex, place <= bytes.endIndex else {
      throw .damaged("a description ends early")
    }
    self.place = place
  }
}

/// The checksum of HDF5's newer structures.
///
/// Source: B. Jenkins, "lookup3.c", hashlittle.
func lookup3(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  var (a, b, c) = (UInt32, UInt32, UInt32)(0, 0, 0)
  a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
  (b, c) = (a, a)
  func rotate(_ x: UInt32, _ k: UInt32) -> UInt32 { x << k | x >> (32 - k) }
  func word(_ place: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<4 where place + index < bytes.endIndex {
      value |= UInt32(bytes[place + index]) << UInt32(8 * index)
    }
    return value
  }
  var place = bytes.startIndex
  guard !bytes.isEmpty else { return c }
  while bytes.endIndex - place > 12 {
    a &+= word(place)
    b &+= word(place + 4)
    c &+= word(place + 8)
    a &-= c; a ^= rotate(c, 4); c &+= b
    b &-= a; b ^= rotate(a, 6); a &+= c
    c &-= b; c ^= rotate(b, 8); b &+= a
    a &-= c; a ^= rotate(c, 16); c &+= b
    b &-= a; b ^= rotate(a, 19); a &+= c
    c &-= b; c ^= rotate(b, 4); b &+= a
    place += 12
  }
  a &+= word(place)
  b &+= word(place + 4)
  c &+= word(place + 8)
  c ^= b; c &-= rotate(b, 14)
  a ^= c; a &-= rotate(c, 11)
  b ^= a; b &-= rotate(a, 25)
  c ^= b; c &-= rotate(b, 16)
  a ^= c; a &-= rotate(c, 4)
  b ^= a; b &-= rotate(a, 14)
  c ^= b; c &-= rotate(b, 24)
  return c
}
