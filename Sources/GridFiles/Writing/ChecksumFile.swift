// Room: GridFiles. A file's SHA-256 beside it, in the form that `sha256sum -c` reads.

internal import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file `NAME.sha256`: absent, or right.
enum ChecksumFile {
  /// Commits `file` and its checksum.
  ///
  /// The old checksum goes before the old file does, and the new one comes after the new file.
  static func commit(_ file: TemporaryFile) throws(GridFileError) {
    let sidecar: TemporaryFile
    do throws(GridFileError) {
      let digest = try SHA256.hexDigest(ofFileAt: file.path, named: file.target)
      sidecar = try TemporaryFile(for: file.target + ".sha256")
      do throws(GridFileError) {
        try write(line(digest, URL(filePath: file.target).lastPathComponent), to: sidecar)
      } catch {
        sidecar.discard()
        throw error
      }
    } catch {
      file.discard()
      throw error
    }
    unlink(file.target + ".sha256")
    do throws(GridFileError) {
      try file.commit()
    } catch {
      sidecar.discard()
      throw error
    }
    try sidecar.commit()
  }

  /// One line of `sha256sum`: names with a line end or a backslash are escaped, which a backslash at
  /// the line's start says.
  static func line(_ digest: String, _ name: String) -> String {
    let escaped = name.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return (escaped == name ? "" : "\\") + "\(digest)  \(escaped)\n"
  }

  private static func write(_ text: String, to file: TemporaryFile) throws(GridFileError) {
    do {
      // Written in place: the file has its hidden name already.
      try Data(text.utf8).write(to: URL(filePath: file.path))
    } catch {
      throw GridFileError(
        .inputOutput, path: file.target, "cannot be written; check the disk's free space")
    }
  }
}
