// Room: Tensors. The tensor: numbers with a shape and an element type, a value.

/// Numbers with a shape and an element type; knows nothing of geography.
///
/// A tensor is a value: copies share storage until one is written. It may be a strided view of
/// that storage (a transposition, a slice, a broadcast), which costs nothing until somebody needs
/// the elements in a row; and the storage may be a mapped file's bytes, which are never written.
public struct Tensor: Sendable {
  /// The type of the elements.
  public let elementType: ElementType
  /// The lengths of the dimensions, outermost first.
  public let shape: Shape
  /// The distance in elements between neighbours along each dimension; 0 where broadcast.
  public let strides: [Int]
  /// Where the first element lies in the storage, in elements.
  package let offset: Int
  package private(set) var storage: TensorStorage

  /// A tensor over storage. The caller has checked that every element lies inside it.
  package init(
    storage: TensorStorage, elementType: ElementType, shape: Shape, strides: [Int]? = nil,
    offset: Int = 0
  ) {
    self.storage = storage
    self.elementType = elementType
    self.shape = shape
    self.strides = strides ?? shape.rowMajorStrides
    self.offset = offset
  }

  /// A tensor whose elements are not set yet: for code that writes them all at once.
  package init(uninitialized shape: Shape, _ elementType: ElementType) {
    self.init(
      storage: TensorStorage(byteCount: shape.count * elementType.byteWidth),
      elementType: elementType, shape: shape)
  }

  /// A tensor of zeros (`false` for booleans).
  public init(zeros shape: Shape, _ elementType: ElementType = .float32) {
    self.init(uninitialized: shape, elementType)
    storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: storage.byteCount)
  }

  /// A tensor of `values` in row-major order.
  ///
  /// **Edge cases**: traps when `values.count` is not `shape.count`: that is the program's error.
  public init<Scalar: TensorScalar>(_ values: [Scalar], shape: Shape) {
    precondition(
      values.count == shape.count, "\(values.count) values do not fill the shape \(shape)")
    self.init(uninitialized: shape, Scalar.elementType)
    values.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress {
        storage.base.copyMemory(from: base, byteCount: bytes.count)
      }
    }
  }

  /// A scalar.
  public init<Scalar: TensorScalar>(_ value: Scalar) {
    self.init([value], shape: .scalar)
  }

  /// A tensor that reads `bytes`, which `owner` keeps alive, in place and without copying.
  ///
  /// Bytes that are not aligned for their element type (weights inside an ONNX file start at odd
  /// offsets) are copied when they are first read, since no kernel may read them in place.
  /// `isMapped` says that they are pages of a file; `identity` names them, where they have a name.
  ///
  /// **Throws** `TensorError.storageTooSmall` when `bytes` is not exactly as long as the shape asks.
  package init(
    borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject, elementType: ElementType,
    shape: Shape, isMapped: Bool = false, identity: WeightKey? = nil
  ) throws(TensorError) {
    let (byteCount, overflow) = shape.count.multipliedReportingOverflow(by: elementType.byteWidth)
    guard !overflow, byteCount == bytes.count else {
      throw TensorError(
        .storageTooSmall,
        "\(bytes.count) bytes are not what \(elementType.rawValue) \(shape) takes")
    }
    let address = UInt(bitPattern: bytes.baseAddress)
    if byteCount > 0, address % UInt(elementType.byteWidth) == 0 {
      self.init(
        storage: TensorStorage(
          borrowing: bytes, owner: owner, isMapped: isMapped, identity: identity),
        elementType: elementType, shape: shape)
    } else if byteCount >= Self.deferredBytes, let base = bytes.baseAddress {
      let source = DeferredBytes.Source(base: base, owner: owner)
      let deferred = DeferredBytes(copying: source, byteCount: byteCount, identity: identity) {
        guard isMapped else { return }
        withExtendedLifetime(source.owner) {
          MappedPages.letGo(UnsafeRawBufferPointer(start: source.base, count: byteCount))
        }
      }
      self.init(
        storage: TensorStorage(deferred, identity: identity), elementType: elementType,
        shape: shape)
    } else {
      self.init(uninitialized: shape, elementType)
      if let base = bytes.baseAddress { storage.base.copyMemory(from: base, byteCount: byteCount) }
    }
  }

  /// From so many bytes on, constants are aligned and converted only when somebody reads them.
  package static let deferredBytes = 4096

  /// How many elements there are.
  public var count: Int { shape.count }

  /// Whether the elements lie in the storage in row-major order without gaps.
  public var isContiguous: Bool {
    var step = 1
    for index in stride(from: shape.rank - 1, through: 0, by: -1) where shape[index] != 1 {
      if strides[index] != step { return shape.count == 0 }
      step *= shape[index]
    }
    return true
  }
}

// MARK: - Elements

extension Tensor {
  /// Calls `body` with the elements in row-major order; a strided view is made dense first.
  ///
  /// **Edge cases**: traps when `Scalar` is not the element type's Swift type.
  public func withElements<Scalar: TensorScalar, Result, Failure: Error>(
    of type: Scalar.Type, _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(
      Scalar.elementType == elementType,
      "a \(elementType.rawValue) tensor has no \(Scalar.elementType.rawValue) elements")
    let dense = isContiguous ? self : contiguous()
    return try withExtendedLifetime(dense.storage) { () throws(Failure) -> Result in
      let start = dense.storage.base.assumingMemoryBound(to: Scalar.self) + dense.offset
      return try body(UnsafeBufferPointer(start: start, count: dense.count))
    }
  }

  /// Calls `body` with the elements in row-major order, to be changed in place. Storage that is
  /// shared, borrowed or strided is copied first.
  public mutating func withMutableElements<Scalar: TensorScalar, Result, Failure: Error>(
    of type: Scalar.Type, _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(
      Scalar.elementType == elementType,
      "a \(elementType.rawValue) tensor has no \(Scalar.elementType.rawValue) elements")
    if !isContiguous || !storage.isWritable || !isKnownUniquelyReferenced(&storage) {
      self = copied()
    }
    return try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      let start = storage.base.assumingMemoryBound(to: Scalar.self) + offset
      return try body(UnsafeMutableBufferPointer(start: start, count: count))
    }
  }

  /// The elements' bytes in row-major order; a strided view is made dense first.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let dense = isContiguous ? self : contiguous()
    return try withExtendedLifetime(dense.storage) { () throws(Failure) -> Result in
      let start = dense.storage.base + dense.offset * elementType.byteWidth
      return try body(UnsafeRawBufferPointer(start: start, count: count * elementType.byteWidth))
    }
  }

  /// The elements in row-major order, as an array.
  ///
  /// **Edge cases**: traps when `Scalar` is not the element type's Swift type; `converted(to:)`
  /// converts first.
  public func elements<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) -> [Scalar] {
    withElements(of: type) { Array($0) }
  }

  /// Where the first element lies, to be written whoever else holds the storage: only for a
  /// planned run, whose plan says that nobody reads these bytes meanwhile.
  package func plannedDestination<Scalar: TensorScalar>(
    of type: Scalar.Type
  ) -> UnsafeMutableBufferPointer<Scalar> {
    precondition(Scalar.elementType == elementType && isContiguous && storage.isWritable)
    let start = storage.base.assumingMemoryBound(to: Scalar.self) + offset
    return UnsafeMutableBufferPointer(start: start, count: count)
  }
}
