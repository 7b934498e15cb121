// Room: Grids. One variable on a grid over all its times and levels: metadata first, values on demand.

public import GridFiles

/// One variable of a dataset, lazily: making, selecting and reordering one reads no values.
///
/// Values come row by row in the canonical order `[others…, time, level, y, x]`, whatever the order
/// in the files; an axis that the variable lacks has length 1. Missing values are NaN.
public struct Field: Sendable {
  /// The name in the files.
  public let name: String
  /// The units as written in the first file; empty where it gives none.
  public let units: String
  /// All attributes in the first file.
  public let attributes: NetCDFAttributes
  /// The stored type.
  public let type: NetCDFType
  /// How stored numbers become physical ones, in the first file.
  public let packing: Packing
  /// What the values are of their cells.
  public let cellMethods: [CellMethod]
  /// The names of the variables that measure cells, by `area` and `volume`.
  public let cellMeasures: [String: String]
  /// The names of the variables that say more about the values: errors, flags, counts.
  public let ancillaryVariables: [String]
  /// What codes mean, where values are codes.
  public let flags: FieldFlags?

  /// The axes that are neither time nor place, slowest first.
  public internal(set) var others: [DiscreteAxis]
  /// The times, or nil where the values hold always.
  public internal(set) var time: TimeAxis?
  /// The levels, or nil where there are none.
  public internal(set) var vertical: VerticalAxis?
  /// The horizontal grid, or nil for series, profiles and points.
  public internal(set) var horizontal: HorizontalGrid?
  /// Coordinates with one value for all.
  public internal(set) var scalars: [ScalarCoordinate]
  /// What had to be guessed to understand the variable, for a person.
  public internal(set) var notes: [String]

  /// Why times along the variable's time dimension cannot be told.
  let timeProblem: GridError?
  var source: FieldSource
  /// Which elements of the source the field has, along each canonical axis.
  var selection: [[Int]]
  /// Cells outside a region that was asked for, which read as missing.
  var mask: CellMask?

  init(joining parts: [FieldPart], named name: String, of set: FileSet) throws(GridError) {
    var joiner = FieldJoiner(set, name, parts)
    source = try joiner.join()
    let first = joiner.parts[0]
    let attributes = first.variable.attributes
    self.name = name
    self.attributes = attributes
    units = first.variable.unitsText
    type = first.variable.type
    packing = Packing(first.variable)
    cellMethods = CellMethod.parse(attributes.text("cell_methods") ?? "")
    cellMeasures = Field.pairs(attributes.text("cell_measures") ?? "")
    ancillaryVariables = (attributes.text("ancillary_variables") ?? "").words
    flags = FieldFlags(attributes)
    others = joiner.others
    time = joiner.time
    vertical = joiner.vertical
    horizontal = joiner.grid
    scalars = first.scalars.filter { scalar in
      joiner.parts.allSatisfy { $0.scalars.contains(scalar) }
    }
    timeProblem = joiner.parts.lazy.compactMap(\.timeProblem).first
    selection = source.shape.map { Array(0..<$0) }
    var notes: [String] = []
    for note in joiner.parts.flatMap(\.notes) + joiner.notes where !notes.contains(note) {
      notes.append(note)
    }
    self.notes = notes
  }

  private static func pairs(_ text: String) -> [String: String] {
    let words = text.words
    var result: [String: String] = [:]
    for (key, value) in zip(words, words.dropFirst()) where key.hasSuffix(":") {
      result[String(key.dropLast())] = value
    }
    return result
  }

  /// The CF standard name, or nil.
  public var standardName: String? {
    attributes.text("standard_name").flatMap { $0.isEmpty ? nil : $0 }
  }
  /// The long name, or nil.
  public var longName: String? {
    attributes.text("long_name").flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The times, in order; none where the values hold always.
  public var times: [CFTime] { time?.times ?? [] }

  /// The lengths of `[others…, time, level, y, x]`; 1 for an axis that the variable lacks.
  public var shape: [Int] { selection.map(\.count) }
  /// The number of values, all axes taken together.
  public var count: Int { checkedProduct(shape) ?? .max }
  /// The number of times, 1 where values hold always.
  public var timeCount: Int { shape[others.count] }
  /// The number of levels, 1 where there are none.
  public var levelCount: Int { shape[others.count + 1] }
  /// The number of rows.
  public var height: Int { shape[others.count + 2] }
  /// The number of cells in a row.
  public var width: Int { shape[others.count + 3] }

  /// The horizontal grid.
  ///
  /// Throws: `GridError` with code `layout` for series, profiles and points.
  public func grid() throws(GridError) -> HorizontalGrid {
    guard let horizontal else {
      if let places = others.first(where: { $0.kind == .points }) {
        throw GridError(
          .layout, path: source.set.paths.first, variable: name,
          "lies at \(places.count) places along '\(places.name)', not on a structured grid of rows "
            + "and columns; choose a variable on a grid")
      }
      throw GridError(
        .layout, path: source.set.paths.first, variable: name,
        "has no two horizontal dimensions; choose a variable on a grid")
    }
    return horizontal
  }

  /// The names of the dimensions in the first file along `[others…, time, level, y, x]`; nil for an
  /// axis along which the variable has no dimension.
  public var dimensionNames: [String?] {
    guard let piece = source.pieces.first else { return shape.map { _ in nil } }
    return piece.dimensions.map { $0.map { piece.variable.dimensions[$0].name } }
  }

  /// The files that hold some of the field's values, in the order in which they were named.
  public var paths: [String] {
    Set(source.pieces.map(\.file)).sorted().map { source.set.paths[$0] }
  }
}
