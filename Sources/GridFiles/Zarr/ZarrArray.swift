// Room: GridFiles. One array of a Zarr store, as its .zarray describes it.

/// The shape, the chunks and the coding of an array.
///
/// Source: Zarr storage specification version 2.
struct ZarrArray: Sendable {
  /// How elements lie in an unpacked chunk.
  enum Element: Sendable, Equatable {
    /// Numbers and single characters.
    case plain(NetCDFType, size: Int, isSwapped: Bool)
    /// Half precision, handed out as single.
    case half(isSwapped: Bool)
    /// Text of this many bytes.
    case bytes(Int)
    /// Text of this many UTF-32 units.
    case unicode(Int, isSwapped: Bool)
    /// Texts of any length, each behind its length.
    case texts

    var type: NetCDFType {
      switch self {
      case .plain(let type, _, _): type
      case .half: .float
      case .bytes, .unicode, .texts: .string
      }
    }

    /// Bytes an element takes in a chunk; nil where they differ.
    var storedSize: Int? {
      switch self {
      case .plain(_, let size, _): size
      case .half: 2
      case .bytes(let size): size
      case .unicode(let count, _): 4 * count
      case .texts: nil
      }
    }
  }

  let name: String
  let shape: [Int]
  let chunks: [Int]
  let element: Element
  /// The steps of unpacking, in the order in which they are taken.
  let codecs: [ZarrCodec]
  let deflateLevel: Int
  let isColumnMajor: Bool
  let separator: String
  /// What chunks that are not there hold.
  let fill: JSONValue

  /// Reads a description, or says what is wrong with it.
  init(name: String, _ json: JSONValue) throws(ZarrComplaint) {
    guard json["zarr_format"]?.integer == 2 else {
      throw .damaged("it is not of Zarr format 2")
    }
    guard let shape = json["shape"]?.integers, let chunks = json["chunks"]?.integers,
      shape.count == chunks.count, shape.count <= 1024, shape.allSatisfy({ $0 >= 0 }),
      chunks.allSatisfy({ $0 > 0 }), checkedProduct(shape) != nil
    else { throw .damaged("its shape and chunks do not fit together") }
    self.name = name
    self.shape = shape
    self.chunks = chunks
    var filters = json["filters"]?.elements ?? []
    let dtype = json["dtype"]?.text
    if dtype == "|O" {
      guard let first = filters.first, first["id"]?.text == "vlen-utf8" else {
        throw .unsupported("it holds objects other than texts")
      }
      filters.removeFirst()
      element = .texts
    } else {
      guard let dtype, let known = ZarrArray.element(dtype) else {
        throw .unsupported("its type \(dtype.map { "'\($0)'" } ?? "is not named and") is not read")
      }
      element = known
    }
    guard checkedProduct(chunks + [element.storedSize ?? 1]) ?? .max <= 1 << 31 else {
      throw .unsupported("its chunks are larger than 2 GiB")
    }
    let compressor = json["compressor"] ?? .null
    var codecs: [ZarrCodec] = []
    for description in (compressor == .null ? [] : [compressor]) + filters.reversed() {
      guard let codec = ZarrCodec(description), codec != .zstd || ZarrCodec.hasZstandard else {
        let id = description["id"]?.text ?? "without a name"
        throw .unsupported("it is coded with '\(id)', which is not read")
      }
      codecs.append(codec)
    }
    self.codecs = codecs
    let isDeflated = codecs.contains(.zlib) || codecs.contains(.gzip)
    deflateLevel = isDeflated ? min(max(compressor["level"]?.integer ?? 1, 0), 9) : 0
    isColumnMajor = json["order"]?.text == "F"
    separator = json["dimension_separator"]?.text == "/" ? "/" : "."
    fill = json["fill_value"] ?? .null
  }

  private static func element(_ dtype: String) -> Element? {
    let characters = Array(dtype)
    guard characters.count >= 3, let size = Int(String(characters[2...])), size > 0,
      size <= 1 << 20
    else { return nil }
    let isSwapped = characters[0] == ">"
    switch (characters[1], size) {
    case ("i", 1), ("b", 1): return .plain(.int8, size: 1, isSwapped: false)
    case ("u", 1): return .plain(.uint8, size: 1, isSwapped: false)
    case ("i", 2): return .plain(.int16, size: 2, isSwapped: isSwapped)
    case ("u", 2): return .plain(.uint16, size: 2, isSwapped: isSwapped)
    case ("i", 4): return .plain(.int32, size: 4, isSwapped: isSwapped)
    case ("u", 4): return .plain(.uint32, size: 4, isSwapped: isSwapped)
    case ("i", 8): return .plain(.int64, size: 8, isSwapped: isSwapped)
    case ("u", 8): return .plain(.uint64, size: 8, isSwapped: isSwapped)
    case ("f", 2): return .half(isSwapped: isSwapped)
    case ("f", 4): return .plain(.float, size: 4, isSwapped: isSwapped)
    case ("f", 8): return .plain(.double, size: 8, isSwapped: isSwapped)
    case ("S", 1): return .plain(.char, size: 1, isSwapped: false)
    case ("S", _): return .bytes(size)
    case ("U", _): return .unicode(size, isSwapped: isSwapped)
    default: return nil
    }
  }

  /// The name of a chunk's file.
  func key(_ chunk: [Int]) -> String {
    chunk.isEmpty ? "0" : chunk.map(String.init).joined(separator: separator)
  }

  /// Bytes of an unpacked chunk; nil where it holds texts of any length.
  var chunkBytes: Int? { element.storedSize.flatMap { checkedProduct(chunks + [$0]) } }

  /// An element that nobody wrote, as it would be stored; zeros where the store does not say.
  var fillBytes: [UInt8] {
    guard let size = element.storedSize else { return [] }
    func bytes<T: FixedWidthInteger>(_ value: T, _ isSwapped: Bool) -> [UInt8] {
      withUnsafeBytes(of: isSwapped ? value.byteSwapped : value) { Array($0) }
    }
    guard case .plain(let type, _, let isSwapped) = element,
      let value = fillValue(as: type)
    else { return [UInt8](repeating: 0, count: size) }
    switch value {
    case .int8(let v): return bytes(v[0], isSwapped)
    case .uint8(let v): return bytes(v[0], isSwapped)
    case .int16(let v): return bytes(v[0], isSwapped)
    case .uint16(let v): return bytes(v[0], isSwapped)
    case .int32(let v): return bytes(v[0], isSwapped)
    case .uint32(let v): return bytes(v[0], isSwapped)
    case .int64(let v): return bytes(v[0], isSwapped)
    case .uint64(let v): return bytes(v[0], isSwapped)
    case .float(let v): return bytes(v[0].bitPattern, isSwapped)
    case .double(let v): return bytes(v[0].bitPattern, isSwapped)
    case .text, .strings: return [UInt8](repeating: 0, count: size)
    }
  }

  /// The fill value as a number of `type`; nil where there is none that this type has.
  func fillValue(as type: NetCDFType) -> NetCDFValues? {
    switch fill {
    case .integer(let number):
      // Doubles would round long integers.
      if type == .int64 { return .int64([number]) }
      if type == .uint64 { return UInt64(exactly: number).map { .uint64([$0]) } }
      return NetCDFValues(Double(number), as: type)
    case .number(let number): return NetCDFValues(number, as: type)
    case .bool(let isTrue): return NetCDFValues(isTrue ? 1 : 0, as: type)
    case .string("NaN"): return NetCDFValues(.nan, as: type)
    case .string("Infinity"): return NetCDFValues(.infinity, as: type)
    case .string("-Infinity"): return NetCDFValues(-.infinity, as: type)
    default: return nil
    }
  }
}

/// What is wrong with a part of a store.
enum ZarrComplaint: Error {
  case damaged(String)
  case unsupported(String)
}
