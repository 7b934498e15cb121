// Room: Grids. Describes a file to netCDF, step by step: dimensions, coordinates, variables.

internal import GridFiles

/// Describes a file to the library and writes all that is known before the first time.
struct LayoutBuilder {
  let file: NetCDFWriter
  let description: FieldFileDescription
  var names: NameTable
  var dimensions: [String: NetCDFWriter.Dimension] = [:]
  var lengths: [String: Int?] = [:]
  /// Values known beforehand, written once the description is complete.
  var pending: [(NetCDFWriter.Variable, NetCDFValues, [Int])] = []
  /// The names of coordinates that belong to every variable on the grid.
  var gridCoordinates: [String] = []
  /// The names of coordinates that belong to every variable that changes with time.
  var timeCoordinates: [String] = []
  var mappingName: String?
  var cellAreaName: String?
  /// The name of the unlimited dimension, if there is one.
  var unlimited: String?
  /// The container variables of CF's lossy quantisation, by algorithm.
  var quantisations: [String: String] = [:]

  var yName: String { leafName(description.grid.y.name) }
  var xName: String { leafName(description.grid.x.name) }

  init(_ file: NetCDFWriter, _ description: FieldFileDescription) {
    self.file = file
    self.description = description
    names = NameTable(
      description.variables.map(\.name) + description.coordinates.map(\.name)
        + description.verticalAxes.map { leafName($0.name) }
        + [leafName(description.grid.x.name), leafName(description.grid.y.name)])
  }

  /// Builds the whole file but for its values.
  mutating func build() throws(GridFileError) -> FileLayout {
    try refuseDuplicates()
    let series = try addTime()
    for coordinate in description.coordinates { try add(coordinate) }
    try addVerticalAxes()
    try addGrid()
    try addCellArea()
    var stored: [String: FileLayout.Stored] = [:]
    for variable in description.variables { stored[variable.name] = try add(variable) }
    try file.setAttributes(
      GlobalAttributes(description: description, times: description.time.knownTimes).compose())
    try file.endDefinitions()
    for (variable, values, shape) in pending {
      try file.write(values, to: variable, start: shape.map { _ in 0 }, count: shape)
    }
    return FileLayout(series: series, variables: stored)
  }

  private func refuseDuplicates() throws(GridFileError) {
    var seen: Set<String> = []
    let names =
      description.variables.map(\.name) + description.coordinates.map(\.name)
      + description.time.dimensions.map(\.name)
    for name in names where !seen.insert(name).inserted {
      throw GridFileError(
        .outOfBounds, path: file.path, variable: name, "is described twice; give it another name")
    }
  }

  mutating func addDimension(
    _ name: String, _ length: Int?, isUnlimited: Bool = false
  ) throws(GridFileError) {
    guard dimensions[name] == nil else { return }
    if let length, length < 1 {
      throw GridFileError(.outOfBounds, path: file.path, "dimension '\(name)' would be empty")
    }
    dimensions[name] = try file.addDimension(name, length: isUnlimited ? nil : length)
    lengths[name] = .some(length)
  }

  /// The dimension of the edges of one-dimensional cells.
  mutating func edges() throws(GridFileError) -> NetCDFWriter.Dimension {
    try corners(2, "bnds")
  }

  mutating func corners(_ count: Int, _ name: String) throws(GridFileError)
    -> NetCDFWriter.Dimension
  {
    if let known = dimensions[name] { return known }
    try addDimension(name, count)
    guard let made = dimensions[name] else {
      throw GridFileError(.outOfBounds, path: file.path, "has lost dimension '\(name)'")
    }
    return made
  }

  /// Adds a variable that is no field, with its values where they are known.
  @discardableResult
  mutating func add(
    _ name: String, _ type: NetCDFType, _ dimensionNames: [String],
    attributes: NetCDFAttributes, values: NetCDFValues? = nil,
    storage: NetCDFStorage = .contiguous
  ) throws(GridFileError) -> NetCDFWriter.Variable {
    let stored = try storedType(type, name)
    let variable = try file.addVariable(
      name, stored, dimensionNames.compactMap { dimensions[$0] },
      attributes: try portable(attributes, of: name), storage: storage)
    if let values {
      let shape = dimensionNames.map { (lengths[$0] ?? nil) ?? values.count }
      pending.append((variable, values.converted(to: stored) ?? values, shape))
    }
    return variable
  }

  /// The type in which the file's format holds numbers of `type`.
  func storedType(_ type: NetCDFType, _ name: String) throws(GridFileError) -> NetCDFType {
    guard let stored = file.format.narrowestType(for: type) else {
      throw GridFileError(
        .unsupported, path: file.path, variable: name,
        "has type \(type.cdlName), which format \(file.format.rawValue) lacks; choose netcdf4")
    }
    return stored
  }

  /// Attributes in types that the file's format has.
  func portable(
    _ attributes: NetCDFAttributes, of name: String
  ) throws(GridFileError) -> NetCDFAttributes {
    var result = attributes
    for element in attributes where !file.format.holds(element.value.type) {
      if case .strings(let texts) = element.value {
        result[element.name] = .text(texts.joined(separator: " "))
      } else {
        result[element.name] = element.value.converted(
          to: try storedType(element.value.type, name))
      }
    }
    return result
  }

  /// Compression without chunks of its own, for coordinates as large as the grid.
  func gridStorage(_ names: [String], size: Int) -> NetCDFStorage {
    let plan = ChunkPlan(
      names.map { name in
        let isHorizontal = name == yName || name == xName
        return ChunkPlan.Dimension(
          name: name, length: lengths[name] ?? nil, role: isHorizontal ? .horizontal : .extra)
      }, elementSize: size, .maps)
    return storage(plan.shape)
  }

  /// The storage of chunks of this shape as the description asks for it.
  func storage(_ shape: [Int]) -> NetCDFStorage {
    let choice = description.storage
    var result = NetCDFStorage(
      chunkShape: shape, deflateLevel: 0, isShuffled: false,
      hasChecksum: choice.hasChunkChecksums)
    switch choice.compression {
    case .none: break
    case .deflate(let level):
      result.deflateLevel = level
      result.isShuffled = choice.isShuffled && level > 0
    case .zstandard(let level):
      result.isShuffled = choice.isShuffled
      if choice.fallsBackToDeflate, !OutputFilter.hasZstandard {
        result.deflateLevel = 1
      } else {
        result.zstandardLevel = level
      }
    }
    return result
  }
}

extension FileTime {
  /// All valid times that are known beforehand.
  var knownTimes: [CFTime] {
    guard shape == .matrix else { return times }
    return referenceTimes.flatMap { reference in
      leadTimes.map { reference.advanced(by: $0) }
    }.sorted()
  }
}

extension NetCDFValues {
  /// The same numbers in another type; nil for text.
  func converted(to type: NetCDFType) -> NetCDFValues? {
    if type == self.type { return self }
    switch type {
    case .int16: return integers.map { .int16($0.map { Int16(clamping: $0) }) }
    case .int32: return integers.map { .int32($0.map { Int32(clamping: $0) }) }
    case .float: return doubles.map { .float($0.map { Float($0) }) }
    case .double: return doubles.map { .double($0) }
    default: return nil
    }
  }
}
