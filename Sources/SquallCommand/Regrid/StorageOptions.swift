// Room: SquallCommand. How a file of fields lies on the disk.

internal import ArgumentParser
internal import Grids

/// `--compression`, `--digits`, `--chunks`, `--checksum`.
struct StorageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Lossless compression: none, deflate or zstd, with a level as in deflate=4.",
      valueName: "method"))
  var compression: String = "deflate"

  @Option(
    help: ArgumentHelp(
      "Keep this many significant digits, 1 to 7; files become several times smaller.",
      valueName: "n"))
  var digits: Int?

  @Option(
    help: ArgumentHelp(
      "Lay values out for reading maps, or for series at a place.", valueName: "maps|series"))
  var chunks: String = "maps"

  @Flag(help: "Also write FILE.sha256 with the file's checksum.")
  var checksum = false

  func validate() throws {
    if let digits, !(1...7).contains(digits) {
      throw ValidationError("--digits is \(digits): give a number from 1 to 7")
    }
    guard ["maps", "series"].contains(chunks) else {
      throw ValidationError("--chunks is '\(chunks)': give maps or series")
    }
    guard method != nil else {
      throw ValidationError(
        "--compression is '\(compression)': give none, deflate=1 to 9, or zstd=-7 to 22")
    }
  }

  func storage() throws -> FileStorage {
    FileStorage(
      compression: method ?? .deflate(1), chunks: chunks == "maps" ? .maps : .timeSeries,
      precision: digits.map { .significantDigits($0) } ?? .exact, hasChecksumFile: checksum)
  }

  private var method: FileStorage.Compression? {
    let parts = compression.split(separator: "=", maxSplits: 1)
    let level = parts.count == 2 ? Int(parts[1]) : nil
    guard let name = parts.first, parts.count == 1 || level != nil else { return nil }
    switch (name, level) {
    case ("none", nil): return FileStorage.Compression.none
    case ("deflate", let level) where (1...9).contains(level ?? 1): return .deflate(level ?? 1)
    case ("zstd", let level) where (-7...22).contains(level ?? 3): return .zstandard(level ?? 3)
    default: return nil
    }
  }
}
