// Room: Grids. Everything about a file in the making that is known before its first value.

/// Everything about a file in the making that is known before its first value.
///
/// All variables share one horizontal grid and one time axis; each may have one of the vertical axes
/// and any of the other coordinates. What CF-1.11 and ACDD-1.3 ask for and the rest implies (bounds of
/// the horizontal axes, the extent in space and time, conventions) is added by the writer.
public struct FieldFileDescription: Sendable {
  /// The grid of all variables, as read from an input or made by regridding.
  public var grid: HorizontalGrid
  /// The times.
  public var time: FileTime
  /// The vertical axes, found by variables through their names.
  public var verticalAxes: [VerticalAxis]
  /// Coordinates besides time, levels and the horizontal ones.
  public var coordinates: [FieldCoordinate]
  /// The variables.
  public var variables: [FieldVariable]
  /// The area of every cell in m2, row by row, or none; becomes the variable `cell_area`.
  public var cellArea: [Double]?
  /// Whether latitude and longitude of every cell are computed and written where the axes are those
  /// of a projection, as CF asks.
  public var hasPlaces = true
  /// What the file says about itself.
  public var metadata: FileMetadata
  /// How the file lies on the disk.
  public var storage: FileStorage

  /// Describes a file.
  public init(
    grid: HorizontalGrid, time: FileTime, verticalAxes: [VerticalAxis] = [],
    coordinates: [FieldCoordinate] = [], variables: [FieldVariable], cellArea: [Double]? = nil,
    metadata: FileMetadata = FileMetadata(), storage: FileStorage = FileStorage()
  ) {
    self.grid = grid
    self.time = time
    self.verticalAxes = verticalAxes
    self.coordinates = coordinates
    self.variables = variables
    self.cellArea = cellArea
    self.metadata = metadata
    self.storage = storage
  }
}
