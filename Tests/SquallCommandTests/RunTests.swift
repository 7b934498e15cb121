// Tests of SquallCommand: `squall run`, the bare network on tensors from files.

import Foundation
import GridFiles
import Testing

@Suite struct RunTests {
  private func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try Data(TinyNetwork().bytes).write(to: folder.url.appending(path: "model.onnx"))
    try Data(TinyNetwork.npy([-1, 0.5, 3] as [Float])).write(
      to: folder.url.appending(path: "x.npy"))
    try Data(TinyNetwork.tensor([-1, 0.5, 3])).write(to: folder.url.appending(path: "x.pb"))
    return folder
  }

  @Test(arguments: ["x.npy", "x.pb"]) func arraysGoInAndOut(_ input: String) throws {
    let folder = try folder()
    for output in ["y.npy", "y.pb"] {
      let outcome = try Program.run(
        ["run", "model.onnx", "--input", "x=\(input)", "--output", "y=\(output)"],
        in: folder.url)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let expected: [Float] = [0, 0.5, 3]
    let values = expected.withUnsafeBytes { Array($0) }
    #expect(try Array(Data(contentsOf: folder.url.appending(path: "y.npy")).suffix(12)) == values)
    // The output's name stands in the file, so only the values are compared.
    let stored = try Array(Data(contentsOf: folder.url.appending(path: "y.pb")))
    #expect(stored.suffix(12) == values[...])
    #expect(folder.contents == ["model.onnx", "x.npy", "x.pb", "y.npy", "y.pb"])
  }

  @Test func aNetCDFVariableIsAnInput() throws {
    let folder = try folder()
    let writer = try NetCDFWriter(path: folder.path("x.nc"))
    let n = try writer.addDimension("n", length: 3)
    let rain = try writer.addVariable(
      "rain", .int16, [n], attributes: ["scale_factor": .double([0.5]), "units": "mm"])
    try writer.endDefinitions()
    try writer.write(.int16([-2, 1, 6]), to: rain, start: [0], count: [3])
    try writer.commit()
    let outcome = try Program.run(
      ["run", "model.onnx", "--input", "x=x.nc:rain", "--json"], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let outputs = try #require(outcome.object?["outputs"] as? [[String: Any]])
    #expect(outputs.first?["maximum"] as? Double == 3)
    #expect(outputs.first?["minimum"] as? Double == 0)

    let wrong = try Program.run(
      ["run", "model.onnx", "--input", "x=x.nc:snow"], in: folder.url)
    #expect(wrong.status == 65)
    #expect(wrong.errors == "squall: x.nc: has no variable 'snow'; its variables are rain\n")
  }

  /// Command lines that cannot work, their exit codes, and words of their one line.
  static let mistakes: [(arguments: [String], status: Int32, says: String)] = [
    (["--input", "x=nowhere.npy"], 66, "nowhere.npy"),
    (["--input", "z=x.npy"], 64, "no input 'z'; its inputs are 'x'"),
    (["--input", "x=x.npy", "--output", "z=z.npy"], 64, "no output 'z'; its outputs are 'y'"),
    (["--input", "x=x.npy", "--output", "y=y.txt"], 64, "end it in .npy or .pb"),
    (["--input", "x=x.npy", "--input", "x=x.npy"], 64, "given twice"),
    (["--input", "x"], 64, "'x' is invalid for '--input"),
    (["--input", "x=double.npy"], 65, "float64"),
    (["--input", "x=model.onnx"], 64, ".npy or .pb"),
    (["--input", "x=x.npy", "--output", "y=no/folder/y.npy"], 73, "no/folder"),
    ([], 64, "--input x=FILE"),
  ]

  @Test(arguments: mistakes) func mistakesAreToldInOneLine(
    _ mistake: (arguments: [String], status: Int32, says: String)
  ) throws {
    let folder = try folder()
    try Data(TinyNetwork.npy([1, 2, 3] as [Double], descr: "<f8")).write(
      to: folder.url.appending(path: "double.npy"))
    let before = folder.contents
    let outcome = try Program.run(["run", "model.onnx"] + mistake.arguments, in: folder.url)
    #expect(outcome.status == mistake.status, "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains(mistake.says), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(folder.contents == before)
  }
}
