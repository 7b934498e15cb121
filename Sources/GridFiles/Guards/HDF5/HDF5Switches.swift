// Room: GridFiles. Keeps HDF5 from printing its error stacks on standard error, from locking files,
// and from tidying up after a failed write when the process ends.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// HDF5's own switches, found in the library that netCDF-C has loaded.
///
/// netCDF-C switches printing off when it starts, but a thread-safe HDF5 has a switch for each
/// thread, and netCDF-C 4.9 probes for attributes that are seldom there: each other thread would
/// print pages about files that are sound.
enum HDF5Switches {
  private typealias SetAutomaticPrinting =
    @convention(c) (
      _ stack: Int64, _ function: UnsafeRawPointer?, _ data: UnsafeMutableRawPointer?
    ) -> Int32

  private typealias SkipExitHandler = @convention(c) () -> Int32

  private static let setAutomaticPrinting: SetAutomaticPrinting? = {
    guard let whole = dlopen(nil, RTLD_LAZY), let symbol = dlsym(whole, "H5Eset_auto2") else {
      return nil
    }
    // HDF5's locks go along into child processes, which then keep files closed to others, and fail
    // on file systems that have none. Outputs are whole or absent without them.
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0)
    // A file whose closing failed for want of disk space stays half-open in HDF5, whose exit
    // handler would then write to it through freed memory. Files are closed here, not there.
    if let skip = dlsym(whole, "H5dont_atexit") {
      _ = unsafeBitCast(skip, to: SkipExitHandler.self)()
    }
    return unsafeBitCast(symbol, to: SetAutomaticPrinting.self)
  }()

  /// Silences HDF5 on the calling thread; to be called behind the gate.
  static func silence() {
    _ = setAutomaticPrinting?(0, nil, nil)
  }
}
