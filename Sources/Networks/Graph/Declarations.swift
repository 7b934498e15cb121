// Room: Networks. What a file declares of values and sparse tensors, in this package's own terms.

internal import ONNXFormat
internal import Tensors

extension ValueDescription {
  /// What the file declares of a value.
  init(_ info: ONNXValueInfo) {
    self.init(name: info.name, elementType: nil, dimensions: nil)
    var type = info.type
    if case .optional(let inner)? = type {
      kind = .optional
      type = inner
    } else if case .sequence(let inner)? = type {
      kind = .sequence
      type = inner
    }
    guard let type else { return }
    elementType = Self.elementType(type)
    if case .tensor(_, let shape?) = type, kind == .tensor {
      dimensions = shape.map { dimension in
        switch dimension {
        case .fixed(let length): .fixed(length)
        case .symbol(let name): .symbol(name)
        case .unknown: .unknown
        }
      }
    }
  }

  /// The element type at the bottom of a type.
  static func elementType(_ type: ONNXType) -> ElementType? {
    switch type {
    case .tensor(let element, _), .sparseTensor(let element, _): element.elementType
    case .sequence(let inner), .optional(let inner): elementType(inner)
    case .map, .opaque: nil
    }
  }
}

extension Tensor {
  /// A dense tensor of a sparse one's values.
  init(_ sparse: ONNXSparseTensor) throws {
    let values = try Tensor(sparse.values)
    let shape = try Shape(checking: sparse.dims)
    let indices = try Tensor(sparse.indices).integerElements(input: 0)
    let result = try Tensor(working: shape, values.elementType)
    result.plannedBytes.initializeMemory(as: UInt8.self, repeating: 0)
    let width = values.elementType.byteWidth
    let strides = shape.rowMajorStrides
    let flat = sparse.indices.dims.count == 1
    try values.withBytes { bytes in
      for index in 0..<values.count {
        let rank = flat ? 1 : shape.rank
        var position = 0
        for axis in 0..<rank where index * rank + axis < indices.count {
          let step = indices[index * rank + axis]
          guard step >= 0, step < (flat ? shape.count : shape[axis]) else {
            throw OperatorFault.invalid("a sparse tensor's index lies outside its shape \(shape)")
          }
          position += step * (flat ? 1 : strides[axis])
        }
        guard position >= 0, position < shape.count else {
          throw OperatorFault.invalid("a sparse tensor's index lies outside its shape \(shape)")
        }
        UnsafeMutableRawBufferPointer(
          rebasing: result.plannedBytes[position * width..<(position + 1) * width]
        ).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[index * width..<(index + 1) * width]))
      }
    }
    self = result
  }
}
