// Room: GridFiles. What a NetCDF file says about itself: dimensions and variables, without values.

/// A dimension of a file.
public struct NetCDFDimension: Sendable, Hashable {
  /// The name; inside a group, the path from the root, such as `radar/time`.
  public let name: String
  /// The number of elements now.
  public let length: Int
  /// Whether elements can be appended.
  public let isUnlimited: Bool

  /// Describes a dimension.
  public init(name: String, length: Int, isUnlimited: Bool) {
    self.name = name
    self.length = length
    self.isUnlimited = isUnlimited
  }
}

/// How a variable lies in its file.
public struct NetCDFStorage: Sendable, Hashable {
  /// Elements along each dimension of a chunk; empty where the variable is contiguous.
  public var chunkShape: [Int]
  /// The deflate level, 0 for none.
  public var deflateLevel: Int
  /// Whether bytes are grouped by significance before compression.
  public var isShuffled: Bool
  /// The Zstandard level, or nil; negative levels are faster.
  public var zstandardLevel: Int?
  /// Whether each chunk carries a Fletcher-32 checksum.
  public var hasChecksum: Bool

  /// Contiguous, uncompressed.
  public static let contiguous = NetCDFStorage(chunkShape: [], deflateLevel: 0, isShuffled: false)

  /// Describes a layout.
  public init(
    chunkShape: [Int], deflateLevel: Int, isShuffled: Bool, zstandardLevel: Int? = nil,
    hasChecksum: Bool = false
  ) {
    self.chunkShape = chunkShape
    self.deflateLevel = deflateLevel
    self.isShuffled = isShuffled
    self.zstandardLevel = zstandardLevel
    self.hasChecksum = hasChecksum
  }
}

/// A variable of a file, described.
public struct NetCDFVariable: Sendable {
  /// The name; inside a group, the path from the root, such as `radar/rate`.
  public let name: String
  /// The stored type.
  public let type: NetCDFType
  /// The dimensions, slowest first; none for a scalar.
  public let dimensions: [NetCDFDimension]
  /// The attributes.
  public let attributes: NetCDFAttributes
  /// The layout in the file.
  public let storage: NetCDFStorage
  /// Whether netCDF filled the variable with its default fill value before it was written.
  public let isPrefilled: Bool

  let group: GroupID
  let id: VariableID

  /// The lengths of the dimensions.
  public var shape: [Int] { dimensions.map(\.length) }

  /// The number of elements, or nil where it overflows.
  public var count: Int? { checkedProduct(shape) }

  /// The path of the variable's group with a closing slash; empty for the root group.
  public var groupPrefix: String {
    guard let slash = name.lastIndex(of: "/") else { return "" }
    return String(name[...slash])
  }

  /// The name without its group.
  public var shortName: String { String(name.dropFirst(groupPrefix.count)) }
}

/// The format of a file's bytes.
public enum NetCDFFormat: String, Sendable {
  /// Version 1 of the classic format.
  case classic = "NetCDF-3 classic"
  /// The classic format with 64-bit offsets.
  case offset64 = "NetCDF-3 64-bit offset"
  /// The classic format with 64-bit sizes.
  case data64 = "NetCDF-3 64-bit data (CDF-5)"
  /// HDF5 underneath, with the full data model.
  case netCDF4 = "NetCDF-4"
  /// HDF5 underneath, with the classic data model.
  case netCDF4Classic = "NetCDF-4 classic model"
  /// A folder of chunks in Zarr format 2, as NCZarr, xarray and Zarr write it.
  case zarr = "Zarr format 2"
}

/// The product of `lengths`, or nil where one is negative or it overflows.
package func checkedProduct(_ lengths: some Sequence<Int>) -> Int? {
  var product = 1
  for length in lengths {
    let (next, overflow) = product.multipliedReportingOverflow(by: length)
    guard !overflow, length >= 0 else { return nil }
    product = next
  }
  return product
}
