// Tests of SquallCommand: `squall inspect --plan`, and shapes in terms of open lengths.

import Foundation
import SquallCommand
import TestSupport
import Testing

@Suite struct InspectPlanTests {
  private func network(_ folder: ScratchFolder, _ opType: String = "Relu") throws -> String {
    let path = folder.path("tiny.onnx")
    try Data(TinyNetwork(opType: opType).bytes).write(to: URL(filePath: path))
    return path
  }

  @Test func thePlanNamesPassesStepsShapesAndMemory() throws {
    let folder = try ScratchFolder()
    let outcome = try Program.run(["inspect", "--plan", try network(folder), "--dim", "n=5"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    for part in ["before      1: Relu", "constant-folding", "1  Relu  vector  [5]  → [5]  y"] {
      #expect(outcome.output.contains(part), "\(part) in \(outcome.output)")
    }
  }

  @Test func jsonIsOneObject() throws {
    let folder = try ScratchFolder()
    let outcome = try Program.run(
      ["inspect", "--plan", "--json", try network(folder, "Identity"), "--dim", "n=3"])
    let object = try #require(outcome.object)
    #expect(object["operators_before"] as? [String: Int] == ["Identity": 1])
    #expect((object["operators_after"] as? [String: Int])?.isEmpty == true)
    #expect(object["arena_bytes"] as? Int == 0)
    let passes = try #require(object["passes"] as? [[String: Any]])
    let removal = passes.first { $0["pass"] as? String == "identity-removal" }
    #expect(removal?["gone"] as? [String: Int] == ["Identity": 1])
  }

  @Test func unknownLengthsAndOtherFilesAreRefused() throws {
    let folder = try ScratchFolder()
    let path = try network(folder)
    let wrong = try Program.run(["inspect", "--plan", path, "--dim", "m=5"])
    #expect(wrong.status != 0)
    #expect(wrong.errors.contains("no open length 'm'; it has 'n'"), "\(wrong.errors)")
    let package = try Program.run(["inspect", "--plan", "Models/convective-rain"])
    #expect(package.status == 64)
    #expect(package.errors.contains("--plan is for one ONNX file"))
  }

  /// The bundled network's plan needs hardly more memory than any plan must.
  @Test func theBundledNetworkIsPlanned() throws {
    let outcome = try Program.run(
      [
        "inspect", "--plan", "--json", "Models/convective-rain/network.onnx", "--dim", "height=64",
        "--dim", "width=96",
      ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let bytes = try #require(outcome.object?["arena_bytes"] as? Int)
    let bound = try #require(outcome.object?["arena_lower_bound"] as? Int)
    #expect(Double(bytes) <= 1.1 * Double(bound))
  }
}
