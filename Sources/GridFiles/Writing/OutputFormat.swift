// Room: GridFiles. The file formats that can be written, and which types each of them has.

internal import CNetCDF

/// The format of a file in the making.
///
/// NetCDF-4 is the choice unless an older program has to read the file.
public enum OutputFormat: String, Sendable, Hashable, CaseIterable {
  /// HDF5 underneath: compression, chunks, every type.
  case netCDF4 = "netcdf4"
  /// HDF5 underneath, with the types and the one unlimited dimension of NetCDF-3.
  case netCDF4Classic = "netcdf4-classic"
  /// CDF-5: no compression, every numeric type, variables of any size.
  case cdf5
  /// CDF-2, "64-bit offset": no compression, the types of NetCDF-3, less than 4 GiB a variable and
  /// record.
  case offset64 = "64bit-offset"
  /// CDF-1, which every program reads: as CDF-2, and the whole file below 2 GiB.
  case classic = "netcdf3"

  /// Whether variables lie in chunks, which can be compressed.
  public var hasChunks: Bool { self == .netCDF4 || self == .netCDF4Classic }

  /// Whether the format has elements of `type`.
  public func holds(_ type: NetCDFType) -> Bool {
    switch type {
    case .userDefined: false
    case .int8, .char, .int16, .int32, .float, .double: true
    case .uint8, .uint16, .uint32, .int64, .uint64: self == .netCDF4 || self == .cdf5
    case .string: self == .netCDF4
    }
  }

  /// The narrowest type of the format that holds every number of `type`, or nil where there is none.
  public func narrowestType(for type: NetCDFType) -> NetCDFType? {
    if holds(type) { return type }
    switch type {
    case .uint8: return .int16
    case .uint16: return .int32
    default: return nil
    }
  }

  var creationMode: Int32 {
    switch self {
    case .netCDF4: NC_NETCDF4
    case .netCDF4Classic: NC_NETCDF4 | NC_CLASSIC_MODEL
    case .cdf5: NC_64BIT_DATA
    case .offset64: NC_64BIT_OFFSET
    case .classic: 0
    }
  }
}

/// HDF5 filters that may or may not be installed.
public enum OutputFilter {
  /// The number that the HDF Group has given to Zstandard.
  static let zstandardID: UInt32 = 32015

  /// Whether values can be compressed with Zstandard here.
  ///
  /// HDF5 looks for the filter in its plug-in folder and in those that `HDF5_PLUGIN_PATH` names.
  public static let hasZstandard: Bool = {
    // netCDF-C asks an open NetCDF-4 file, so one is made in memory.
    var handle: Int32 = -1
    return NetCDFLibrary.status {
      let mode = NC_NETCDF4 | NC_DISKLESS
      guard nc_create("squall-filters", mode, &handle) == NC_NOERR else { return NC_EINVAL }
      let status = nc_inq_filter_avail(handle, zstandardID)
      _ = nc_abort(handle)
      return status
    } == NC_NOERR
  }()
}
