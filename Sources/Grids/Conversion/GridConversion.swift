// Room: Grids. From files to a file: choose, regrid, fill, and write, a few layers at a time.

/// Variables of a dataset, or parts of them, taken to another grid and written as one CF file.
///
/// ```swift
/// var conversion = GridConversion()
/// conversion.box = try GeographicBox("-30,40,30,75")
/// conversion.target = try HorizontalGrid(spec: "-30:40:0.25,30:75:0.25")
/// conversion.method = .conservative
/// try conversion.run(GridDataset(paths: paths), writingTo: "europe.nc")
/// ```
///
/// The steps come in the order of the properties. Values pass through in pieces of at most
/// `memoryBudget`, so that a dataset may be far larger than the memory.
public struct GridConversion: Sendable {
  /// Names, standard names or long names; empty for every variable on a grid.
  public var variables: [String] = []
  /// Which times, or nil for all.
  public var times: TimeSelection?
  /// Which levels, or nil for all.
  public var levels: LevelSelection?
  /// Entries of other axes, such as members, by the axis's name.
  public var entries: [(axis: String, label: String)] = []
  /// The part of the Earth, or nil for all.
  public var box: GeographicBox?
  /// The longitude at which the columns begin, or nil for that of the file.
  public var firstLongitude: Double?
  /// The horizontal grid of the output, or nil for the input's.
  public var target: HorizontalGrid?
  /// How values go to `target`.
  public var method: RegridMethod = .bilinear
  /// How masks and edges are treated on the way.
  public var regridding = RegridOptions()
  /// The levels of the output, or nil for the input's. Variables without levels go along.
  public var targetLevels: TargetLevels?
  /// How missing values are filled at last, or nil for not at all.
  public var filling: SeaFiller.Method?
  /// Missing cells further than this from any value stay missing, in kilometres; nil for no limit.
  public var fillingReach: Double?
  /// How the file lies on the disk.
  public var storage = FileStorage()
  /// What the file says about itself; what the input says is added.
  public var metadata = FileMetadata()
  /// Bytes of input values held at a time; a layer at least.
  public var memoryBudget = 64 << 20

  /// Everything, on its own grid.
  public init() {}

  /// Converts the dataset and writes the file, whole or not at all.
  ///
  /// `progress` is told how many of how many layers are done.
  /// **Throws** `GridError`: `noVariable` where nothing is on a grid, `mismatch` for variables that do
  /// not fit into one file, and whatever choosing, regridding and writing throw.
  @discardableResult
  public func run(
    _ dataset: GridDataset, writingTo path: String,
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws(GridError) -> ConversionReport {
    let chosen = try chosenFields(dataset)
    var lines = try ConversionLine.make(chosen.fields, self)
    let description = try FieldFileDescription(
      lines.map(\.output), metadata: metadata(of: dataset), storage: storage)
    let writer = try FieldWriter(path: path, description: description)
    do throws(GridError) {
      let all = lines.reduce(0) { $0 + $1.layerCount }
      var done = 0
      for index in lines.indices {
        try lines[index].convert(within: memoryBudget, to: writer) { layers in
          done += layers
          progress(done, all)
        }
      }
      try writer.commit()
    } catch {
      writer.abandon()
      throw error
    }
    return ConversionReport(
      path: path, grid: description.grid, variables: lines.map(\.report),
      notes: chosen.notes + lines.flatMap(\.notes))
  }

  // MARK: What goes in

  private func chosenFields(
    _ dataset: GridDataset
  ) throws(GridError) -> (fields: [Field], notes: [String]) {
    var fields: [Field] = []
    var notes: [String] = []
    if variables.isEmpty {
      for variable in dataset.variables where variable.isGridded {
        let field = try dataset.field(variable)
        if target != nil, variable.isCoded, method != .nearest {
          notes.append("'\(variable.name)' holds codes and was left out; nearest takes them along")
        } else if field.horizontal != nil {
          fields.append(try selected(field))
        }
      }
    } else {
      for words in variables {
        fields.append(try selected(dataset.field(dataset.variable(called: words))))
      }
    }
    guard !fields.isEmpty else {
      throw GridError(
        .noVariable, path: dataset.paths.first,
        "has no variable on a grid; name one, or see what 'squall inspect' says")
    }
    return (fields, notes)
  }

  private func selected(_ field: Field) throws(GridError) -> Field {
    var field = field
    _ = try field.grid()
    // What has no times or levels, such as a depth of the sea floor, goes along whole.
    if let times, field.time != nil { field = try field.selecting(times: times) }
    if let levels, field.vertical != nil { field = try field.selecting(levels: levels) }
    for entry in entries where field.others.contains(where: { $0.name == entry.axis }) {
      field = try field.selecting(entry.label, along: entry.axis)
    }
    if let box { field = try field.selecting(box: box) }
    if let firstLongitude { field = try field.rolled(toLongitude: firstLongitude) }
    return field
  }

  private func metadata(of dataset: GridDataset) -> FileMetadata {
    var result = metadata
    result.inherit(dataset.attributes)
    if result.inputs.isEmpty {
      result.inputs = dataset.paths.map { path in
        FileMetadata.Input(name: path.split(separator: "/").last.map(String.init) ?? path)
      }
    }
    return result
  }
}
