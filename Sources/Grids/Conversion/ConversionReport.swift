// Room: Grids. What a conversion did, in numbers.

/// What a conversion did.
public struct ConversionReport: Sendable {
  /// One variable.
  public struct Variable: Sendable {
    /// The name.
    public var name: String
    /// The names and lengths of the output's axes, slowest first.
    public var axes: [(name: String, length: Int)]
    /// Cells of the target grid that no cell of the source reaches.
    public var unreached: Int
    /// Values that are missing in the output, over all layers.
    public var missing: Int
    /// Values in the output, over all layers.
    public var count: Int
    /// What filling did, over all layers; nil where nothing was to be filled.
    public var filling: FillReport?
    /// The least and the largest value, or nil where all are missing.
    public var range: ClosedRange<Float>?
  }

  /// The file.
  public var path: String
  /// Its grid.
  public var grid: HorizontalGrid
  /// Its variables.
  public var variables: [Variable]
  /// Guesses made and things left out.
  public var notes: [String]

  init(path: String, grid: HorizontalGrid, variables: [Variable], notes: [String]) {
    self.path = path
    self.grid = grid
    self.variables = variables
    var seen: Set<String> = []
    self.notes = notes.filter { seen.insert($0).inserted }
  }
}
