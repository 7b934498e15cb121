// Room: GridFiles. The serial gate: netCDF-C and HDF5 are not thread-safe, so every call to them in
// this process passes through the one lock of this file.

internal import CNetCDF
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Identifies an open file or a group in it to netCDF-C.
struct GroupID: Hashable, Sendable { var raw: Int32 }

/// Identifies a variable inside its group to netCDF-C.
struct VariableID: Hashable, Sendable {
  var raw: Int32
  /// Stands for the group itself where netCDF-C asks whose attribute is meant.
  static let global = VariableID(raw: -1)
}

/// Identifies a dimension to netCDF-C; unique within a file.
struct DimensionID: Hashable, Sendable { var raw: Int32 }

enum NetCDFLibrary {
  private static let gate = Mutex<Void>(())
  /// The thread that holds the gate for several calls, or 0.
  private static let holder = Atomic<UInt>(0)

  /// Runs one netCDF-C call alone and returns its status; `reading` names the file it reads, if any.
  static func status(
    reading path: String? = nil, patience: DamagedFileGuard.Patience = .description,
    _ call: () -> Int32
  ) -> Int32 {
    if holder.load(ordering: .relaxed) == ownThread {
      guard let path else { return call() }
      return DamagedFileGuard.watch(path, patience, call)
    }
    return gate.withLock { _ in
      HDF5Switches.silence()
      guard let path else { return call() }
      return DamagedFileGuard.watch(path, patience, call)
    }
  }

  /// Holds the gate for all the calls that `body` makes: taking it for each costs more than most calls.
  static func holding<R: Sendable>(
    _ body: () throws(GridFileError) -> R
  ) throws(GridFileError) -> R {
    if holder.load(ordering: .relaxed) == ownThread { return try body() }
    let outcome = gate.withLock { _ -> Result<R, GridFileError> in
      HDF5Switches.silence()
      holder.store(ownThread, ordering: .relaxed)
      defer { holder.store(0, ordering: .relaxed) }
      do throws(GridFileError) {
        return .success(try body())
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// A number that is this thread's alone while it runs.
  private static var ownThread: UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }

  /// Runs one netCDF-C call that reads `path` alone and turns a failure into an error.
  static func check(
    _ path: String, _ variable: String? = nil, _ doing: String, _ call: () -> Int32
  ) throws(GridFileError) {
    let status = status(reading: path, call)
    if status != NC_NOERR { throw error(status, path, variable, doing) }
  }

  /// The library's own words for a status.
  static func words(_ status: Int32) -> String {
    // The texts are constants, so that no gate is needed.
    guard let text = nc_strerror(status) else { return "netCDF error \(status)" }
    return String(cString: text)
  }

  static func error(
    _ status: Int32, _ path: String, _ variable: String?, _ doing: String
  ) -> GridFileError {
    switch status {
    case NC_ENOTNC:
      return GridFileError(
        .notNetCDF, path: path, variable: variable,
        "is not a NetCDF file; give a NetCDF-3 or NetCDF-4 file")
    case NC_EHDFERR, NC_EHDFERR - 7...NC_EHDFERR - 1:
      return GridFileError(
        .corrupt, path: path, variable: variable,
        "\(doing) failed inside HDF5, the file is damaged; fetch or write it again")
    case Status.noFilter, Status.filter:
      return GridFileError(
        .unsupported, path: path, variable: variable,
        "is compressed with a filter that is not installed; rewrite it with 'nccopy -d 4' "
          + "where it opens, or set HDF5_PLUGIN_PATH")
    case NC_ENOMEM:
      return GridFileError(
        .inputOutput, path: path, variable: variable,
        "\(doing) needs more memory than there is; read less at a time")
    case NC_EINVALCOORDS, NC_EEDGE:
      return GridFileError(
        .outOfBounds, path: path, variable: variable, "\(doing) goes past the variable's end")
    case let status where status > 0:
      return GridFileError(
        .inputOutput, path: path, variable: variable,
        "\(doing) failed: \(SystemError.words(status)); check the disk and try again")
    default:
      return GridFileError(
        .corrupt, path: path, variable: variable,
        "\(doing) failed: \(words(status)); check the file with 'ncdump -h'")
    }
  }

  /// Statuses that netcdf.h has behind parentheses or keeps in another header.
  enum Status {
    static let filter: Int32 = -132
    static let noFilter: Int32 = -136
  }
}
