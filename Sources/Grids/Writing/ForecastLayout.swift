// Room: Grids. The dimensions and variables of a forecast file, and all that is written before the
// first lead time.

internal import GridFiles

struct ForecastLayout: Sendable {
  struct Stored: Sendable {
    var variable: NetCDFWriter.Variable
    /// The lengths of the extra dimensions, which stand left of time as CF recommends.
    var extra: [Int]
    var height: Int
    var width: Int

    /// Where the box of one lead time starts, and how large it is.
    func box(_ index: Int) -> (start: [Int], count: [Int]) {
      (extra.map { _ in 0 } + [index, 0, 0], extra + [1, height, width])
    }
  }

  static let floatFill: Float = 9.9692099683868690e+36

  var timeUnits: CFTimeUnits
  var time: NetCDFWriter.Variable
  var leadTime: NetCDFWriter.Variable
  var variables: [Stored]

  /// Describes the file to the library, step by step.
  struct Builder {
    private let file: NetCDFWriter
    private let description: ForecastDescription
    private var dimensions: [String: NetCDFWriter.Dimension] = [:]
    /// Values known beforehand, written once the description is complete.
    private var pending: [(NetCDFWriter.Variable, NetCDFValues, [Int])] = []

    init(_ file: NetCDFWriter, _ description: ForecastDescription) {
      self.file = file
      self.description = description
    }

    mutating func build() throws(GridFileError) -> ForecastLayout {
      let grid = description.grid
      let timeUnits = CFTimeUnits.secondsSince1970(description.referenceTime.calendar)
      let timeDimension = try file.addDimension("time", length: description.leadTimeCount)
      for coordinate in description.coordinates {
        dimensions[coordinate.name] = try file.addDimension(
          coordinate.name, length: coordinate.values.count)
      }
      let y = try file.addDimension(grid.y.name, length: grid.height)
      let x = try file.addDimension(grid.x.name, length: grid.width)
      let timeChunk = NetCDFStorage(
        chunkShape: description.leadTimeCount == nil ? [64] : [], deflateLevel: 0,
        isShuffled: false)

      let time = try file.addVariable(
        "time", .double, [timeDimension],
        attributes: Self.timeAttributes("time", "valid time", timeUnits).adding("axis", "T"),
        storage: timeChunk)
      let leadTime = try file.addVariable(
        "lead_time", .double, [timeDimension],
        attributes: [
          "standard_name": "forecast_period", "long_name": "lead time", "units": "minutes",
        ], storage: timeChunk)
      let reference = try file.addVariable(
        "forecast_reference_time", .double, [],
        attributes: Self.timeAttributes(
          "forecast_reference_time", "forecast reference time", timeUnits))
      pending.append((reference, .double([timeUnits.count(description.referenceTime)]), []))

      try addCoordinates()
      try addAxis(grid.y, y, letter: "Y")
      try addAxis(grid.x, x, letter: "X")
      let mappingName = try addMapping(grid)
      let auxiliaries = try addAuxiliaries(grid, y, x)

      var stored: [Stored] = []
      for variable in description.variables {
        stored.append(
          try add(
            variable, timeDimension, y, x, mapping: mappingName,
            coordinates: ["lead_time", "forecast_reference_time"] + auxiliaries))
      }
      try file.setAttributes(
        NetCDFAttributes().adding("Conventions", "CF-1.11")
          .merging(description.attributes.withoutEmptyTexts))
      try file.endDefinitions()
      for (variable, values, shape) in pending {
        try file.write(values, to: variable, start: shape.map { _ in 0 }, count: shape)
      }
      return ForecastLayout(
        timeUnits: timeUnits, time: time, leadTime: leadTime, variables: stored)
    }

    private static func timeAttributes(
      _ standardName: String, _ longName: String, _ units: CFTimeUnits
    ) -> NetCDFAttributes {
      [
        "standard_name": .text(standardName), "long_name": .text(longName),
        "units": .text(units.text), "calendar": .text(units.calendar.rawValue),
        "units_metadata": "leap_seconds: none",
      ]
    }

    private mutating func addCoordinates() throws(GridFileError) {
      for coordinate in description.coordinates {
        guard let dimension = dimensions[coordinate.name] else { continue }
        let variable = try file.addVariable(
          coordinate.name, coordinate.values.type, [dimension], attributes: coordinate.attributes)
        pending.append((variable, coordinate.values, [coordinate.values.count]))
      }
    }

    /// Copies an axis with its attributes, less those that hold for the stored numbers only.
    private mutating func addAxis(
      _ axis: HorizontalAxis, _ dimension: NetCDFWriter.Dimension, letter: String
    ) throws(GridFileError) {
      // Rows and columns without coordinates are only counted, which CF has no variable for.
      guard !axis.attributes.elements.isEmpty else { return }
      var attributes = axis.attributes.withoutStorage
      if attributes["units"] == nil, !axis.units.isEmpty {
        attributes["units"] = .text(axis.units)
        attributes["Unit"] = nil
      }
      if attributes["axis"] == nil { attributes["axis"] = .text(letter) }
      let boundsName = axis.boundsName.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      attributes["bounds"] = boundsName.map(NetCDFValues.text)
      let isSingle = axis.type == .float
      let variable = try file.addVariable(
        axis.name, isSingle ? .float : .double, [dimension], attributes: attributes)
      pending.append((variable, Self.numbers(axis.values, isSingle), [axis.count]))
      guard let bounds = axis.bounds, let boundsName else { return }
      let corners = try vertices()
      let edges = try file.addVariable(boundsName, .double, [dimension, corners])
      pending.append((edges, .double(bounds), [axis.count, 2]))
    }

    private static func numbers(_ values: [Double], _ isSingle: Bool) -> NetCDFValues {
      isSingle ? .float(values.map { Float($0) }) : .double(values)
    }

    private mutating func vertices() throws(GridFileError) -> NetCDFWriter.Dimension {
      if let known = dimensions["nv"] { return known }
      let made = try file.addDimension("nv", length: 2)
      dimensions["nv"] = made
      return made
    }

    /// Copies the grid mapping as it stands, and returns its name.
    private mutating func addMapping(_ grid: HorizontalGrid) throws(GridFileError) -> String? {
      guard let mapping = grid.mapping else { return nil }
      let taken =
        ["time", "lead_time", "forecast_reference_time", grid.x.name, grid.y.name]
        + description.variables.map(\.name) + description.coordinates.map(\.name)
      let name = taken.contains(mapping.name) ? mapping.name + "_mapping" : mapping.name
      let type: NetCDFType = mapping.type.isNumeric ? mapping.type : .int32
      let variable = try file.addVariable(
        name, type, [], attributes: mapping.completed.attributes.withoutStorage)
      // The value means nothing, but an unwritten one would be noise.
      if let zero = NetCDFValues(0, as: type) { pending.append((variable, zero, [])) }
      return name
    }

    private mutating func addAuxiliaries(
      _ grid: HorizontalGrid, _ y: NetCDFWriter.Dimension, _ x: NetCDFWriter.Dimension
    ) throws(GridFileError) -> [String] {
      var names: [String] = []
      for auxiliary in [grid.latitude, grid.longitude] {
        guard let auxiliary else { continue }
        let variable = try file.addVariable(
          auxiliary.name, auxiliary.values.type, [y, x],
          attributes: auxiliary.attributes, storage: storage([grid.height, grid.width]))
        pending.append((variable, auxiliary.values, [grid.height, grid.width]))
        names.append(auxiliary.name)
      }
      return names
    }

    private func storage(_ shape: [Int]) -> NetCDFStorage {
      // At most 1024 along a side, and the last chunk about as large as the others.
      let horizontal = shape.suffix(2).map { length in
        let pieces = max(1, (length + 1023) / 1024)
        return (length + pieces - 1) / pieces
      }
      return NetCDFStorage(
        chunkShape: shape.dropLast(2).map { _ in 1 } + horizontal,
        deflateLevel: description.deflateLevel, isShuffled: description.deflateLevel > 0)
    }

    private func add(
      _ variable: ForecastVariable, _ time: NetCDFWriter.Dimension, _ y: NetCDFWriter.Dimension,
      _ x: NetCDFWriter.Dimension, mapping: String?, coordinates: [String]
    ) throws(GridFileError) -> Stored {
      var extra: [NetCDFWriter.Dimension] = []
      for name in variable.extraDimensions {
        guard let dimension = dimensions[name] else {
          throw GridFileError(
            .outOfBounds, path: file.path, variable: variable.name,
            "has dimension '\(name)', which is not among the coordinates")
        }
        extra.append(dimension)
      }
      let sizes = description.coordinates.reduce(into: [String: Int]()) {
        $0[$1.name] = $1.values.count
      }
      let lengths = variable.extraDimensions.map { sizes[$0] ?? 1 }
      let (height, width) = (description.grid.height, description.grid.width)
      var attributes: NetCDFAttributes = [:]
      if variable.type == .float { attributes["_FillValue"] = .float([ForecastLayout.floatFill]) }
      attributes = attributes.merging(variable.attributes.withoutEmptyTexts)
      if let mapping { attributes["grid_mapping"] = .text(mapping) }
      attributes["coordinates"] = .text(coordinates.joined(separator: " "))
      let flags = description.variables.filter { $0.isFlag && $0.name != variable.name }
      if !variable.isFlag, !flags.isEmpty, attributes["ancillary_variables"] == nil {
        attributes["ancillary_variables"] = .text(flags.map(\.name).joined(separator: " "))
      }
      let stored = try file.addVariable(
        variable.name, variable.type, extra + [time, y, x], attributes: attributes,
        storage: storage(lengths + [1, height, width]))
      return Stored(variable: stored, extra: lengths, height: height, width: width)
    }
  }
}

extension ForecastVariable {
  /// Whether the numbers are flags about the other variables.
  fileprivate var isFlag: Bool {
    attributes["flag_masks"] != nil || attributes["flag_values"] != nil
  }
}

extension NetCDFAttributes {
  /// Without attributes that describe how numbers were stored in the file they come from.
  fileprivate var withoutStorage: NetCDFAttributes {
    var result = self
    for name in [
      "_FillValue", "missing_value", "scale_factor", "add_offset", "_Unsigned", "valid_range",
      "valid_min", "valid_max", "actual_range", "_CoordinateAxisType",
    ] {
      result[name] = nil
    }
    return result
  }

  /// Without texts that say nothing, which checkers object to.
  fileprivate var withoutEmptyTexts: NetCDFAttributes {
    var result = self
    for element in self where element.value.string?.trimmingBlanks.isEmpty ?? false {
      result[element.name] = nil
    }
    return result
  }
}
