// Room: GridFiles. An open NetCDF file: its metadata, read at once, and the source of its values.

/// A NetCDF file or a Zarr store open for reading, closed when the last reference goes.
///
/// Reads NetCDF-3 in its three variants, NetCDF-4, HDF5 that others wrote, and folders in Zarr format 2
/// (NCZarr's own among them). Opening checks the file's own bytes before the C library sees them, reads
/// all metadata and no values. Groups are flattened: their variables are named by path, those of the root
/// group plainly.
/// Safe to use from several tasks at once; calls wait for each other at the library's gate.
public final class NetCDFFile: Sendable {
  /// The file, as the caller named it.
  public let path: String
  /// The format of its bytes.
  public let format: NetCDFFormat
  /// The dimensions of all groups.
  public let dimensions: [NetCDFDimension]
  /// The variables of all groups.
  public let variables: [NetCDFVariable]
  /// The root group's attributes.
  public let attributes: NetCDFAttributes

  let source: any FileSource
  private let variablesByName: [String: Int]

  /// Opens `path` for reading.
  ///
  /// Edge cases: any name that the system allows will do, also one that looks like an address; addresses
  /// on the network are refused.
  /// Throws: `GridFileError` with code `noInput`, `notNetCDF`, `truncated`, `corrupt` or
  /// `unsupported`.
  public init(path: String) throws(GridFileError) {
    let description: FileDescription
    if let folder = try ZarrStore.folder(at: path) {
      let store = try ZarrStore(folder)
      (source, description) = (store, store.description)
    } else {
      (source, description) = try LibrarySource.open(path)
    }
    self.path = path
    format = description.format
    dimensions = description.dimensions
    variables = description.variables
    attributes = description.attributes
    variablesByName = Dictionary(
      zip(variables.map(\.name), variables.indices), uniquingKeysWith: { first, _ in first })
  }

  /// Checks that `path` is a complete NetCDF file, from its own bytes and without opening it: a
  /// hundred times as fast.
  ///
  /// Throws: as `init(path:)`, for what can be told from the first bytes and the length.
  public static func check(path: String) throws(GridFileError) {
    if try ZarrStore.folder(at: path) != nil { return }
    _ = try FilePreflight.check(path, isThorough: false)
  }

  /// The variable named `name`, or nil.
  public func variable(_ name: String) -> NetCDFVariable? {
    variablesByName[name].map { variables[$0] }
  }

  /// The dimension named `name`, or nil.
  public func dimension(_ name: String) -> NetCDFDimension? {
    dimensions.first { $0.name == name }
  }
}
