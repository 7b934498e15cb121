// Room: SquallCommand. What `squall inspect --json` says of NetCDF files.

internal import GridFiles
internal import Grids

extension GridFileReport: Encodable {
  private struct Variable: Encodable {
    let name, type, units, packing, use: String
    let dimensions: [String]
    let shape: [Int]
    let standardName, longName: String?

    init(_ variable: GridFileSummary.Variable) {
      name = variable.name
      type = variable.type
      units = variable.units
      packing = variable.packing
      use = variable.use
      dimensions = variable.dimensions
      shape = variable.shape
      standardName = variable.standardName
      longName = variable.longName
    }
  }

  private struct Grid: Encodable {
    let kind: String
    let rows, columns: Int
    let projection: String?
    /// Kilometres along x and along y.
    let spacingKm: [Double]?

    init(_ grid: HorizontalGrid) {
      kind = grid.kind.rawValue
      rows = grid.height
      columns = grid.width
      projection = grid.mapping?.projection
      spacingKm = grid.spacingKilometres.map { [$0.x, $0.y] }
    }
  }

  private struct Axis: Encodable {
    let name, kind, units: String
    let count: Int
    let first, last: Double?

    init(_ axis: HorizontalAxis, _ kind: String) {
      name = axis.name
      self.kind = kind
      units = axis.units
      count = axis.count
      first = axis.values.first
      last = axis.values.last
    }
  }

  private struct Levels: Encodable {
    let name, kind, units, positive: String
    let values: [Double?]
    let formulaTerms: [String: String]?

    init(_ axis: VerticalAxis) {
      name = axis.name
      kind = axis.kind.rawValue
      units = axis.units
      positive = axis.positive.rawValue
      values = axis.values.map { $0.isFinite ? $0 : nil }
      formulaTerms = axis.formula?.terms
    }
  }

  private struct Entries: Encodable {
    let name, kind, units: String
    let labels: [String]

    init(_ axis: DiscreteAxis) {
      name = axis.name
      kind = axis.kind.rawValue
      units = axis.units
      labels = (0..<min(axis.count, 1000)).map(axis.label)
    }
  }

  private struct Group: Encodable {
    let variables: [String]
    let grid: Grid?
    let axes: [Axis]
    let levels: Levels?
    let others: [Entries]
    let scalars: [String: String]
    let times: [String]
    let timeSteps, calendar: String?
    let isClimatology, hasTimeBounds: Bool
    let minimum, maximum: Float?
    let missingFraction, missingFractionOfLastLevel: Double?

    init(_ group: FieldGroup, _ values: (top: LayerValues, last: LayerValues?)?) {
      let field = group.example
      variables = group.variables
      grid = field.horizontal.map(Grid.init)
      axes = field.horizontal.map { [Axis($0.y, "y"), Axis($0.x, "x")] } ?? []
      levels = field.vertical.map(Levels.init)
      others = field.others.map(Entries.init)
      scalars = Dictionary(
        field.scalars.map { ($0.name, $0.label) }, uniquingKeysWith: { first, _ in first })
      times = field.times.map(\.iso8601)
      timeSteps = field.time.map { TimeSteps($0.times).summary }
      calendar = field.time?.calendar.rawValue
      isClimatology = field.time?.isClimatology ?? false
      hasTimeBounds = field.time?.bounds != nil
      minimum = values?.top.minimum
      maximum = values?.top.maximum
      missingFraction = values?.top.missingFraction
      missingFractionOfLastLevel = values?.last?.missingFraction
    }
  }

  private struct Precipitation: Encodable {
    let variable: String
    let kind: String?
    let newest: RainValues?
  }

  enum CodingKeys: String, CodingKey {
    case kind, paths, format, title, variables, grid, times, precipitation
    case precipitationProblem, notes, problems, groups
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("netcdf", forKey: .kind)
    try container.encode(summary.paths, forKey: .paths)
    try container.encode(summary.format, forKey: .format)
    try container.encode(summary.title, forKey: .title)
    try container.encode(summary.variables.map(Variable.init), forKey: .variables)
    try container.encode(summary.grid.map(Grid.init), forKey: .grid)
    try container.encode(summary.times.map(\.iso8601), forKey: .times)
    try container.encode(
      summary.precipitation.map {
        Precipitation(variable: $0, kind: summary.precipitationKind, newest: rain)
      }, forKey: .precipitation)
    try container.encode(summary.precipitationProblem, forKey: .precipitationProblem)
    try container.encode(summary.notes, forKey: .notes)
    try container.encode(summary.problems, forKey: .problems)
    try container.encode(
      summary.groups.enumerated().map { number, group in
        Group(group, number < layers.count ? layers[number] : nil)
      }, forKey: .groups)
  }
}
