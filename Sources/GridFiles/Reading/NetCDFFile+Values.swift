// Room: GridFiles. Reads parts of variables: as stored, or as numbers with what is missing marked.

extension NetCDFFile {
  /// The largest part that one read may ask for, in bytes: a guard against damaged headers.
  static let largestRead = 1 << 36

  /// Reads a box of `variable` as stored: no unpacking, nothing marked missing.
  ///
  /// `start`, `count` and `stride` have one entry for each dimension; leaving them out reads everything.
  /// Edge cases: `NC_CHAR` comes as one text of all bytes in the box; integers with `_Unsigned`
  /// come in the type that the attribute says they have.
  /// Throws: `outOfBounds`, `unsupported`, `corrupt`, `inputOutput`.
  public func values(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil, stride: [Int]? = nil
  ) throws(GridFileError) -> NetCDFValues {
    try values(of: variable, in: box(of: variable, start, count, stride))
  }

  /// Reads `box` of `variable` as stored.
  ///
  /// Edge cases and errors: as `values(of:start:count:stride:)`.
  public func values(
    of variable: NetCDFVariable, in box: NetCDFBox
  ) throws(GridFileError) -> NetCDFValues {
    switch Packing.effectiveType(of: variable) {
    case .char: return .text(TextDecoder.text(try stored(variable, box, as: UInt8.self)))
    case .string: return .strings(try texts(variable, box))
    case .int8: return .int8(try stored(variable, box, as: Int8.self))
    case .uint8: return .uint8(try stored(variable, box, as: UInt8.self))
    case .int16: return .int16(try stored(variable, box, as: Int16.self))
    case .uint16: return .uint16(try stored(variable, box, as: UInt16.self))
    case .int32: return .int32(try stored(variable, box, as: Int32.self))
    case .uint32: return .uint32(try stored(variable, box, as: UInt32.self))
    case .int64: return .int64(try stored(variable, box, as: Int64.self))
    case .uint64: return .uint64(try stored(variable, box, as: UInt64.self))
    case .float: return .float(try stored(variable, box, as: Float.self))
    case .double: return .double(try stored(variable, box, as: Double.self))
    case .userDefined: throw notRead(variable)
    }
  }

  /// Reads a box of `variable` as physical numbers in single precision.
  ///
  /// Edge cases: missing and invalid values become NaN, by the rules of `Packing`.
  /// Throws: as `values(of:start:count:stride:)`, and `unsupported` for text.
  public func floats(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil, stride: [Int]? = nil
  ) throws(GridFileError) -> [Float] {
    try floats(of: variable, in: box(of: variable, start, count, stride))
  }

  /// Reads `box` of `variable` as physical numbers in single precision.
  ///
  /// Takes little more memory than its result: stored numbers are unpacked block by block.
  /// Edge cases and errors: as `floats(of:start:count:stride:)`.
  public func floats(
    of variable: NetCDFVariable, in box: NetCDFBox
  ) throws(GridFileError) -> [Float] {
    try unpacked(variable, box)
  }

  /// Reads a box of `variable` as physical numbers in double precision.
  ///
  /// Edge cases and errors: as `floats(of:start:count:stride:)`.
  public func doubles(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil, stride: [Int]? = nil
  ) throws(GridFileError) -> [Double] {
    try unpacked(variable, box(of: variable, start, count, stride))
  }

  /// Reads `box` of `variable` as physical numbers in double precision.
  ///
  /// Edge cases and errors: as `floats(of:in:)`.
  public func doubles(
    of variable: NetCDFVariable, in box: NetCDFBox
  ) throws(GridFileError) -> [Double] {
    try unpacked(variable, box)
  }

  /// Reads `box` of `variable` as physical numbers into `values`, from `offset` on, in row-major order.
  ///
  /// For loops over blocks that keep one array: nothing is allocated for the result.
  /// Throws: as `floats(of:in:)`; `outOfBounds` where `values` is too short.
  public func read(
    _ variable: NetCDFVariable, in box: NetCDFBox, into values: inout [Float], at offset: Int = 0
  ) throws(GridFileError) {
    let elements = try check(box, of: variable, resultSize: 4)
    guard offset >= 0, offset <= values.count, elements <= values.count - offset else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "gives \(elements) numbers, but there is room for \(max(values.count - offset, 0))")
    }
    var failure: GridFileError?
    values.withUnsafeMutableBufferPointer { buffer in
      let part = UnsafeMutableBufferPointer(rebasing: buffer[offset..<offset + elements])
      do throws(GridFileError) {
        try fill(part, from: variable, box)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Reads a box of texts: of `NC_STRING`, or of `NC_CHAR` whose last dimension counts characters.
  ///
  /// Shapes: as the box; for `NC_CHAR` without the last dimension, along which all is read.
  /// Edge cases: padding zeros and blanks at the end are dropped; `_Encoding` is heeded, else bytes are
  /// UTF-8 where they can be, else Latin-1.
  /// Throws: as `values(of:start:count:stride:)`, and `unsupported` for numbers.
  public func strings(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridFileError) -> [String] {
    switch variable.type {
    case .string: return try texts(variable, box(of: variable, start, count, nil))
    case .char:
      let length = variable.shape.last ?? 1
      let isShort = start.map { $0.count + 1 == variable.shape.count } ?? false
      let box = try box(
        of: variable, isShort ? start.map { $0 + [0] } : start,
        isShort ? count.map { $0 + [length] } : count, nil)
      let bytes = try stored(variable, box, as: UInt8.self)
      let width = variable.shape.isEmpty ? 1 : box.count.last ?? 1
      guard width > 0 else {
        return [String](repeating: "", count: checkedProduct(box.count.dropLast()) ?? 0)
      }
      let encoding = variable.attributes.text("_Encoding")
      return stride(from: 0, to: bytes.count, by: width).map { first in
        TextDecoder.text(bytes[first..<min(first + width, bytes.count)], encoding: encoding)
          .trimmingTrailingBlanks
      }
    default:
      throw GridFileError(
        .unsupported, path: path, variable: variable.name,
        "holds numbers, not text; choose another variable")
    }
  }

  // MARK: Boxes

  private func box(
    of variable: NetCDFVariable, _ start: [Int]?, _ count: [Int]?, _ stride: [Int]?
  ) throws(GridFileError) -> NetCDFBox {
    let shape = variable.shape
    let start = start ?? shape.map { _ in 0 }
    if let count { return NetCDFBox(start: start, count: count, stride: stride) }
    guard start.count == shape.count, stride.map({ $0.count == shape.count }) ?? true else {
      return NetCDFBox(start: start, count: shape, stride: stride)
    }
    let rest = shape.indices.map { axis in
      let (left, step) = (max(shape[axis] &- start[axis], 0), max(stride?[axis] ?? 1, 1))
      return left == 0 ? 0 : (left - 1) / step + 1
    }
    return NetCDFBox(start: start, count: rest, stride: stride)
  }

  /// Checks that `box` lies in `variable` and that its result can be held, and counts its elements.
  private func check(
    _ box: NetCDFBox, of variable: NetCDFVariable, resultSize: Int
  ) throws(GridFileError) -> Int {
    if let complaint = variable.complaint(about: box) {
      throw GridFileError(.outOfBounds, path: path, variable: variable.name, complaint)
    }
    guard let elements = box.elements, elements <= NetCDFFile.largestRead / max(resultSize, 1)
    else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "is too large to read at once (\(box.count)); read a part")
    }
    return elements
  }

  private func notRead(_ variable: NetCDFVariable) -> GridFileError {
    GridFileError(
      .unsupported, path: path, variable: variable.name,
      "has a compound, opaque or variable-length type; rewrite it as numbers")
  }

  // MARK: Values

  private func stored<T: NetCDFNumber>(
    _ variable: NetCDFVariable, _ box: NetCDFBox, as type: T.Type
  ) throws(GridFileError) -> [T] {
    // The sources write as many bytes as their own type has; a mismatch would overrun the buffer.
    precondition(variable.type.size == MemoryLayout<T>.stride)
    let elements = try check(box, of: variable, resultSize: MemoryLayout<T>.stride)
    guard elements > 0 else { return [] }
    try prepare(elements * MemoryLayout<T>.stride, variable)
    var failure: GridFileError?
    let values = [T](unsafeUninitializedCapacity: elements) { buffer, initialized in
      advise(buffer)
      do throws(GridFileError) {
        try copy(buffer, from: variable, box)
        initialized = elements
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  private func unpacked<R: PhysicalNumber>(
    _ variable: NetCDFVariable, _ box: NetCDFBox
  ) throws(GridFileError) -> [R] {
    let elements = try check(box, of: variable, resultSize: MemoryLayout<R>.stride)
    guard variable.type.isNumeric else {
      guard variable.type == .char || variable.type == .string else { throw notRead(variable) }
      throw GridFileError(
        .unsupported, path: path, variable: variable.name,
        "holds text, not numbers; choose another variable")
    }
    guard elements > 0 else { return [] }
    try prepare(elements * MemoryLayout<R>.stride, variable)
    var failure: GridFileError?
    let values = [R](unsafeUninitializedCapacity: elements) { buffer, initialized in
      advise(buffer)
      do throws(GridFileError) {
        let part = UnsafeMutableBufferPointer(rebasing: buffer[..<elements])
        try fill(part, from: variable, box)
        initialized = elements
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}

extension String {
  /// Without blanks at the end, with which fixed-length text is padded.
  fileprivate var trimmingTrailingBlanks: String {
    guard let last = lastIndex(where: { $0 != " " }) else { return "" }
    return String(self[...last])
  }
}
