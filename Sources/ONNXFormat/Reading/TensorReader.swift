// Room: ONNXFormat. Reads `TensorProto` and `SparseTensorProto`; weights are pointed at, not copied.

/// Reads a `TensorProto`.
func readTensor(
  _ message: WireReader, _ context: ReadingContext
) throws(ONNXError) -> ONNXTensor {
  var fields = TensorFields()
  do throws(ONNXError) {
    try fields.read(message)
    return try fields.tensor(message, context)
  } catch {
    throw fields.name.isEmpty ? error : error.inside("tensor \(ONNXError.quoted(fields.name))")
  }
}

/// Reads a `SparseTensorProto`.
func readSparseTensor(
  _ message: WireReader, _ context: ReadingContext
) throws(ONNXError) -> ONNXSparseTensor {
  var reader = message
  var values: ONNXTensor?
  var indices: ONNXTensor?
  var dims: [Int] = []
  while let field = try reader.nextField() {
    switch field.number {
    case 1: try setOnce(&values, try readTensor(try reader.message(field), context), "values")
    case 2: try setOnce(&indices, try readTensor(try reader.message(field), context), "indices")
    case 3: try reader.appendInts(field, to: &dims)
    default: try reader.skip(field)
    }
  }
  guard let values, let indices else {
    throw ONNXError(.malformed, "has no values or no indices; the file is damaged")
  }
  return try within("sparse tensor \(ONNXError.quoted(values.name))") { () throws(ONNXError) in
    try checkedSparseTensor(values: values, indices: indices, dims: dims)
  }
}

private func checkedSparseTensor(
  values: ONNXTensor, indices: ONNXTensor, dims: [Int]
) throws(ONNXError) -> ONNXSparseTensor {
  let size = try TensorSize(elementType: values.elementType, dims: dims)
  let count = values.elementCount
  let isLinear = indices.dims == [count]
  guard values.dims.count == 1, indices.elementType == .int64,
    isLinear || indices.dims == [count, dims.count]
  else {
    throw ONNXError(
      .invalidTensor,
      "its values \(values.dims) and indices \(indices.dims) do not fit each other; "
        + "export the network again")
  }
  try indices.withBytes { bytes throws(ONNXError) in
    for position in 0..<indices.elementCount {
      let index = Int64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: position * 8, as: Int64.self))
      let limit = isLinear ? size.elementCount : dims[position % dims.count]
      guard index >= 0, index < limit else {
        throw ONNXError(
          .invalidTensor, "index \(index) lies outside \(dims); export the network again")
      }
    }
  }
  return ONNXSparseTensor(values: values, indices: indices, dims: dims)
}

/// What a `TensorProto` says of itself, before its values are looked at.
struct TensorFields {
  private(set) var name = ""
  private(set) var dims: [Int] = []
  private var elementNumber: Int32 = 0
  private var raw: Range<Int>?
  private var strings: [String] = []
  private var external: [String: String] = [:]
  private var isExternal = false
  private(set) var typed = TypedValues()

  mutating func read(_ message: WireReader) throws(ONNXError) {
    var reader = message
    while let field = try reader.nextField() {
      switch field.number {
      case 1:
        try reader.appendInts(field, to: &dims)
        guard dims.count <= ONNXTensor.rankLimit else {
          throw ONNXError(
            .invalidTensor,
            "has more than \(ONNXTensor.rankLimit) dimensions; the file is damaged")
        }
      case 2: elementNumber = try reader.int32(field)
      case 3:
        throw ONNXError(.unsupported, "is one segment of a tensor; write the tensor whole")
      case 4, 5, 7, 10, 11: try typed.note(field, &reader)
      case 6: strings.append(try reader.text(field))
      case 8: name = try reader.name(field)
      case 9: raw = try reader.range(field)
      case 13:
        let entry = try readEntry(try reader.message(field))
        external[entry.key] = entry.value
      case 14: isExternal = try reader.int32(field) == 1
      default: try reader.skip(field)
      }
    }
  }

  /// The tensor these fields describe; `message` is what they were read from.
  func tensor(
    _ message: WireReader, _ context: ReadingContext
  ) throws(ONNXError) -> ONNXTensor {
    guard elementNumber != 0 else {
      throw ONNXError(.malformed, "has no element type; this is not a tensor or is cut short")
    }
    let type = try elementType(elementNumber)
    let size = try TensorSize(elementType: type, dims: dims)
    let sources = [isExternal, (raw?.count ?? 0) > 0, !typed.isEmpty, !strings.isEmpty]
    guard sources.count(where: { $0 }) <= 1 else {
      throw ONNXError(.invalidTensor, "gives its values in two ways; write it again")
    }
    if type == .string {
      guard !isExternal, raw == nil, typed.isEmpty else {
        throw ONNXError(.invalidTensor, "gives strings as bytes; write it again")
      }
      return try ONNXTensor(name: name, dims: dims, strings: strings)
    }
    guard strings.isEmpty else {
      throw ONNXError(.invalidTensor, "gives strings for \(type.onnxName); write it again")
    }
    let bytes: ByteRange
    if isExternal {
      bytes = try context.external.range(of: external, byteCount: size.byteCount)
    } else if typed.isEmpty {
      bytes = try Self.range(raw ?? 0..<0, context)
    } else {
      bytes = try typed.bytes(type, size, dims: dims, message, context)
    }
    let tensor = try ONNXTensor(name: name, elementType: type, dims: dims, bytes: bytes)
    if type == .bool { try Self.requireBooleans(bytes) }
    return tensor
  }

  static func range(
    _ range: Range<Int>, _ context: ReadingContext
  ) throws(ONNXError) -> ByteRange {
    guard let bytes = ByteRange(range, of: context.file) else {
      throw ONNXError(.truncated, "lies outside its file; fetch the file again")
    }
    return bytes
  }

  /// A byte other than 0 or 1 would be neither true nor false to whoever reads it as a `Bool`.
  private static func requireBooleans(_ bytes: ByteRange) throws(ONNXError) {
    let isSound = bytes.withBytes { $0.allSatisfy { $0 <= 1 } }
    guard isSound else {
      throw ONNXError(.invalidTensor, "holds truth values other than 0 and 1; write it again")
    }
  }
}
