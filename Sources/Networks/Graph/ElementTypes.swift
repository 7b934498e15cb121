// Room: Networks. ONNX's element types and tensors as this package's own.

package import ONNXFormat
package import Tensors

extension ONNXElementType {
  /// The element type of the same name; nil for types that tensors cannot have here.
  package var elementType: ElementType? {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .bool: .bool
    default: nil
    }
  }
}

extension ElementType {
  /// The element type's name and number in ONNX.
  package var onnx: ONNXElementType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .bool: .bool
    }
  }
}

extension Tensor {
  /// The values of `tensor`, read where they lie when their alignment allows.
  ///
  /// **Throws** `OperatorFault` for element types that tensors cannot have here.
  package init(_ tensor: ONNXTensor) throws {
    guard let type = tensor.elementType.elementType else {
      throw OperatorFault.unsupported("element type \(tensor.elementType.onnxName)")
    }
    guard let range = tensor.byteRange else {
      throw OperatorFault.unsupported("element type STRING")
    }
    let shape = try Shape(checking: tensor.dims)
    let borrowed = try range.withBytes { bytes in
      try Tensor(borrowing: bytes, owner: range.owner, elementType: type, shape: shape)
    }
    self = type == .bool ? borrowed.normalizedBooleans() : borrowed
  }

  /// The same booleans with every byte 0 or 1: any other byte is no value of Swift's `Bool`.
  package func normalizedBooleans() -> Tensor {
    guard elementType == .bool else { return self }
    return withBytes { bytes in
      guard bytes.contains(where: { $0 > 1 }) else { return self }
      let result = Tensor(uninitialized: shape, .bool)
      let target = result.plannedDestination(of: Bool.self)
      for index in bytes.indices { target[index] = bytes[index] != 0 }
      return result
    }
  }
}
