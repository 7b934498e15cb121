// Room: GridFiles. Unpacks the compressed chunks of Zarr stores; what a chunk says of itself is not believed.

internal import CNetCDF

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One step of unpacking a chunk.
enum ZarrCodec: Sendable, Equatable {
  case zlib, gzip, blosc, zstd, lz4
  /// Bytes grouped by significance.
  case shuffle(elementSize: Int)

  /// The codec that a store describes, or nil where it is none of these.
  init?(_ description: JSONValue) {
    switch description["id"]?.text {
    case "zlib": self = .zlib
    case "gzip": self = .gzip
    case "blosc": self = .blosc
    case "zstd": self = .zstd
    case "lz4": self = .lz4
    case "shuffle": self = .shuffle(elementSize: description["elementsize"]?.integer ?? 4)
    default: return nil
    }
  }

  /// Unpacks `input`, whose result may have at most `limit` bytes; nil where it is damaged.
  func decode(_ input: [UInt8], limit: Int) -> [UInt8]? {
    switch self {
    case .zlib, .gzip: ZarrCodec.inflate(input[...], limit: limit)
    case .zstd: ZarrCodec.zstandard(input[...], limit: limit)
    case .blosc: Blosc.decode(input, limit: limit)
    case .lz4:
      // The size comes first, in four bytes.
      input.count < 4 || littleEndian(input, at: 0) > limit
        ? nil : LZ4.decode(input[4...], count: littleEndian(input, at: 0))
    case .shuffle(let size):
      size < 1 || size > 256 ? nil : Blosc.unshuffled(input, elementSize: size)
    }
  }

  /// Unpacks zlib or gzip.
  static func inflate(_ input: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
    guard limit >= 0, let room = UInt32(exactly: limit), let length = UInt32(exactly: input.count)
    else { return nil }
    var stream = z_stream()
    // 32 beside the window's size tells both formats by their first bytes.
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, size) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var input = Array(input)
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: max(limit, 1)) { output, filled in
      input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = length
        stream.next_out = output.baseAddress
        stream.avail_out = room
        status = CNetCDF.inflate(&stream, Z_FINISH)
        filled = limit - Int(stream.avail_out)
      }
    }
    return status == Z_STREAM_END ? output : nil
  }

  private typealias Decompress =
    @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int) -> Int

  /// Zstandard, which netCDF-C has loaded where it was built with it.
  private static let decompress: Decompress? = {
    let symbol =
      dlsym(dlopen(nil, RTLD_LAZY), "ZSTD_decompress")
      ?? dlopen("libzstd.so.1", RTLD_LAZY).flatMap { dlsym($0, "ZSTD_decompress") }
    return symbol.map { unsafeBitCast($0, to: Decompress.self) }
  }()

  static let hasZstandard = decompress != nil

  static func zstandard(_ input: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
    guard let decompress, limit >= 0 else { return nil }
    var size = -1
    let output = [UInt8](unsafeUninitializedCapacity: max(limit, 1)) { output, filled in
      input.withUnsafeBytes { input in
        size = decompress(output.baseAddress, limit, input.baseAddress, input.count)
      }
      filled = (0...limit).contains(size) ? size : 0
    }
    // Failures are numbers close below zero.
    return (0...limit).contains(size) ? output : nil
  }
}

/// The four bytes at `place` as a number; 0 where they are not there.
func littleEndian(_ bytes: [UInt8], at place: Int) -> Int {
  guard place >= 0, place <= bytes.count - 4 else { return 0 }
  return (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
}
