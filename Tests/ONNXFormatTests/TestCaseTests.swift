// Tests: ONNXFormat. Folders in the layout of ONNX's backend tests are found and bound to a graph.

import Foundation
import ONNXFormat
import TestSupport
import Testing

@Suite struct TestCaseTests {
  private static func pb(_ value: UInt8) throws -> [UInt8] {
    try ONNXTensor(elementType: .uint8, dims: [1], copying: [value]).serialized()
  }

  private static func makeCase(_ folder: URL, inputs: [Int], outputs: [Int]) throws {
    for set in [0, 10, 2] {
      let url = folder.appending(path: "test_data_set_\(set)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      for index in inputs {
        try Data(pb(UInt8(index))).write(to: url.appending(path: "input_\(index).pb"))
      }
      for index in outputs {
        try Data(pb(UInt8(index))).write(to: url.appending(path: "output_\(index).pb"))
      }
    }
    try Data(Proto.small).write(to: folder.appending(path: "model.onnx"))
  }

  @Test func casesAreFoundInOrder() throws {
    let folder = try TemporaryFolder()
    for name in ["b", "a", "c/deep"] {
      try Self.makeCase(
        folder.url.appending(path: name), inputs: Array(0...10), outputs: [0])
    }
    _ = try folder.write("README.md", [])
    let cases = try ONNXTestCase.find(in: folder.url)
    #expect(cases.map(\.name) == ["a", "b", "deep"])
    let one = try ONNXTestCase.find(in: folder.url.appending(path: "b"))
    #expect(one == [cases[1]])
    let sets = try cases[0].dataSets()
    #expect(sets.map(\.number) == [0, 2, 10])
    #expect(sets[0].inputFiles.map(\.lastPathComponent).last == "input_10.pb")
    #expect(try cases[0].tolerance() == ONNXTestCase.Tolerance(relative: 1e-3, absolute: 1e-7))
  }

  @Test func toleranceIsRead() throws {
    let folder = try TemporaryFolder()
    let test = ONNXTestCase(
      name: "x", folder: folder.url, model: folder.url.appending(path: "model.onnx"))
    _ = try folder.write("tolerance.json", Array(#"{"rtol": 0.5, "atol": 2}"#.utf8))
    #expect(try test.tolerance() == ONNXTestCase.Tolerance(relative: 0.5, absolute: 2))
    _ = try folder.write("tolerance.json", Array(#"{"rtol": 0.5}"#.utf8))
    #expect(try test.tolerance() == ONNXTestCase.Tolerance(relative: 0.5, absolute: 1e-7))
    for bad in [#"{"rtol": -1}"#, "rtol", "[]"] {
      _ = try folder.write("tolerance.json", Array(bad.utf8))
      #expect(throws: ONNXError.self) { try test.tolerance() }
    }
    #expect(throws: ONNXError.self) { try test.dataSets() }
  }

  @Test func filesAreBoundToNames() throws {
    let folder = try TemporaryFolder()
    try Self.makeCase(folder.url, inputs: [0], outputs: [0])
    let test = try #require(try ONNXTestCase.find(in: folder.url).first)
    let graph = try ONNXModel(contentsOf: test.model).graph
    let set = try #require(try test.dataSets().first)
    #expect(try set.inputs(of: graph).keys.sorted() == ["x"])
    #expect(try set.outputs(of: graph).map(\.name) == ["y"])
  }

  @Test func aMissingOrSuperfluousFileIsSaidSo() throws {
    let folder = try TemporaryFolder()
    try Self.makeCase(folder.url.appending(path: "gap"), inputs: [0, 2], outputs: [])
    try Self.makeCase(folder.url.appending(path: "more"), inputs: [0, 1], outputs: [0, 1])
    let cases = try ONNXTestCase.find(in: folder.url)
    #expect(throws: ONNXError.self) { try cases[0].dataSets() }
    let graph = try ONNXModel(contentsOf: cases[1].model).graph
    let set = try #require(try cases[1].dataSets().first)
    #expect(throws: ONNXError.self) { try set.inputs(of: graph) }
    #expect(throws: ONNXError.self) { try set.outputs(of: graph) }
    #expect(throws: ONNXError.self) {
      try ONNXTestCase.find(in: folder.url.appending(path: "none"))
    }
    #expect(throws: ONNXError.self) {
      try ONNXTestCase.find(in: folder.url.appending(path: "gap/test_data_set_0"))
    }
  }
}
