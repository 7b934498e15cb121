// Tests of SquallCommand: `squall bench`, times and memory of a network.

import Foundation
import TestSupport
import Testing

@Suite struct BenchTests {
  @Test func timesMemoryAndOperatorsAreOneObject() throws {
    let folder = try ScratchFolder()
    try Data(TinyNetwork().bytes).write(to: folder.url.appending(path: "model.onnx"))
    let outcome = try Program.run(
      ["bench", "model.onnx", "--dim", "n=7", "--runs", "3", "--threads", "1", "--json"],
      in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let object = try #require(outcome.object)
    let spread = try #require(object["run_seconds"] as? [String: Double])
    let (least, median, most) = (
      try #require(spread["min"]), try #require(spread["median"]), try #require(spread["max"])
    )
    #expect(0 < least && least <= median && median <= most)
    #expect(try #require(object["load_seconds"] as? Double) > 0)
    #expect(try #require(object["peak_rss_bytes"] as? Int) > 1_000_000)
    #expect(try #require(object["peak_multiply_adds"] as? Double) > 1e6)
    #expect(object["threads"] as? Int == 1)
    let operators = try #require(object["operators"] as? [[String: Any]])
    #expect(operators.map { $0["op_type"] as? String } == ["Relu"])
    #expect(operators.first?["calls"] as? Int == 1)
  }

  /// Ways to give the inputs, and which of them work.
  static let inputs: [(arguments: [String], status: Int32, says: String)] = [
    (["--input", "x=x.npy"], 0, ""),
    (["--dim", "m=7"], 65, "no open length 'm'; it has 'n'"),
    (["--input", "z=x.npy"], 64, "no input 'z'; its inputs are 'x'"),
    (["--runs", "0"], 64, "--runs is 0"),
  ]

  @Test(arguments: inputs.indices) func inputsAreGivenOrMadeUp(_ index: Int) throws {
    let (arguments, status, says) = Self.inputs[index]
    let folder = try ScratchFolder()
    try Data(TinyNetwork().bytes).write(to: folder.url.appending(path: "model.onnx"))
    try Data(TinyNetwork.npy([-1, 0.5, 3] as [Float])).write(
      to: folder.url.appending(path: "x.npy"))
    let outcome = try Program.run(
      ["bench", "model.onnx", "--runs", "1"] + arguments, in: folder.url)
    #expect(outcome.status == status, "\(outcome.errors)")
    #expect(says.isEmpty || outcome.errors.contains(says), "\(outcome.errors)")
  }

  @Test func aFolderOfReferencesGivesTheInputs() throws {
    let outcome = try Program.run(["bench", "Models/convective-rain", "--runs", "1"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    for part in ["network     Models/convective-rain", "operators", "Conv", "in 1 runs"] {
      #expect(outcome.output.contains(part), "\(part) in \(outcome.output)")
    }
  }
}
