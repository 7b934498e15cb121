// Room: GridFiles. Values and attributes on their way into a file.

internal import CNetCDF

extension NetCDFWriter {
  /// Writes a box of `variable`; the values' type must be the variable's own.
  ///
  /// `start` and `count` have one entry a dimension; both are empty for a scalar.
  public func write(
    _ values: NetCDFValues, to variable: Variable, start: [Int] = [], count: [Int] = []
  ) throws(GridFileError) {
    let bytes = values.type == .string ? nil : checkedProduct(count)
    let matches = values.type == variable.type || (values.type == .char && variable.type == .char)
    guard matches, start.count == variable.rank, count.count == variable.rank,
      values.type == .string || bytes == values.count, start.allSatisfy({ $0 >= 0 })
    else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "cannot take \(values.count) values of type \(values.type.cdlName) as \(count)")
    }
    switch values {
    case .text(let text): try write(Array(text.utf8), variable, start, count)
    case .strings(let texts): try write(texts, variable, start, count)
    case .int8(let values): try write(values, variable, start, count)
    case .uint8(let values): try write(values, variable, start, count)
    case .int16(let values): try write(values, variable, start, count)
    case .uint16(let values): try write(values, variable, start, count)
    case .int32(let values): try write(values, variable, start, count)
    case .uint32(let values): try write(values, variable, start, count)
    case .int64(let values): try write(values, variable, start, count)
    case .uint64(let values): try write(values, variable, start, count)
    case .float(let values): try write(values, variable, start, count)
    case .double(let values): try write(values, variable, start, count)
    }
  }

  /// Writes a box of numbers that lie elsewhere, without a copy.
  package func write(
    _ values: UnsafeBufferPointer<Float>, to variable: Variable, start: [Int], count: [Int]
  ) throws(GridFileError) {
    guard variable.type == .float, start.count == variable.rank, count.count == variable.rank,
      checkedProduct(count) == values.count, start.allSatisfy({ $0 >= 0 })
    else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "cannot take \(values.count) values of type float as \(count)")
    }
    try check(variable.name, "writing values") {
      nc_put_vara(handle, variable.id.raw, start, count, values.baseAddress)
    }
  }

  func put(
    _ attributes: NetCDFAttributes, on id: VariableID, variable: String?
  ) throws(GridFileError) {
    for attribute in attributes {
      let name = attribute.name
      let doing = "writing attribute '\(name)'"
      switch attribute.value {
      case .text(let text):
        try check(variable, doing) {
          nc_put_att_text(handle, id.raw, name, text.utf8.count, text)
        }
      case .strings(let texts):
        try withCStrings(texts) { (pointers) throws(GridFileError) in
          try check(variable, doing) {
            nc_put_att_string(handle, id.raw, name, texts.count, &pointers)
          }
        }
      case .int8(let values): try put(values, id, variable, name)
      case .uint8(let values): try put(values, id, variable, name)
      case .int16(let values): try put(values, id, variable, name)
      case .uint16(let values): try put(values, id, variable, name)
      case .int32(let values): try put(values, id, variable, name)
      case .uint32(let values): try put(values, id, variable, name)
      case .int64(let values): try put(values, id, variable, name)
      case .uint64(let values): try put(values, id, variable, name)
      case .float(let values): try put(values, id, variable, name)
      case .double(let values): try put(values, id, variable, name)
      }
    }
  }

  private func put<T: NetCDFNumber>(
    _ values: [T], _ id: VariableID, _ variable: String?, _ name: String
  ) throws(GridFileError) {
    try check(variable, "writing attribute '\(name)'") {
      values.withUnsafeBytes {
        nc_put_att(
          handle, id.raw, name, T.netCDFType.rawValue, values.count, $0.baseAddress)
      }
    }
  }

  private func write<T: NetCDFNumber>(
    _ values: [T], _ variable: Variable, _ start: [Int], _ count: [Int]
  ) throws(GridFileError) {
    try check(variable.name, "writing values") {
      values.withUnsafeBytes {
        nc_put_vara(handle, variable.id.raw, start, count, $0.baseAddress)
      }
    }
  }

  private func write(
    _ values: [String], _ variable: Variable, _ start: [Int], _ count: [Int]
  ) throws(GridFileError) {
    guard checkedProduct(count) == values.count else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name, "cannot take \(values.count) texts")
    }
    try withCStrings(values) { (pointers) throws(GridFileError) in
      try check(variable.name, "writing values") {
        nc_put_vara_string(handle, variable.id.raw, start, count, &pointers)
      }
    }
  }

  private func withCStrings(
    _ texts: [String],
    _ body: (inout [UnsafePointer<CChar>?]) throws(GridFileError) -> Void
  ) throws(GridFileError) {
    let copies = texts.map { text in
      let bytes = text.utf8CString
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      for (index, byte) in bytes.enumerated() { copy[index] = byte }
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    var pointers = copies.map { Optional(UnsafePointer($0)) }
    try body(&pointers)
  }

}

extension NetCDFWriter {
  /// The dimension and the variables of a file that is added to.
  package func variable(_ name: String, like described: NetCDFVariable) throws(GridFileError)
    -> Variable
  {
    var id: Int32 = 0
    try check(name, "finding it") { nc_inq_varid(handle, name, &id) }
    return Variable(
      id: VariableID(raw: id), name: name, type: described.type, rank: described.dimensions.count)
  }
}
