// Room: Grids. How a file in the making lies on the disk: format, compression, chunks, checksums.

public import GridFiles

/// How a file in the making lies on the disk.
public struct FileStorage: Sendable {
  /// Lossless compression.
  public enum Compression: Sendable, Hashable {
    case none
    /// Deflate, level 1 to 9, which everybody reads; 1 is nearly as small as 9 and ten times as fast.
    case deflate(Int)
    /// Zstandard, level -7 to 22: smaller and faster, for readers that have the filter.
    case zstandard(Int)
  }

  /// Which way of reading the chunks are made for.
  public enum Chunks: Sendable, Hashable {
    /// One time (and a few levels) a chunk: for maps, and for files that grow.
    case maps
    /// Many times and few cells a chunk: for series at a place.
    case timeSeries
    /// Lengths by dimension; dimensions not named are as for maps.
    case explicit([String: Int])
  }

  /// The format; older ones are neither chunked nor compressed.
  public var format: OutputFormat
  /// Lossless compression.
  public var compression: Compression
  /// Whether to fall back to deflate where Zstandard is not installed, rather than refuse.
  public var fallsBackToDeflate: Bool
  /// Whether bytes are grouped by significance before compression, which makes numbers smaller.
  public var isShuffled: Bool
  /// Whether each chunk carries a Fletcher-32 checksum, which HDF5 checks when it reads.
  public var hasChunkChecksums: Bool
  /// Which way of reading the chunks are made for.
  public var chunks: Chunks
  /// How exactly numbers are kept where a variable does not say.
  public var precision: Precision
  /// Whether the file's SHA-256 is written beside it, as `NAME.sha256`.
  public var hasChecksumFile: Bool

  /// Describes the storage.
  public init(
    format: OutputFormat = .netCDF4, compression: Compression = .deflate(1),
    fallsBackToDeflate: Bool = false, isShuffled: Bool = true, hasChunkChecksums: Bool = false,
    chunks: Chunks = .maps, precision: Precision = .exact, hasChecksumFile: Bool = false
  ) {
    self.format = format
    self.compression = compression
    self.fallsBackToDeflate = fallsBackToDeflate
    self.isShuffled = isShuffled
    self.hasChunkChecksums = hasChunkChecksums
    self.chunks = chunks
    self.precision = precision
    self.hasChecksumFile = hasChecksumFile
  }
}
