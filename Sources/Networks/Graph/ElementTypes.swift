// Room: Networks. ONNX's element types and tensors as this package's own.

package import ONNXFormat
package import Tensors

extension ONNXElementType {
  /// The element type of the same name; nil for types that tensors cannot have here.
  package var elementType: ElementType? { ElementType.allCases.first { $0.onnx == self } }
}

extension ElementType {
  /// Whether it is one of the two floats of 16 bits.
  package var isHalf: Bool { self == .float16 || self == .bfloat16 }

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
    case .float8e4m3fn: .float8e4m3fn
    case .float8e4m3fnuz: .float8e4m3fnuz
    case .float8e5m2: .float8e5m2
    case .float8e5m2fnuz: .float8e5m2fnuz
    case .float8e8m0: .float8e8m0
    case .float6e2m3: .float6e2m3
    case .float6e3m2: .float6e3m2
    case .float4e2m1: .float4e2m1
    case .int4: .int4
    case .uint4: .uint4
    case .int2: .int2
    case .uint2: .uint2
    }
  }
}

extension ByteRange {
  /// What the bytes are called in the store of weights that the calling thread uses; nil without one,
  /// and for bytes that lie in no file.
  fileprivate var weightKey: WeightKey? {
    guard owner.isMapped, let path = owner.path,
      let name = MemoryAccount.current?.weights?.name(ofFile: path)
    else { return nil }
    var hasher = WeightHasher()
    hasher.add(name)
    hasher.add([range.lowerBound, range.count])
    return hasher.key
  }
}

extension Tensor {
  /// Whether these are several half-precision numbers: weights, not a factor.
  package var isHalfWeights: Bool { elementType.isHalf && count > 1 }

  /// The values of `tensor`, read where they lie when their alignment allows; those of fewer than
  /// eight bits are unpacked.
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
    try WorkMemory.check(shape)
    if type.bitWidth < 8 {
      self = range.withBytes { Tensor(unpacking: $0, type, shape: shape) }
      return
    }
    let identity = range.weightKey
    let borrowed = try range.withBytes { bytes in
      try Tensor(
        borrowing: bytes, owner: range.owner, elementType: type, shape: shape,
        isMapped: range.owner.isMapped, identity: identity)
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
