// Tests of SquallCommand: what bad input gets from `squall nowcast`. Each kind ends with its own exit
// code and one line that names file, variable and remedy, and leaves no output behind.

import Foundation
import GridFiles
import TestSupport
import Testing

@Suite struct NowcastBadInputTests {
  /// One kind of bad input: how to make it, and what the one line must say.
  struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    let status: Int32
    let says: [String]
    /// Arguments beside the output, from a folder of the test's own.
    let arguments: @Sendable (ScratchFolder) throws -> [String]

    var testDescription: String { name }

    init(
      _ name: String, _ status: Int32, _ says: [String],
      _ arguments: @escaping @Sendable (ScratchFolder) throws -> [String]
    ) {
      self.name = name
      self.status = status
      self.says = says
      self.arguments = arguments
    }
  }

  static let kinds: [Kind] = [
    Kind("wrong variable", 65, ["frame-0.nc", "'snow'", "rain"]) {
      try Frames().write(into: $0) + ["--variable", "snow"]
    },
    Kind("no variable", 65, ["frame-0.nc", "no rain rate or amount", "--variable"]) {
      try Frames(units: "K", standardName: "air_temperature", name: "t2m").write(into: $0)
    },
    Kind("two candidates", 65, ["frame-0.nc", "'rain'", "'rain2'", "--variable"]) {
      try Frames(rival: "rain2").write(into: $0)
    },
    Kind("units that are no rain", 65, ["frame-0.nc", "'rain'", "'K'"]) {
      try Frames(units: "K").write(into: $0) + ["--variable", "rain"]
    },
    Kind("grid too small", 65, ["frame", "6"]) {
      try Frames(size: 6).write(into: $0)
    },
    Kind("one frame", 65, ["frame-0.nc"]) {
      try Frames(count: 1).write(into: $0)
    },
    Kind("no file", 66, ["nowhere.nc"]) {
      try Frames().write(into: $0) + [$0.path("nowhere.nc")]
    },
    Kind("too long a gap", 65, ["a.nc", "'rain'", "10:40", "give at least 2"]) { folder in
      let frames = Frames()
      for (name, minutes) in [("a.nc", 0), ("b.nc", 100)] {
        try frames.write(folder.path(name), minutes: minutes)
      }
      return [folder.path("a.nc"), folder.path("b.nc")]
    },
    Kind("duplicated", 65, ["frame-1.nc", "again.nc", "leave one out"]) { folder in
      let paths = try Frames().write(into: folder)
      try FileManager.default.copyItem(atPath: paths[1], toPath: folder.path("again.nc"))
      return paths + [folder.path("again.nc")]
    },
    Kind("all missing", 65, ["frame", "missing"]) {
      try Frames(isMissing: true).write(into: $0)
    },
    Kind("grids that differ", 65, ["other.nc", "grid"]) { folder in
      let paths = try Frames().write(into: folder)
      try Frames(size: 48).write(folder.path("other.nc"), minutes: 50)
      return paths + [folder.path("other.nc")]
    },
    Kind("truncated", 65, ["frame-2.nc", "truncated"]) { folder in
      let paths = try Frames().write(into: folder)
      let whole = try Data(contentsOf: URL(filePath: paths[2]))
      try whole.prefix(whole.count / 2).write(to: URL(filePath: paths[2]))
      return paths
    },
    Kind("not NetCDF", 65, ["frame-2.nc", "not a NetCDF file"]) { folder in
      let paths = try Frames().write(into: folder)
      try Data("squall line at noon\n".utf8).write(to: URL(filePath: paths[2]))
      return paths
    },
    Kind("damaged in the middle", 65, ["frame-2.nc"]) { folder in
      let paths = try Frames().write(into: folder)
      var bytes = try Data(contentsOf: URL(filePath: paths[2]))
      for place in bytes.count / 8..<bytes.count / 2 { bytes[place] = UInt8(place * 31 & 0xFF) }
      try bytes.write(to: URL(filePath: paths[2]))
      return paths
    },
    Kind("empty file", 65, ["frame-2.nc", "empty"]) { folder in
      let paths = try Frames().write(into: folder)
      try Data().write(to: URL(filePath: paths[2]))
      return paths
    },
    Kind("no such model", 66, ["no-such-model"]) {
      try Frames().write(into: $0) + ["--model", "no-such-model"]
    },
    Kind("model folder without its network", 66, ["broken", "network.onnx"]) { folder in
      let model = folder.url.appending(path: "broken")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: SharedFolder.checkout.appending(path: "Models/convective-rain/model.yaml"),
        to: model.appending(path: "model.yaml"))
      return try Frames().write(into: folder) + ["--model", model.path]
    },
    Kind("model with another network", 65, ["broken", "SHA-256"]) { folder in
      let model = folder.url.appending(path: "broken")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: SharedFolder.checkout.appending(path: "Models/convective-rain/model.yaml"),
        to: model.appending(path: "model.yaml"))
      try Data(TinyNetwork().bytes).write(to: model.appending(path: "network.onnx"))
      return try Frames().write(into: folder) + ["--model", model.path]
    },
    Kind("folder that is no model", 66, ["empty-folder", "model.yaml"]) { folder in
      let model = folder.url.appending(path: "empty-folder")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      return try Frames().write(into: folder) + ["--model", model.path]
    },
    Kind("reference time before all frames", 65, ["2024-07-18T08:00"]) {
      try Frames().write(into: $0) + ["--reference-time", "2024-07-18T08:00Z"]
    },
  ]

  @Test(arguments: kinds) func badInputIsToldInOneLine(_ kind: Kind) throws {
    let folder = try ScratchFolder()
    let arguments = try kind.arguments(folder)
    let before = folder.contents
    let outcome = try Program.run(
      ["nowcast"] + arguments + ["-o", folder.path("out.nc"), "--lead-time", "PT20M"])
    #expect(outcome.status == kind.status, "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("squall: "), "\(outcome.errors)")
    for words in kind.says { #expect(outcome.errors.contains(words), "\(outcome.errors)") }
    #expect(outcome.output.isEmpty)
    #expect(folder.contents == before)
  }

  /// Command lines that make no sense.
  static let usage: [(arguments: [String], says: String)] = [
    (["--lead-time", "90 minutes"], "'90 minutes' is invalid for '--lead-time"),
    (["--lead-time", "-PT10M"], "--lead-time"),
    (["--step", "PT0S"], "'PT0S' is invalid for '--step"),
    (["--reference-time", "noon"], "'noon' is invalid for '--reference-time"),
  ]

  @Test(arguments: usage) func senselessOptionsAreWrongUsage(
    _ mistake: (arguments: [String], says: String)
  ) throws {
    let outcome = try Program.run(["nowcast", "a.nc", "-o", "out.nc"] + mistake.arguments)
    #expect(outcome.status == 64)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains(mistake.says), "\(outcome.errors)")
  }

  /// Places where no output can be, and the exit code.
  static let places: [(path: String, status: Int32)] = [
    ("no/such/folder/out.nc", 73), ("/proc/out.nc", 73), (".", 73), ("frame-0.nc/out.nc", 73),
  ]

  @Test(arguments: places) func anOutputThatCannotBeCreatedIsTold(
    _ place: (path: String, status: Int32)
  ) throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    let before = folder.contents
    let outcome = try Program.run(
      ["nowcast"] + frames + ["-o", place.path, "--lead-time", "PT20M"], in: folder.url)
    #expect(outcome.status == place.status, "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains(place.path), "\(outcome.errors)")
    #expect(folder.contents == before)
  }

  @Test func aReadOnlyFolderCannotTakeTheOutput() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    let locked = folder.url.appending(path: "locked")
    try FileManager.default.createDirectory(
      at: locked, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o555])
    // Root may write everywhere, so the run gives up root's powers over files where it has them.
    let prefix = getuid() == 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : []
    let outcome = try Program.run(
      ["nowcast"] + frames + ["-o", locked.path + "/out.nc", "--lead-time", "PT20M"],
      prefix: prefix)
    #expect(outcome.status == 73, "\(outcome.errors)")
    #expect(outcome.errors.contains("locked"))
  }

  @Test(.enabled(if: !Sanitizers.watchThreads, "the thread sanitizer needs large files"))
  func aDiskThatFillsUpLeavesNothingAndWhatWasThereStays() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    let output = folder.path("out.nc")
    try Data("an older product".utf8).write(to: URL(filePath: output))
    let before = folder.contents
    // A limit on the size of files stands for a disk that fills up: 8 blocks of 1 kB.
    let outcome = try Program.run(
      ["nowcast"] + frames + ["-o", output, "--lead-time", "PT20M"],
      prefix: ["bash", "-c", "ulimit -f 8; exec \"$0\" \"$@\""])
    #expect(outcome.status == 74, "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("out.nc"))
    #expect(folder.contents == before)
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "an older product")
  }
}
