// Room: Grids. The variables of a file in the making.

internal import GridFiles

extension LayoutBuilder {
  /// Adds a variable, with all that CF asks of it.
  mutating func add(_ variable: FieldVariable) throws(GridFileError) -> FileLayout.Stored {
    let layout = try dimensions(of: variable)
    let precision = variable.precision ?? description.storage.precision
    let encoder = Encoder(
      type: try storedType(precision.storedType(variable.type), variable.name),
      precision: precision.applies(to: variable.type) ? precision : .exact,
      fill: variable.attributes["_FillValue"])
    var attributes = encoder.attributes.merging(described(variable))
    attributes = attributes.merging(try references(of: variable))
    attributes = attributes.merging(try quantisation(encoder, variable.name))
    let plan = ChunkPlan(
      layout.map(\.plan), elementSize: encoder.type.size, description.storage.chunks)
    let stored = try file.addVariable(
      variable.name, encoder.type, layout.map(\.dimension),
      attributes: try portable(attributes, of: variable.name), storage: storage(plan.shape),
      cacheBytes: plan.cacheBytes)
    return FileLayout.Stored(
      variable: stored,
      dimensions: layout.map { FileLayout.Dimension(name: $0.plan.name, length: $0.plan.length) },
      encoder: encoder)
  }

  private typealias Placed = (plan: ChunkPlan.Dimension, dimension: NetCDFWriter.Dimension)

  private func dimensions(of variable: FieldVariable) throws(GridFileError) -> [Placed] {
    var wanted: [(String, ChunkPlan.Role)] = variable.extraDimensions.map { ($0, .extra) }
    if variable.isTimed { wanted += description.time.dimensions.map { ($0.name, .time) } }
    if let axis = variable.verticalAxis { wanted.append((leafName(axis), .vertical)) }
    if variable.isOnGrid { wanted += [(yName, .horizontal), (xName, .horizontal)] }
    var placed: [Placed] = []
    for (name, role) in wanted {
      guard let dimension = dimensions[name], let length = lengths[name] else {
        throw GridFileError(
          .outOfBounds, path: file.path, variable: variable.name,
          "has dimension '\(name)', which is not among the axes and coordinates")
      }
      placed.append(
        (ChunkPlan.Dimension(name: name, length: length, role: role), dimension))
    }
    if let index = placed.firstIndex(where: { $0.plan.length == nil }), index > 0,
      file.format != .netCDF4
    {
      throw GridFileError(
        .unsupported, path: file.path, variable: variable.name,
        "has dimensions left of unlimited time, which format \(file.format.rawValue) lacks; "
          + "choose netcdf4, or give the number of times")
    }
    return placed
  }

  /// What the caller says about the variable, with what CF and ACDD expect of every one.
  private func described(_ variable: FieldVariable) -> NetCDFAttributes {
    var result = variable.attributes.withoutLayout
    let standardName = result.text("standard_name")
    if result["long_name"] == nil {
      result.add("long_name", (standardName ?? variable.name).replacing("_", with: " "))
    }
    if result["units"] == nil, !variable.isFlag { result["units"] = "1" }
    if let text = result.text("units") { result["units"] = .text(UnitSpelling.udunits(text)) }
    // CF 1.11 section 3.1.2: whether a temperature is on a scale or a difference.
    if result["units_metadata"] == nil, let units = result.text("units"),
      UnitSpelling.isTemperature(units)
    {
      let isDifference = ["anomaly", "difference", "change", "depression"].contains {
        standardName?.contains($0) ?? false
      }
      result["units_metadata"] =
        isDifference ? "temperature: difference" : "temperature: on_scale"
    }
    if result["coverage_content_type"] == nil {
      result.add("coverage_content_type", contentType(variable))
    }
    if let given = result.text("ancillary_variables") {
      let known = given.split(whereSeparator: \.isWhitespace).map(String.init)
        .filter { name in description.variables.contains { $0.name == name } }
      result["ancillary_variables"] = known.isEmpty ? nil : .text(known.joined(separator: " "))
    }
    return result
  }

  /// The kind of content by ISO 19115, which ACDD asks for.
  private func contentType(_ variable: FieldVariable) -> String {
    if variable.isFlag {
      let isQuality = variable.attributes.text("standard_name")?.contains("flag") ?? false
      return isQuality ? "qualityInformation" : "thematicClassification"
    }
    return description.time.referenceTimes.isEmpty ? "physicalMeasurement" : "modelResult"
  }

  /// The other variables that belong to this one.
  private func references(of variable: FieldVariable) throws(GridFileError) -> NetCDFAttributes {
    var result: NetCDFAttributes = [:]
    guard variable.isOnGrid || variable.isTimed else { return result }
    var coordinates: [String] = variable.isTimed ? timeCoordinates : []
    if variable.isOnGrid {
      coordinates += gridCoordinates
      let scalars = description.coordinates.filter { $0.isScalar && $0.values.count == 1 }
      coordinates += scalars.map(\.name).filter { name in
        variable.scalarCoordinates.map { $0.contains(name) }
          ?? (variable.verticalAxis == nil || description.scalarHeight?.name != name)
      }
      coordinates += formulaTerms(of: variable)
      if let mappingName { result["grid_mapping"] = .text(mappingName) }
      if let cellAreaName { result["cell_measures"] = .text("area: \(cellAreaName)") }
    }
    result.add("coordinates", coordinates.joined(separator: " "))
    let flags = description.variables.filter {
      $0.isFlag && $0.name != variable.name && $0.attributes.text("standard_name") == "quality_flag"
    }
    if !variable.isFlag, variable.isOnGrid, !flags.isEmpty,
      variable.attributes["ancillary_variables"] == nil
    {
      result["ancillary_variables"] = .text(flags.map(\.name).joined(separator: " "))
    }
    return result
  }

  /// The terms of a vertical coordinate's formula that are not fields themselves.
  private func formulaTerms(of variable: FieldVariable) -> [String] {
    guard
      let axis = description.verticalAxes.first(where: { $0.name == variable.verticalAxis }),
      let terms = axis.attributes.text("formula_terms"), isComplete(terms)
    else { return [] }
    let words = terms.split(whereSeparator: \.isWhitespace).map(String.init)
    return description.variables.filter { term in
      words.contains(term.name) && !term.isOnGrid && !term.isTimed
    }.map(\.name)
  }

  /// CF's account of a lossy quantisation, with its container variable made on first use.
  ///
  /// Source: CF 1.12 section 8.4.
  private mutating func quantisation(
    _ encoder: Encoder, _ variable: String
  ) throws(GridFileError) -> NetCDFAttributes {
    guard let account = encoder.quantisation else { return [:] }
    if quantisations[account.algorithm] == nil {
      let name = names.take("quantization_\(account.algorithm)")
      try add(
        name, .int32, [],
        attributes: [
          "algorithm": .text(account.algorithm),
          "implementation": .text("Squall version \(SquallRelease.version)"),
        ], values: .int32([0]))
      quantisations[account.algorithm] = name
    }
    var result: NetCDFAttributes = [:]
    result.add("quantization", quantisations[account.algorithm])
    result[account.attribute] = .int32([Int32(clamping: account.count)])
    return result
  }
}

/// Units in the spelling of UDUNITS where files have another in use.
enum UnitSpelling {
  /// `text`, or what it stands for where UDUNITS does not know it.
  static func udunits(_ text: String) -> String {
    let unit = try? PhysicalUnit(text)
    if let unit, unit.spelling == unit.text { return text }
    switch text.trimmingBlanks.lowercased() {
    case "psu", "pss", "pss-78", "pss78", "practical salinity units": return "1e-3"
    case "", "none", "unitless", "dimensionless", "-", "n/a", "#", "code", "flag": return "1"
    case "degree celsius", "degrees celsius", "deg c", "deg_c", "degrees_c": return "degree_Celsius"
    case "deg k", "degk", "degrees_k", "degrees k", "kelvins": return "K"
    case "millibars", "mbar": return "mbar"
    default: return unit?.spelling ?? text
    }
  }

  /// Whether numbers in `units` are temperatures.
  static func isTemperature(_ units: String) -> Bool {
    guard let unit = try? PhysicalUnit(units), let kelvin = try? PhysicalUnit("K") else {
      return false
    }
    return unit.isConvertible(to: kelvin)
  }
}
