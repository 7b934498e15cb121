// Room: Grids. The time axes of a file in the making.

internal import GridFiles

extension LayoutBuilder {
  /// Adds the time axes; returns the variables that grow.
  mutating func addTime() throws(GridFileError) -> FileLayout.Series? {
    for dimension in description.time.dimensions {
      // Only NetCDF-4 has unlimited dimensions in any place.
      let isFirst = description.variables.allSatisfy { $0.extraDimensions.isEmpty || !$0.isTimed }
      let isUnlimited =
        dimension.isUnlimited && (dimension.length == nil || isFirst || file.format == .netCDF4)
      try addDimension(dimension.name, dimension.length, isUnlimited: isUnlimited)
      if isUnlimited { unlimited = dimension.name }
    }
    switch description.time.shape {
    case .none: return nil
    case .series: return try addSeries()
    case .matrix:
      try addMatrix()
      return nil
    }
  }

  private mutating func addSeries() throws(GridFileError) -> FileLayout.Series {
    let time = description.time
    let units = time.writtenUnits
    let isKnown = !time.times.isEmpty
    let storage = NetCDFStorage(
      chunkShape: unlimited == time.name ? [512] : [], deflateLevel: 0, isShuffled: false)
    var attributes = Self.attributes("time", "time", units).adding("axis", "T")
    var boundsVariable: NetCDFWriter.Variable?
    if let cells = time.cells {
      let name = names.take(time.isClimatology ? "climatology_bnds" : "\(time.name)_bnds")
      attributes[time.isClimatology ? "climatology" : "bounds"] = .text(name)
      let edges = try edges()
      guard let dimension = dimensions[time.name] else { return try lost(time.name) }
      let variable = try file.addVariable(
        name, .double, [dimension, edges],
        storage: NetCDFStorage(
          chunkShape: unlimited == time.name ? [512, 2] : [], deflateLevel: 0, isShuffled: false))
      boundsVariable = variable
      if isKnown {
        let values = cells.flatMap { [units.count($0.start), units.count($0.end)] }
        pending.append((variable, .double(values), [cells.count, 2]))
      }
    }
    let timeVariable = try add(
      time.name, .double, [time.name], attributes: attributes,
      values: isKnown ? .double(time.times.map(units.count)) : nil, storage: storage)
    var lead: NetCDFWriter.Variable?
    if let reference = time.referenceTimes.first {
      lead = try add(
        names.take(time.leadName), .double, [time.name], attributes: Self.leadAttributes,
        values: isKnown ? .double(time.times.map { $0.since(reference).inMinutes }) : nil,
        storage: storage)
      let name = names.take(time.referenceName)
      try add(
        name, .double, [],
        attributes: Self.attributes("forecast_reference_time", "forecast reference time", units),
        values: .double([units.count(reference)]))
      timeCoordinates = [lead?.name, name].compactMap(\.self)
    }
    return FileLayout.Series(
      units: units, time: timeVariable, bounds: boundsVariable, lead: lead)
  }

  /// Reference times by lead times, with the valid time of each pair beside them.
  private mutating func addMatrix() throws(GridFileError) {
    let time = description.time
    let units = time.writtenUnits
    let isOceanBench = time.countsLeadDays
    try add(
      time.referenceName, .double, [time.referenceName],
      attributes: Self.attributes(
        "forecast_reference_time",
        isOceanBench ? "first day of the forecast" : "forecast reference time", units),
      values: .double(time.referenceTimes.map(units.count)))
    if isOceanBench {
      try add(
        time.leadName, .int32, [time.leadName],
        attributes: ["long_name": "lead day index", "units": "1"],
        values: .int32(time.leadTimes.indices.map { Int32(clamping: $0) }))
    } else {
      try add(
        time.leadName, .double, [time.leadName], attributes: Self.leadAttributes,
        values: .double(time.leadTimes.map(\.inMinutes)))
    }
    let name = names.take(time.name)
    let valid = time.referenceTimes.flatMap { reference in
      time.leadTimes.map { units.count(reference.advanced(by: $0)) }
    }
    try add(
      name, .double, [time.referenceName, time.leadName],
      attributes: Self.attributes("time", "valid time", units), values: .double(valid))
    timeCoordinates = [name]
  }

  private func lost(_ name: String) throws(GridFileError) -> FileLayout.Series {
    throw GridFileError(.outOfBounds, path: file.path, "has lost dimension '\(name)'")
  }

  private static let leadAttributes: NetCDFAttributes = [
    "standard_name": "forecast_period", "long_name": "lead time", "units": "minutes",
  ]

  private static func attributes(
    _ standardName: String, _ longName: String, _ units: CFTimeUnits
  ) -> NetCDFAttributes {
    var result: NetCDFAttributes = [
      "standard_name": .text(standardName), "long_name": .text(longName),
      "units": .text(units.text), "calendar": .text(units.calendar.rawValue),
    ]
    // Leap seconds are a matter of real calendars.
    if units.calendar.isReal { result["units_metadata"] = "leap_seconds: none" }
    return result
  }
}
