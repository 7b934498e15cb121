// Room: GridFiles. Reads parts of variables: as stored, or as numbers with what is missing marked.

internal import CNetCDF

extension NetCDFFile {
  /// The largest part that one read may ask for, in bytes: a guard against damaged headers.
  static let largestRead = 1 << 34

  /// Reads a box of `variable` as stored: no unpacking, nothing marked missing.
  ///
  /// `start` and `count` have one entry for each dimension; leaving both out reads everything.
  /// Edge cases: `NC_CHAR` comes as one text of all bytes in the box; integers with `_Unsigned`
  /// come in the type that the attribute says they have.
  /// Throws: `outOfBounds`, `unsupported`, `corrupt`, `inputOutput`.
  public func values(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridFileError) -> NetCDFValues {
    let box = try self.box(of: variable, start, count)
    switch Packing.effectiveType(of: variable) {
    case .char: return .text(TextDecoder.text(try stored(variable, box, 0 as UInt8)))
    case .string: return .strings(try strings(variable, box))
    case .int8: return .int8(try stored(variable, box, 0))
    case .uint8: return .uint8(try stored(variable, box, 0))
    case .int16: return .int16(try stored(variable, box, 0))
    case .uint16: return .uint16(try stored(variable, box, 0))
    case .int32: return .int32(try stored(variable, box, 0))
    case .uint32: return .uint32(try stored(variable, box, 0))
    case .int64: return .int64(try stored(variable, box, 0))
    case .uint64: return .uint64(try stored(variable, box, 0))
    case .float: return .float(try stored(variable, box, 0))
    case .double: return .double(try stored(variable, box, 0))
    case .userDefined:
      throw GridFileError(
        .unsupported, path: path, variable: variable.name,
        "has a compound, opaque or variable-length type; rewrite it as numbers")
    }
  }

  /// Reads a box of `variable` as physical numbers in single precision.
  ///
  /// Edge cases: missing and invalid values become NaN, by the rules of `Packing`.
  /// Throws: as `values(of:start:count:)`, and `unsupported` for text.
  public func floats(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridFileError) -> [Float] {
    let values = try values(of: variable, start: start, count: count)
    guard let unpacked = Packing(variable).floats(values) else { throw notNumeric(variable) }
    return unpacked
  }

  /// Reads a box of `variable` as physical numbers in double precision.
  ///
  /// Edge cases and errors: as `floats(of:start:count:)`.
  public func doubles(
    of variable: NetCDFVariable, start: [Int]? = nil, count: [Int]? = nil
  ) throws(GridFileError) -> [Double] {
    let values = try values(of: variable, start: start, count: count)
    guard let unpacked = Packing(variable).doubles(values) else { throw notNumeric(variable) }
    return unpacked
  }

  private func notNumeric(_ variable: NetCDFVariable) -> GridFileError {
    GridFileError(
      .unsupported, path: path, variable: variable.name,
      "holds text, not numbers; choose another variable")
  }

  private struct Box {
    var start: [Int]
    var count: [Int]
    var elements: Int
  }

  private func box(
    of variable: NetCDFVariable, _ start: [Int]?, _ count: [Int]?
  ) throws(GridFileError) -> Box {
    let shape = variable.shape
    let start = start ?? shape.map { _ in 0 }
    let count = count ?? zip(shape, start).map { $0 &- $1 }
    guard start.count == shape.count, count.count == shape.count else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "has \(shape.count) dimensions, not \(max(start.count, count.count)); give one range each")
    }
    for axis in shape.indices {
      let isInside =
        start[axis] >= 0 && count[axis] >= 0 && start[axis] <= shape[axis]
        && count[axis] <= shape[axis] - start[axis]
      guard isInside else {
        throw GridFileError(
          .outOfBounds, path: path, variable: variable.name,
          "has \(shape[axis]) elements along '\(variable.dimensions[axis].name)', "
            + "asked for \(count[axis]) from \(start[axis]); read less")
      }
    }
    let elementSize = max(variable.type.size, 8)
    guard let elements = checkedProduct(count), elements <= NetCDFFile.largestRead / elementSize
    else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "is too large to read at once (\(count)); read a part")
    }
    return Box(start: start, count: count, elements: elements)
  }

  private func stored<T: NetCDFNumber>(
    _ variable: NetCDFVariable, _ box: Box, _ zero: T
  ) throws(GridFileError) -> [T] {
    guard box.elements > 0 else { return [] }
    // netCDF-C writes as many bytes as its own type has; a mismatch would overrun the buffer.
    precondition(variable.type.size == MemoryLayout<T>.size)
    var status = NC_NOERR
    let values = [T](unsafeUninitializedCapacity: box.elements) { buffer, initialized in
      status = NetCDFLibrary.status(reading: path, patience: .values) {
        nc_get_vara(variable.group.raw, variable.id.raw, box.start, box.count, buffer.baseAddress)
      }
      initialized = status == NC_NOERR ? box.elements : 0
    }
    if status != NC_NOERR {
      throw NetCDFLibrary.error(status, path, variable.name, "reading values")
    }
    return values
  }

  private func strings(_ variable: NetCDFVariable, _ box: Box) throws(GridFileError) -> [String] {
    guard box.elements > 0 else { return [] }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: box.elements)
    try NetCDFLibrary.check(path, variable.name, "reading values") {
      nc_get_vara_string(
        variable.group.raw, variable.id.raw, box.start, box.count, &pointers)
    }
    return TextDecoder.takeStrings(&pointers)
  }
}
