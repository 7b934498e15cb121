// Tests of GridFiles: what killed processes leave behind, and where outputs go.

import Foundation
import GridFiles
import TestSupport
import Testing

struct LeftoverTests {
  /// The hidden name of a file that this process is writing.
  private func hiddenName(_ folder: TemporaryFolder) throws -> (TemporaryFile, [Substring]) {
    let file = try TemporaryFile(for: folder.path("out.nc"))
    let name = try #require(file.path.split(separator: "/").last)
    let parts = try #require(name.dropLast(5).split(separator: ".").last).split(separator: "-")
    return (file, parts)
  }

  @Test func removesOnlyWhatIsAbandoned() throws {
    let scout = try TemporaryFolder()
    let (own, parts) = try hiddenName(scout)
    own.discard()
    try #require(parts.count == 4)
    let folder = try TemporaryFolder()
    let process = ProcessInfo.processInfo.processIdentifier
    // Above the largest number that a process can have.
    let abandoned = ".a.nc.\(parts[0])-999999999-1-x.part"
    let reused = ".b.nc.\(parts[0])-\(process)-1-x.part"
    let kept = [
      ".c.nc.\(parts[0])-\(process)-\(parts[2])-x.part", ".d.nc.elsewhere-999999999-1-x.part",
      ".e.part", "f.nc.\(parts[0])-999999999-1-x.part", ".g.nc.journal",
    ]
    for name in kept + [abandoned, reused] { _ = try folder.write([1], name) }
    try NetCDFWriter(path: folder.path("out.nc")).commit()
    #expect(try folder.contents() == (kept + ["out.nc"]).sorted())
  }

  @Test func keepsPermissions() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1], "out.nc")
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    try NetCDFWriter(path: path).commit()
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o640)
  }

  @Test func namesAndLinks() throws {
    let folder = try TemporaryFolder()
    let long = String(repeating: "雨", count: 80) + ".nc"
    try NetCDFWriter(path: folder.path(long)).commit()
    let error = #expect(throws: GridFileError.self) {
      try NetCDFWriter(path: folder.path(String(repeating: "x", count: 256)))
    }
    #expect(error?.code == .cannotCreate && error?.message.contains("shorter") == true)
    // A link that leads nowhere yet.
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link.nc"), withDestinationPath: "real.nc")
    try NetCDFWriter(path: folder.path("link.nc")).commit()
    #expect(try folder.contents() == ["link.nc", "real.nc", long].sorted())
  }
}
