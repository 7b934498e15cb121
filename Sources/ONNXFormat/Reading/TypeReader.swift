// Room: ONNXFormat. Reads `ValueInfoProto`, `TypeProto` and `TensorShapeProto`.

/// Reads a `ValueInfoProto`.
func readValueInfo(_ message: WireReader) throws(ONNXError) -> ONNXValueInfo {
  var reader = message
  var name = ""
  var type: ONNXType?
  while let field = try reader.nextField() {
    switch field.number {
    case 1: name = try reader.name(field)
    case 2:
      let message = try reader.message(field)
      type = try within("type of value \(ONNXError.quoted(name))") { () throws(ONNXError) in
        try readType(message)
      }
    default: try reader.skip(field)
    }
  }
  guard !name.isEmpty else {
    throw ONNXError(
      .invalidGraph, "an input, output or value has no name; export the network again")
  }
  return ONNXValueInfo(name: name, type: type)
}

/// Reads a `TypeProto` that must say something.
func readRequiredType(_ message: WireReader) throws(ONNXError) -> ONNXType {
  guard let type = try readType(message) else {
    throw ONNXError(.malformed, "a type is empty; export the network again")
  }
  return type
}

/// Reads a `TypeProto`; nil where it says nothing, as exporters write for values without a type.
func readType(_ message: WireReader) throws(ONNXError) -> ONNXType? {
  var reader = message
  var result: ONNXType?
  while let field = try reader.nextField() {
    switch field.number {
    case 1:
      guard let (element, shape) = try readTensorType(try reader.message(field)) else { continue }
      try setOnce(&result, .tensor(element, shape: shape), "a type")
    case 4:
      try setOnce(&result, .sequence(try readElementType(try reader.message(field))), "a type")
    case 5: try setOnce(&result, try readMapType(try reader.message(field)), "a type")
    case 7: try setOnce(&result, try readOpaqueType(try reader.message(field)), "a type")
    case 8:
      guard let (element, shape) = try readTensorType(try reader.message(field)) else { continue }
      try setOnce(&result, .sparseTensor(element, shape: shape), "a type")
    case 9:
      try setOnce(&result, .optional(try readElementType(try reader.message(field))), "a type")
    default: try reader.skip(field)
    }
  }
  return result
}

/// The element type with ONNX's number `number`.
func elementType(_ number: Int32) throws(ONNXError) -> ONNXElementType {
  guard let type = ONNXElementType(rawValue: number) else {
    throw ONNXError(
      .unsupported, "element type \(number) is not known here; export with another type")
  }
  return type
}

/// Reads `TypeProto.Tensor`; nil where it gives no element type, which means nothing is known.
private func readTensorType(
  _ message: WireReader
) throws(ONNXError) -> (ONNXElementType, [ONNXType.Dimension]?)? {
  var reader = message
  var element: Int32 = 0
  var shape: [ONNXType.Dimension]?
  while let field = try reader.nextField() {
    switch field.number {
    case 1: element = try reader.int32(field)
    case 2: shape = try readShape(try reader.message(field))
    default: try reader.skip(field)
    }
  }
  return element == 0 ? nil : (try elementType(element), shape)
}

private func readShape(_ message: WireReader) throws(ONNXError) -> [ONNXType.Dimension] {
  var reader = message
  var shape: [ONNXType.Dimension] = []
  while let field = try reader.nextField() {
    guard field.number == 1 else {
      try reader.skip(field)
      continue
    }
    guard shape.count < ONNXTensor.rankLimit else {
      throw ONNXError(
        .malformed, "has more than \(ONNXTensor.rankLimit) dimensions; the file is damaged")
    }
    shape.append(try readDimension(try reader.message(field)))
  }
  return shape
}

private func readDimension(_ message: WireReader) throws(ONNXError) -> ONNXType.Dimension {
  var reader = message
  var dimension = ONNXType.Dimension.unknown
  while let field = try reader.nextField() {
    switch field.number {
    case 1:
      let length = try reader.int(field)
      // Exporters have long written -1 for a length they do not know.
      guard length >= -1 else {
        throw ONNXError(.malformed, "has a dimension of length \(length); the file is damaged")
      }
      dimension = length == -1 ? .unknown : .fixed(length)
    case 2:
      let name = try reader.name(field)
      dimension = name.isEmpty ? .unknown : .symbol(name)
    default: try reader.skip(field)
    }
  }
  return dimension
}

/// Reads the element type of a sequence or an optional.
private func readElementType(_ message: WireReader) throws(ONNXError) -> ONNXType {
  var reader = message
  var element: ONNXType?
  while let field = try reader.nextField() {
    switch field.number {
    case 1: element = try readRequiredType(try reader.message(field))
    default: try reader.skip(field)
    }
  }
  guard let element else {
    throw ONNXError(.malformed, "does not say what it holds; export the network again")
  }
  return element
}

private func readMapType(_ message: WireReader) throws(ONNXError) -> ONNXType {
  var reader = message
  var key: Int32 = 0
  var value: ONNXType?
  while let field = try reader.nextField() {
    switch field.number {
    case 1: key = try reader.int32(field)
    case 2: value = try readRequiredType(try reader.message(field))
    default: try reader.skip(field)
    }
  }
  guard let value else {
    throw ONNXError(.malformed, "is a map of nothing; export the network again")
  }
  return .map(key: try elementType(key), value: value)
}

private func readOpaqueType(_ message: WireReader) throws(ONNXError) -> ONNXType {
  var reader = message
  var domain = ""
  var name = ""
  while let field = try reader.nextField() {
    switch field.number {
    case 1: domain = try reader.name(field)
    case 2: name = try reader.name(field)
    default: try reader.skip(field)
    }
  }
  return .opaque(domain: domain, name: name)
}
