// Tests: ONNXFormat. External data is found beside the model and nowhere else.

import Foundation
import ONNXFormat
import Testing

@Suite struct ExternalDataTests {
  private static func model(_ entries: [(String, String)], count: Int = 2) -> [UInt8] {
    let external = entries.flatMap { Proto.message(13, Proto.text(1, $0.0), Proto.text(2, $0.1)) }
    return Proto.model(
      Proto.graph(
        Proto.node("Add", ["x", "w"], ["y"]),
        Proto.tensor(5, "w", dims: [count], external + Proto.int(14, 1)), Proto.ports))
  }

  private static func read(
    _ entries: [(String, String)], in folder: TemporaryFolder
  ) throws -> ONNXTensor {
    let url = try folder.write("model.onnx", model(entries))
    return try #require(try ONNXModel(contentsOf: url).graph.initializers["w"])
  }

  @Test func rangeOfTheFileIsMappedOnce() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("w.bin", [9, 9, 9, 9] + Proto.floats([1, 2, 3, 4]))
    let one = [("location", "w.bin"), ("offset", "8"), ("length", "8")]
    let tensor = try Self.read(one, in: folder)
    #expect(tensor.withBytes { Array($0) } == Proto.floats([2, 3]))
    #expect(tensor.byteRange?.owner.isMapped == true)

    let entry = Proto.message(13, Proto.text(1, "location"), Proto.text(2, "w.bin"))
    let again = Proto.message(13, Proto.text(1, "location"), Proto.text(2, "./w.bin"))
    let tensors = [entry, again].enumerated().flatMap {
      Proto.tensor(5, "w\($0.offset)", dims: [5], $0.element + Proto.int(14, 1))
    }
    let bytes = Proto.model(
      Proto.graph(Proto.node("Add", ["x", "w0"], ["y"]), tensors, Proto.ports))
    let graph = try ONNXModel(bytes: bytes, folder: folder.url).graph
    let first = try #require(graph.initializers["w0"]?.byteRange)
    let second = try #require(graph.initializers["w1"]?.byteRange)
    #expect(first.owner === second.owner)
  }

  @Test func aLinkInsideTheFolderIsFollowed() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("real.bin", Proto.floats([1, 2]))
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "link.bin"),
      withDestinationURL: folder.url.appending(path: "real.bin"))
    let tensor = try Self.read([("location", "link.bin")], in: folder)
    #expect(tensor.withBytes { Array($0) } == Proto.floats([1, 2]))
  }

  @Test(arguments: [
    ("/etc/hostname", "outside the model's folder"),
    ("../outside.bin", "outside the model's folder"),
    ("inner/../../outside.bin", "outside the model's folder"),
    (#"..\outside.bin"#, "outside the model's folder"),
    (#"C:\outside.bin"#, "outside the model's folder"),
    ("w.bin\u{0}.txt", "outside the model's folder"),
    ("link.bin", "leaves the model's folder"),
    ("beside.bin", "leaves the model's folder"),
    ("linked/outside.bin", "leaves the model's folder"),
    ("missing.bin", "put the file beside the model"),
    ("folder", "is a folder"),
    (".", "is the model's folder itself"),
    ("pipe", "not a regular file"),
    ("device", "leaves the model's folder"),
    ("loop", "put the file beside the model"),
    ("", "does not say where"),
  ])
  func aFileElsewhereIsRefused(location: String, says: String) throws {
    let outer = try TemporaryFolder()
    let inner = outer.url.appending(path: "model")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      at: inner.appending(path: "folder"), withIntermediateDirectories: true)
    let secret = try outer.write("outside.bin", Proto.floats([1, 2]))
    // A folder whose name begins like the model's is not inside it either.
    let beside = outer.url.appending(path: "model2")
    try FileManager.default.createDirectory(at: beside, withIntermediateDirectories: true)
    try Data(Proto.floats([1, 2])).write(to: beside.appending(path: "w.bin"))
    let links = [
      ("beside.bin", beside.appending(path: "w.bin").path),
      ("link.bin", secret.path), ("linked", outer.url.path), ("device", "/dev/zero"),
      ("loop", inner.appending(path: "loop").path),
    ]
    for (name, target) in links {
      try FileManager.default.createSymbolicLink(
        atPath: inner.appending(path: name).path, withDestinationPath: target)
    }
    #expect(mkfifo(inner.appending(path: "pipe").path, 0o600) == 0)
    let url = inner.appending(path: "model.onnx")
    try Data(Self.model([("location", location)])).write(to: url)
    do {
      _ = try ONNXModel(contentsOf: url)
      Issue.record("\(location) was read")
    } catch {
      #expect(error.code == .externalData)
      #expect(error.file == url.path)
      #expect(error.message.contains(says), "\(error)")
      expectOneLine(error)
    }
  }

  @Test(arguments: [
    ("offset", "4", "from byte 4 are wanted"),
    ("offset", "-8", "not a number"),
    ("offset", "9223372036854775807", "are wanted"),
    ("offset", "99999999999999999999", "not a number"),
    ("offset", "four", "not a number"),
    ("length", "4", "4 bytes long where the shape needs"),
    ("length", "16", "16 bytes long where the shape needs"),
    ("length", "-1", "not a number"),
  ])
  func aRangeThatDoesNotFitIsRefused(key: String, value: String, says: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("w.bin", Proto.floats([1, 2]))
    do {
      _ = try Self.read([("location", "w.bin"), (key, value)], in: folder)
      Issue.record("\(key) \(value) was read")
    } catch let error as ONNXError {
      #expect(error.code == .externalData)
      #expect(error.message.contains(says), "\(error)")
    }
  }

  @Test func aModelFileThatIsNotOneIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder.url.appending(path: "pipe").path, 0o600) == 0)
    for (name, code) in [
      ("missing.onnx", ONNXError.Code.fileMissing), ("pipe", .fileUnreadable),
      ("", .fileUnreadable),
    ] {
      let url = name.isEmpty ? folder.url : folder.url.appending(path: name)
      do {
        _ = try ONNXModel(contentsOf: url)
        Issue.record("\(url) was read")
      } catch {
        #expect(error.code == code, "\(error)")
        #expect(error.file == url.path)
      }
    }
  }

  @Test func aFileThatClaimsAnImpossibleSizeIsRefused() throws {
    let folder = try TemporaryFolder()
    let url = try folder.write("sparse.onnx", [8])
    // Not every file system can hold such a file; where it cannot, there is nothing to refuse.
    guard truncate(url.path, off_t(1) << 62) == 0 else { return }
    #expect(throws: ONNXError.self) { try ONNXModel(contentsOf: url) }
  }
}
