// Room: ONNXFormat. A constant tensor as the file describes it: type, shape, and where its bytes lie.

/// A tensor's name, element type, shape and where its values lie; the values are not copied.
///
/// **Shapes.** `dims` are zero or more each; no dims means a single value. The number of bytes is
/// always exactly what the shape needs, which reading and making one both check.
public struct ONNXTensor: Sendable {
  /// Where the values are.
  public enum Payload: Sendable {
    /// Little-endian elements in C order, in the model's file, in an external file, or decoded into
    /// memory where the file held them one by one.
    case bytes(ByteRange)
    /// One string an element.
    case strings([String])
  }

  /// No tensor has more dimensions than this: no operator and no array library allows them.
  public static let rankLimit = 64

  /// The tensor's name; may be empty, except for initialisers.
  public let name: String
  /// The type of the elements.
  public let elementType: ONNXElementType
  /// The lengths of the dimensions, slowest first.
  public let dims: [Int]
  /// How many elements there are.
  public let elementCount: Int
  /// The values.
  public let payload: Payload

  /// A tensor whose little-endian elements are `bytes`.
  ///
  /// **Throws.** `ONNXError` when a dimension is negative, the shape overflows, or the number of
  /// bytes is not what the shape needs; for strings, use `init(name:dims:strings:)`.
  public init(
    name: String = "", elementType: ONNXElementType, dims: [Int], bytes: ByteRange
  ) throws(ONNXError) {
    let size = try TensorSize(elementType: elementType, dims: dims)
    guard elementType != .string else {
      throw ONNXError(.invalidTensor, "strings are not raw bytes; give them as strings")
    }
    guard bytes.count == size.byteCount else {
      throw ONNXError(
        .invalidTensor,
        "\(elementType.onnxName)\(dims) needs \(size.byteCount) bytes and has \(bytes.count); "
          + "write the file again")
    }
    self.name = name
    self.elementType = elementType
    self.dims = dims
    elementCount = size.elementCount
    payload = .bytes(bytes)
  }

  /// A tensor whose little-endian elements are a copy of `bytes`.
  ///
  /// **Throws.** As `init(name:elementType:dims:bytes:)` with a range.
  public init(
    name: String = "", elementType: ONNXElementType, dims: [Int], copying bytes: [UInt8]
  ) throws(ONNXError) {
    try self.init(
      name: name, elementType: elementType, dims: dims,
      bytes: ByteRange(all: MappedFile(copying: bytes)))
  }

  /// A tensor of strings.
  ///
  /// **Throws.** `ONNXError` when the shape is bad or there are not as many strings as it needs.
  public init(name: String = "", dims: [Int], strings: [String]) throws(ONNXError) {
    let size = try TensorSize(elementType: .string, dims: dims)
    guard strings.count == size.elementCount else {
      throw ONNXError(
        .invalidTensor,
        "STRING\(dims) needs \(size.elementCount) strings and has \(strings.count); "
          + "write the file again")
    }
    self.name = name
    elementType = .string
    self.dims = dims
    elementCount = size.elementCount
    payload = .strings(strings)
  }

  /// The bytes and their owner; nil for strings.
  public var byteRange: ByteRange? {
    guard case .bytes(let range) = payload else { return nil }
    return range
  }

  /// Lends the little-endian elements to `body`; no bytes for strings.
  ///
  /// **Edge cases.** The start may have any alignment: use `loadUnaligned`.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard case .bytes(let range) = payload else {
      return try body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    return try range.withBytes(body)
  }

  /// The same tensor under another name.
  public func named(_ name: String) -> ONNXTensor { ONNXTensor(renaming: self, name) }

  private init(renaming tensor: ONNXTensor, _ name: String) {
    self.name = name
    elementType = tensor.elementType
    dims = tensor.dims
    elementCount = tensor.elementCount
    payload = tensor.payload
  }
}

/// How many elements and bytes a shape needs, overflow checked.
struct TensorSize {
  let elementCount: Int
  /// Zero for strings.
  let byteCount: Int

  init(elementType: ONNXElementType, dims: [Int]) throws(ONNXError) {
    guard dims.count <= ONNXTensor.rankLimit else {
      throw ONNXError(
        .invalidTensor,
        "has \(dims.count) dimensions where \(ONNXTensor.rankLimit) are the most; "
          + "the file is damaged")
    }
    var product = 1
    for length in dims {
      guard length >= 0 else {
        throw ONNXError(.invalidTensor, "shape \(dims) has a negative length; the file is damaged")
      }
      // An empty tensor's other lengths are counted too, so that its strides cannot overflow.
      let (next, overflow) = product.multipliedReportingOverflow(by: max(length, 1))
      guard !overflow else { throw Self.tooLarge(elementType, dims) }
      product = next
    }
    guard let bytes = elementType.byteCount(of: product) else {
      throw Self.tooLarge(elementType, dims)
    }
    let isEmpty = dims.contains(0)
    elementCount = isEmpty ? 0 : product
    byteCount = isEmpty ? 0 : bytes
  }

  private static func tooLarge(_ type: ONNXElementType, _ dims: [Int]) -> ONNXError {
    ONNXError(
      .invalidTensor,
      "\(type.onnxName)\(dims) is larger than any memory; the file is damaged or hostile")
  }
}

/// A tensor of which only the non-zero values are stored.
public struct ONNXSparseTensor: Sendable {
  /// The stored values, one dimension; its name is the sparse tensor's.
  public let values: ONNXTensor
  /// Where they stand: INT64 of shape [count], in C order, or [count, rank]; each inside `dims`.
  public let indices: ONNXTensor
  /// The lengths of the dense tensor's dimensions.
  public let dims: [Int]

  /// The name, which is that of the values.
  public var name: String { values.name }
}
