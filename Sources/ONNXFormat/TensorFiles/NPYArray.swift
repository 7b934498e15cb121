// Room: ONNXFormat. NumPy's `.npy` files: one array, described as type, shape and bytes.

public import Foundation

/// An array as a `.npy` file holds it: element type, shape, and little-endian bytes in C order.
///
/// Files in that order stay mapped; big-endian ones and those in Fortran order are turned while
/// they are read.
///
/// **Source.** NumPy Enhancement Proposal 1, formats 1.0 to 3.0.
public struct NPYArray: Sendable {
  /// The type of the elements; one of those that NumPy has.
  public let elementType: ONNXElementType
  /// The lengths of the dimensions, slowest first; empty for a single value.
  public let shape: [Int]
  /// The little-endian elements in C order.
  public let bytes: ByteRange

  /// An array whose little-endian elements in C order are `bytes`.
  ///
  /// **Throws.** `ONNXError` when NumPy has no such type, the shape is bad, or the number of bytes
  /// is not what it needs.
  public init(
    elementType: ONNXElementType, shape: [Int], bytes: ByteRange
  ) throws(ONNXError) {
    guard Self.code(of: elementType) != nil else {
      throw ONNXError(
        .unsupported,
        "NumPy has no type for \(elementType.onnxName); convert it, or write .pb instead")
    }
    // The checks are those of a tensor.
    let tensor = try ONNXTensor(elementType: elementType, dims: shape, bytes: bytes)
    self.elementType = tensor.elementType
    self.shape = tensor.dims
    self.bytes = bytes
  }

  /// The array of `tensor`.
  ///
  /// **Throws.** `ONNXError` when NumPy has no such type, as with strings and `bfloat16`.
  public init(_ tensor: ONNXTensor) throws(ONNXError) {
    guard let bytes = tensor.byteRange else {
      throw ONNXError(.unsupported, "strings are not written to .npy; write .pb instead")
    }
    try self.init(elementType: tensor.elementType, shape: tensor.dims, bytes: bytes)
  }

  /// Reads the file at `url`.
  ///
  /// **Throws.** `ONNXError`, naming the file, when it is missing, is not `.npy`, is damaged, or
  /// holds text, dates, objects or records.
  public init(contentsOf url: URL) throws(ONNXError) {
    do throws(ONNXError) {
      try self.init(file: try MappedFile(contentsOf: url))
    } catch {
      throw error.about(url.path)
    }
  }

  /// Reads a `.npy` file held in memory.
  ///
  /// **Throws.** `ONNXError` as `init(contentsOf:)`.
  public init(fileBytes: [UInt8]) throws(ONNXError) {
    try self.init(file: MappedFile(copying: fileBytes))
  }

  private init(file: MappedFile) throws(ONNXError) {
    let (header, start) = try file.withBytes { bytes throws(ONNXError) in
      try NPYHeader.read(bytes)
    }
    let size = try TensorSize(elementType: header.elementType, dims: header.shape)
    let available = file.count - start
    guard available == size.byteCount, let stored = ByteRange(start..<file.count, of: file) else {
      throw ONNXError(
        available < size.byteCount ? .truncated : .malformed,
        "holds \(available) bytes of values where \(header.elementType.onnxName)\(header.shape) "
          + "needs \(size.byteCount); write it again")
    }
    if header.elementType == .bool, !stored.withBytes({ $0.allSatisfy { $0 <= 1 } }) {
      throw ONNXError(.malformed, "holds truth values other than 0 and 1; write it again")
    }
    try self.init(
      elementType: header.elementType, shape: header.shape,
      bytes: header.needsReordering ? Self.reordered(stored, header) : stored)
  }

  /// The array as a tensor called `name`.
  ///
  /// **Throws.** Nothing for arrays that were made or read here.
  public func tensor(named name: String = "") throws(ONNXError) -> ONNXTensor {
    try ONNXTensor(name: name, elementType: elementType, dims: shape, bytes: bytes)
  }

  /// The array as a `.npy` file of format 1.0.
  public func serialized() -> [UInt8] { file().bytes }

  /// Writes the array to `url` in format 1.0; the file appears whole or not at all.
  ///
  /// **Throws.** `ONNXError` when the file cannot be written.
  public func write(to url: URL) throws(ONNXError) { try file().write(to: url.path) }

  private func file() -> WholeFile {
    let code = Self.code(of: elementType) ?? ""
    let lengths = shape.map(String.init).joined(separator: ", ")
    let tuple = shape.count == 1 ? "(\(lengths),)" : "(\(lengths))"
    var header = Array("{'descr': '\(code)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
    // Values start at a multiple of 64 bytes, so that a mapped file can be used where it lies.
    let unpadded = 10 + header.count + 1
    header += [UInt8](repeating: 0x20, count: (64 - unpadded % 64) % 64)
    header.append(0x0A)
    var file = WholeFile()
    file.append(NPYHeader.magic + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)])
    file.append(header)
    file.append(bytes)
    return file
  }

  /// NumPy's code for a type, with its byte order.
  private static func code(of type: ONNXElementType) -> String? {
    guard let letters = NPYHeader.types.first(where: { $0.value == type })?.key else { return nil }
    return (type.bitWidth == 8 ? "|" : "<") + letters
  }

  /// The same elements, little-endian and in C order.
  private static func reordered(_ stored: ByteRange, _ header: NPYHeader) -> ByteRange {
    let width = header.elementType.bitWidth / 8
    let isComplex = header.elementType == .complex64 || header.elementType == .complex128
    let part = isComplex ? width / 2 : width
    let owner = MappedFile(byteCount: stored.count) { result in
      stored.withBytes { source in
        var walk = FortranWalk(shape: header.shape, isFortran: header.isFortranOrder)
        for element in 0..<(stored.count / width) {
          let from = walk.next() * width
          for byte in 0..<width {
            let place = header.isBigEndian ? byte / part * part + (part - 1 - byte % part) : byte
            result[element * width + byte] = source[from + place]
          }
        }
      }
    }
    return ByteRange(all: owner)
  }
}

/// Where each element of an array, taken in C order, stands in a file.
private struct FortranWalk {
  private let shape: [Int]
  private var strides: [Int] = []
  private var index: [Int]
  private var position = 0

  init(shape: [Int], isFortran: Bool) {
    self.shape = shape
    index = Array(repeating: 0, count: shape.count)
    strides = index
    var stride = 1
    for axis in isFortran ? Array(shape.indices) : shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
  }

  mutating func next() -> Int {
    defer { advance() }
    return position
  }

  private mutating func advance() {
    for axis in shape.indices.reversed() {
      index[axis] += 1
      position += strides[axis]
      if index[axis] < shape[axis] { return }
      position -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
}
