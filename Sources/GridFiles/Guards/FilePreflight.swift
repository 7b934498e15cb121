// Room: GridFiles. Looks at a file before the C library does, since netCDF-C fills the missing end of
// a truncated NetCDF-3 file with zeros, which would read as "no rain".

enum FilePreflight {
  /// Accepts a complete NetCDF file, and hands it on open; refuses anything else with a reason.
  ///
  /// `isThorough` walks through all of HDF5's structure, as must be done before HDF5 sees a file.
  static func check(
    _ path: String, isThorough: Bool = true
  ) throws(GridFileError) -> InputFile {
    let file = try InputFile(path)
    let magic = try file.bytes(at: 0, count: 16)
    guard !magic.isEmpty else {
      throw GridFileError(.truncated, path: path, "is empty; fetch or write it again")
    }
    if magic.starts(with: Array("CDF".utf8)), magic.count > 3, [1, 2, 5].contains(magic[3]) {
      try ClassicHeader.check(file, version: Int(magic[3]))
    } else if let offset = try HDF5Superblock.offset(in: file) {
      try HDF5Superblock.check(file, at: offset)
      if isThorough { try HDF5Checker.check(file, superblockAt: offset) }
    } else {
      throw GridFileError(.notNetCDF, path: path, complaint(magic))
    }
    return file
  }

  /// What the file seems to be, for people who named the wrong one.
  private static func complaint(_ magic: [UInt8]) -> String {
    let kinds: [(start: [UInt8], name: String, remedy: String)] = [
      (Array("GRIB".utf8), "a GRIB file", "convert it, for example with 'cdo -f nc4 copy'"),
      (Array("BUFR".utf8), "a BUFR file", "decode it to NetCDF first"),
      ([0x1F, 0x8B], "gzip-compressed", "unpack it with 'gunzip' first"),
      (Array("BZh".utf8), "bzip2-compressed", "unpack it with 'bunzip2' first"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz-compressed", "unpack it with 'unxz' first"),
      ([0x28, 0xB5, 0x2F, 0xFD], "zstd-compressed", "unpack it with 'unzstd' first"),
      (Array("PK".utf8), "a zip archive", "unpack it first"),
      ([0x89, 0x50, 0x4E, 0x47], "a PNG picture", "give the data it was drawn from"),
      ([0x0E, 0x03, 0x13, 0x01], "an HDF4 file", "convert it with 'h4tonccf_nc4' first"),
      (Array("<".utf8), "a web page or XML", "check the download"),
    ]
    if let kind = kinds.first(where: { magic.starts(with: $0.start) }) {
      return "is not NetCDF but \(kind.name); \(kind.remedy)"
    }
    return "is not a NetCDF file; give a NetCDF-3 or NetCDF-4 file"
  }
}

/// The first bytes of an HDF5 file, in which it says how long it is.
///
/// Source: HDF5 File Format Specification 3.0, section II.A.
enum HDF5Superblock {
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Where the superblock is: at 0, or at 512, 1024, 2048 … behind a user block.
  static func offset(in file: InputFile) throws(GridFileError) -> Int? {
    var offset = 0
    while offset < file.length {
      if try file.bytes(at: offset, count: 8) == signature { return offset }
      offset = offset == 0 ? 512 : offset * 2
    }
    return nil
  }

  static func check(_ file: InputFile, at start: Int) throws(GridFileError) {
    let block = try file.bytes(at: start, count: 96)
    guard block.count > 8 else { throw tooShort(file, nil) }
    // Versions 0 and 1 keep the size of offsets at byte 13 and the end of file in the third address.
    let sizeIndex = block[8] < 2 ? 13 : 9
    guard block[8] <= 3 else {
      throw GridFileError(
        .unsupported, path: file.path,
        "has HDF5 superblock version \(block[8]); rewrite it with 'nccopy -k nc4'")
    }
    guard block.count > sizeIndex else { throw tooShort(file, nil) }
    let size = Int(block[sizeIndex])
    guard size == 4 || size == 8 else {
      throw GridFileError(
        .corrupt, path: file.path,
        "has a damaged HDF5 superblock (offsets of \(size) bytes); fetch it again")
    }
    let addresses = block[8] == 0 ? 24 : (block[8] == 1 ? 28 : 12)
    let end = addresses + 2 * size
    guard block.count >= end + size else { throw tooShort(file, nil) }
    var address: UInt64 = 0
    for byte in block[end..<end + size].reversed() { address = address << 8 | UInt64(byte) }
    guard let needed = Int(exactly: address), needed > 0 else {
      throw GridFileError(
        .corrupt, path: file.path,
        "was never closed by the program that wrote it; wait until it is complete")
    }
    if file.length < needed { throw tooShort(file, needed) }
  }

  private static func tooShort(
    _ file: InputFile, _ needed: Int?
  ) -> GridFileError {
    let whole = needed.map { " of \($0)" } ?? ""
    return GridFileError(
      .truncated, path: file.path,
      "is truncated (\(file.length)\(whole) bytes are there); fetch or write it again")
  }
}
