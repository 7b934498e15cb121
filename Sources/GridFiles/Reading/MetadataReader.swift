// Room: GridFiles. Walks the groups of a file that is open in netCDF-C and collects what they declare.

internal import CNetCDF

struct MetadataReader {
  let path: String
  private var dimensions: [NetCDFDimension] = []
  private var variables: [NetCDFVariable] = []
  private var dimensionsByID: [Int32: NetCDFDimension] = [:]
  private var depth = 0
  /// What attributes may still take, in elements: a guard against files that never end.
  private var attributeBudget = 1 << 26

  init(path: String) { self.path = path }

  mutating func description(of root: GroupID) throws(GridFileError) -> FileDescription {
    try read(group: root, prefix: "")
    return FileDescription(
      format: try format(of: root), dimensions: dimensions, variables: variables,
      attributes: try attributes(of: root, .global, count: nil))
  }

  private mutating func read(group: GroupID, prefix: String) throws(GridFileError) {
    guard depth < 32 else {
      throw GridFileError(.corrupt, path: path, "groups are nested deeper than 32; flatten them")
    }
    try readDimensions(of: group, prefix: prefix)
    try readVariables(of: group, prefix: prefix)
    for child in try identifiers("listing groups", { nc_inq_grps(group.raw, $0, $1) }) {
      let name = try name("reading a group's name") { nc_inq_grpname(child, $0) }
      depth += 1
      try read(group: GroupID(raw: child), prefix: prefix + name + "/")
      depth -= 1
    }
  }

  private mutating func readDimensions(
    of group: GroupID, prefix: String
  ) throws(GridFileError) {
    let ids = try identifiers("listing dimensions") { nc_inq_dimids(group.raw, $0, $1, 0) }
    let unlimited = Set(
      try identifiers("listing unlimited dimensions") { nc_inq_unlimdims(group.raw, $0, $1) })
    for id in ids {
      var length = 0
      let name = try name("reading a dimension") { nc_inq_dim(group.raw, id, $0, &length) }
      guard length >= 0 else {
        throw GridFileError(
          .corrupt, path: path, "dimension '\(name)' is longer than memory can be; fetch it again")
      }
      let dimension = NetCDFDimension(
        name: prefix + name, length: length, isUnlimited: unlimited.contains(id))
      dimensions.append(dimension)
      dimensionsByID[id] = dimension
    }
  }

  private mutating func readVariables(
    of group: GroupID, prefix: String
  ) throws(GridFileError) {
    for id in try identifiers("listing variables", { nc_inq_varids(group.raw, $0, $1) }) {
      var rawType: Int32 = 0
      var rank: Int32 = 0
      var attributeCount: Int32 = 0
      let name = try name("reading a variable") {
        nc_inq_var(group.raw, id, $0, &rawType, &rank, nil, nil)
      }
      // HDF5 has attributes that netCDF has not, such as matrices; then none of the variable's are read.
      let isCounted =
        NetCDFLibrary.status(reading: path) { nc_inq_varnatts(group.raw, id, &attributeCount) }
        == NC_NOERR
      guard (0...1024).contains(rank) else {
        throw GridFileError(
          .corrupt, path: path, variable: prefix + name,
          "claims \(rank) dimensions; fetch or write the file again")
      }
      var dimensionIDs = [Int32](repeating: 0, count: max(Int(rank), 1))
      try NetCDFLibrary.check(path, prefix + name, "reading its dimensions") {
        nc_inq_vardimid(group.raw, id, &dimensionIDs)
      }
      var shape: [NetCDFDimension] = []
      for dimensionID in dimensionIDs.prefix(Int(rank)) {
        guard let dimension = dimensionsByID[dimensionID] else {
          throw GridFileError(
            .corrupt, path: path, variable: prefix + name,
            "names a dimension that the file lacks; fetch or write the file again")
        }
        shape.append(dimension)
      }
      let variable = VariableID(raw: id)
      let type = AttributeReader.type(rawType, in: group, path)
      variables.append(
        NetCDFVariable(
          name: prefix + name, type: type, dimensions: shape,
          attributes: try attributes(
            of: group, variable, count: isCounted ? Int(attributeCount) : 0),
          storage: storage(of: group, id, rank: Int(rank)),
          isPrefilled: isPrefilled(group, id, type), group: group, id: variable))
    }
  }

  private func storage(of group: GroupID, _ id: Int32, rank: Int) -> NetCDFStorage {
    var kind: Int32 = 0
    var chunks = [Int](repeating: 0, count: max(rank, 1))
    var shuffle: Int32 = 0
    var deflate: Int32 = 0
    var level: Int32 = 0
    let chunkStatus = NetCDFLibrary.status(reading: path) {
      nc_inq_var_chunking(group.raw, id, &kind, &chunks)
    }
    let deflateStatus = NetCDFLibrary.status(reading: path) {
      nc_inq_var_deflate(group.raw, id, &shuffle, &deflate, &level)
    }
    let isChunked = chunkStatus == NC_NOERR && kind == NC_CHUNKED
    return NetCDFStorage(
      chunkShape: isChunked ? Array(chunks.prefix(rank)) : [],
      deflateLevel: deflateStatus == NC_NOERR && deflate != 0 ? Int(level) : 0,
      isShuffled: deflateStatus == NC_NOERR && shuffle != 0)
  }

  /// Whether cells that nobody wrote hold the default fill value of their type.
  private func isPrefilled(_ group: GroupID, _ id: Int32, _ type: NetCDFType) -> Bool {
    var noFill: Int32 = 0
    // Other programs' HDF5 files may be filled with something else.
    var value: (UInt64, UInt64) = (0, 0)
    let status = withUnsafeMutableBytes(of: &value) { bytes in
      NetCDFLibrary.status(reading: path) {
        nc_inq_var_fill(group.raw, id, &noFill, type.isNumeric ? bytes.baseAddress : nil)
      }
    }
    guard status == NC_NOERR else { return true }
    guard noFill == 0 else { return false }
    return withUnsafeBytes(of: value) { bytes in
      switch type {
      case .int16: bytes.load(as: Int16.self) == Int16.defaultFill
      case .uint16: bytes.load(as: UInt16.self) == UInt16.defaultFill
      case .int32: bytes.load(as: Int32.self) == Int32.defaultFill
      case .uint32: bytes.load(as: UInt32.self) == UInt32.defaultFill
      case .int64: bytes.load(as: Int64.self) == Int64.defaultFill
      case .uint64: bytes.load(as: UInt64.self) == UInt64.defaultFill
      case .float: bytes.load(as: Float.self) == Float.defaultFill
      case .double: bytes.load(as: Double.self) == Double.defaultFill
      default: true
      }
    }
  }

  private func format(of root: GroupID) throws(GridFileError) -> NetCDFFormat {
    var raw: Int32 = 0
    try NetCDFLibrary.check(path, nil, "reading the format") { nc_inq_format(root.raw, &raw) }
    switch raw {
    case NC_FORMAT_CLASSIC: return .classic
    case NC_FORMAT_64BIT_OFFSET: return .offset64
    case NC_FORMAT_64BIT_DATA: return .data64
    case NC_FORMAT_NETCDF4_CLASSIC: return .netCDF4Classic
    default: return .netCDF4
    }
  }

  private mutating func attributes(
    of group: GroupID, _ variable: VariableID, count: Int?
  ) throws(GridFileError) -> NetCDFAttributes {
    var total = Int32(clamping: count ?? 0)
    if count == nil {
      let status = NetCDFLibrary.status(reading: path) { nc_inq_natts(group.raw, &total) }
      if status != NC_NOERR { return NetCDFAttributes() }
    }
    var elements: [NetCDFAttributes.Element] = []
    for index in 0..<max(total, 0) {
      let name = try name("reading an attribute's name") {
        nc_inq_attname(group.raw, variable.raw, index, $0)
      }
      let reader = AttributeReader(path: path, group: group, variable: variable, name: name)
      guard let value = try reader.read(atMost: attributeBudget) else { continue }
      attributeBudget -= value.count + 1
      elements.append(NetCDFAttributes.Element(name: name, value: value))
    }
    return NetCDFAttributes(elements)
  }

  private func identifiers(
    _ doing: String, _ call: (UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?) -> Int32
  ) throws(GridFileError) -> [Int32] {
    var count: Int32 = 0
    try NetCDFLibrary.check(path, nil, doing) { call(&count, nil) }
    guard count > 0 else { return [] }
    var ids = [Int32](repeating: 0, count: Int(count))
    try NetCDFLibrary.check(path, nil, doing) { call(&count, &ids) }
    return Array(ids.prefix(Int(max(count, 0))))
  }

  private func name(
    _ doing: String, _ call: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(GridFileError) -> String {
    // NC_MAX_NAME and its closing zero, with room for names that are longer than they may be.
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) {
      buffer throws(GridFileError) in
      buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress else { return "" }
      try NetCDFLibrary.check(path, nil, doing) { call(base) }
      return TextDecoder.text(buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }
  }
}
