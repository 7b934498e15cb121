// Tests of SquallCommand: `squall pack`, and what other verbs make of its files.

import Foundation
import TestSupport
import Testing

@Suite struct PackTests {
  private func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try Data(TinyNetwork().bytes).write(to: folder.url.appending(path: "model.onnx"))
    return folder
  }

  @Test func writesAFileThatIsThenUsed() throws {
    let folder = try folder()
    let packed = try Program.run(["pack", "model.onnx", "--dim", "n=3", "--json"], in: folder.url)
    #expect(packed.status == 0, "\(packed.errors)")
    let object = try #require(packed.object)
    #expect((object["path"] as? String)?.hasSuffix("model.squall") == true)
    let file = folder.url.appending(path: "model.squall")
    #expect(try Data(contentsOf: file).count == object["byte_count"] as? Int)
    let checked = try Program.run(["pack", "model.onnx", "--verify"], in: folder.url)
    #expect(checked.status == 0 && checked.output.contains("is intact"), "\(checked.errors)")
    let used = try Program.run(["bench", "model.onnx", "--dim", "n=3"], in: folder.url)
    #expect(used.status == 0 && used.errors.isEmpty, "\(used.errors)")
  }

  /// A file for exact products is no use to rounded ones, nor the other way round, where there are any.
  @Test func filesOfAnotherPrecisionAreRemarkedOn() throws {
    let folder = try folder()
    let packed = try Program.run(
      ["pack", "model.onnx", "--dim", "n=3", "--precision", "fast", "--json"], in: folder.url)
    #expect(packed.status == 0, "\(packed.errors)")
    let rounds = (packed.object?["kernels"] as? String)?.hasSuffix("-bf16") == true
    let fast = try Program.run(
      ["bench", "model.onnx", "--dim", "n=3", "--precision", "fast"], in: folder.url)
    #expect(fast.status == 0 && fast.errors.isEmpty, "\(fast.errors)")
    let full = try Program.run(["bench", "model.onnx", "--dim", "n=3"], in: folder.url)
    #expect(full.status == 0 && full.errors.contains("kernels") == rounds, "\(full.errors)")
  }

  @Test func staleFilesAreRemarkedOnAndNotUsed() throws {
    let folder = try folder()
    #expect(try Program.run(["pack", "model.onnx"], in: folder.url).status == 0)
    try Data(TinyNetwork(opType: "Tanh").bytes).write(to: folder.url.appending(path: "model.onnx"))
    let outcome = try Program.run(["bench", "model.onnx", "--dim", "n=3"], in: folder.url)
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("the network has changed since; run squall pack again"))
  }

  @Test func missingNetworksAreTheCallersAffair() throws {
    let folder = try folder()
    let outcome = try Program.run(["pack", "none.onnx"], in: folder.url)
    #expect(outcome.status == 66, "\(outcome.errors)")
    let unpacked = try Program.run(["pack", "model.onnx", "--verify"], in: folder.url)
    #expect(unpacked.status == 65, "\(unpacked.errors)")
  }
}
