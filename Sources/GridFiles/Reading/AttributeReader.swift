// Room: GridFiles. Reads one attribute in its own type, and bytes that claim to be text.

internal import CNetCDF

struct AttributeReader {
  let path: String
  let group: GroupID
  let variable: VariableID
  let name: String

  /// The attribute's value, or nil where it is of a type that is not read; `limit` is the most elements
  /// that it may have.
  func read(atMost limit: Int) throws(GridFileError) -> NetCDFValues? {
    var rawType: Int32 = 0
    var count = 0
    try NetCDFLibrary.check(path, nil, "reading attribute '\(name)'") {
      nc_inq_att(group.raw, variable.raw, name, &rawType, &count)
    }
    let type = AttributeReader.type(rawType, in: group, path)
    guard type != .userDefined else { return nil }
    guard count >= 0, count <= limit else {
      throw GridFileError(
        .corrupt, path: path,
        "attribute '\(name)' has \(count) elements, more than are read; "
          + "fetch the file again or remove it with 'ncatted'")
    }
    switch type {
    case .char: return .text(TextDecoder.text(try numbers(count, 0 as UInt8)))
    case .string: return .strings(try strings(count))
    case .int8: return .int8(try numbers(count, 0))
    case .uint8: return .uint8(try numbers(count, 0))
    case .int16: return .int16(try numbers(count, 0))
    case .uint16: return .uint16(try numbers(count, 0))
    case .int32: return .int32(try numbers(count, 0))
    case .uint32: return .uint32(try numbers(count, 0))
    case .int64: return .int64(try numbers(count, 0))
    case .uint64: return .uint64(try numbers(count, 0))
    case .float: return .float(try numbers(count, 0))
    case .double: return .double(try numbers(count, 0))
    case .userDefined: return nil
    }
  }

  private func numbers<T: NetCDFNumber>(_ count: Int, _ zero: T) throws(GridFileError) -> [T] {
    guard count > 0 else { return [] }
    var values = [T](repeating: zero, count: count)
    var status = NC_NOERR
    values.withUnsafeMutableBytes { bytes in
      status = NetCDFLibrary.status(reading: path) {
        nc_get_att(group.raw, variable.raw, name, bytes.baseAddress)
      }
    }
    if status != NC_NOERR {
      throw NetCDFLibrary.error(status, path, nil, "reading attribute '\(name)'")
    }
    return values
  }

  private func strings(_ count: Int) throws(GridFileError) -> [String] {
    guard count > 0 else { return [] }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    try NetCDFLibrary.check(path, nil, "reading attribute '\(name)'") {
      nc_get_att_string(group.raw, variable.raw, name, &pointers)
    }
    return TextDecoder.takeStrings(&pointers)
  }
}

extension AttributeReader {
  /// The type that netCDF-C calls `raw`: enumerations are the integers they are made of; other types that
  /// a file defines are not read.
  static func type(_ raw: Int32, in group: GroupID, _ path: String) -> NetCDFType {
    if let type = NetCDFType(rawValue: raw), type != .userDefined { return type }
    var base: Int32 = 0
    var kind: Int32 = 0
    let status = NetCDFLibrary.status(reading: path) {
      nc_inq_user_type(group.raw, raw, nil, nil, &base, nil, &kind)
    }
    guard status == NC_NOERR, kind == NC_ENUM else { return .userDefined }
    return NetCDFType(rawValue: base) ?? .userDefined
  }
}

enum TextDecoder {
  /// Text from bytes: UTF-8 where they are that, else Latin-1, which every byte is; ends at the
  /// padding zeros that some writers leave.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    var bytes = Array(bytes)
    while bytes.last == 0 { bytes.removeLast() }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// Text from bytes in the encoding that an `_Encoding` attribute names: UTF-8, ASCII and Latin-1 are known.
  static func text(_ bytes: some Collection<UInt8>, encoding: String?) -> String {
    let name = encoding?.lowercased().filter { $0 != "-" && $0 != "_" } ?? ""
    guard ["latin1", "iso88591", "iso885915", "windows1252", "cp1252"].contains(name) else {
      return text(bytes)
    }
    var bytes = Array(bytes)
    while bytes.last == 0 { bytes.removeLast() }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// Copies strings that netCDF-C allocated, and gives them back to it.
  static func takeStrings(_ pointers: inout [UnsafeMutablePointer<CChar>?]) -> [String] {
    let texts = pointers.map { pointer -> String in
      guard let pointer else { return "" }
      return text(
        UnsafeBufferPointer(start: pointer, count: length(of: pointer)).map {
          UInt8(bitPattern: $0)
        })
    }
    let count = pointers.count
    _ = NetCDFLibrary.status { nc_free_string(count, &pointers) }
    return texts
  }

  private static func length(of pointer: UnsafePointer<CChar>) -> Int {
    var length = 0
    while pointer[length] != 0 { length += 1 }
    return length
  }
}
