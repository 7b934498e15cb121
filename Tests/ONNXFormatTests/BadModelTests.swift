// Tests: ONNXFormat. Each kind of bad model gives its own clear error.

import Foundation
import ONNXFormat
import Testing

/// A bad file and what must be said of it.
struct BadFile: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  let code: ONNXError.Code
  let says: String

  init(_ name: String, _ bytes: [UInt8], _ code: ONNXError.Code, _ says: String) {
    self.name = name
    self.bytes = bytes
    self.code = code
    self.says = says
  }

  var testDescription: String { name }
}

@Suite struct BadModelTests {
  @Test(arguments: wireFiles + versionFiles + graphFiles + tensorFiles + functionFiles)
  func errorSaysWhatIsWrong(file: BadFile) {
    do {
      _ = try ONNXModel(bytes: file.bytes)
      Issue.record("\(file.name) was read")
    } catch {
      #expect(error.code == file.code, "\(error.code.name): \(error)")
      #expect(error.description.contains(file.says), "\(error)")
      expectOneLine(error)
    }
  }

  private static let relu = Proto.node("Relu", ["x"], ["y"])

  static let wireFiles: [BadFile] = [
    BadFile("empty", [], .truncated, "is empty"),
    BadFile("text", Array("hello, this is not a model".utf8), .malformed, "wire type"),
    BadFile("git lfs", Array("version https://git-lfs.github.com".utf8), .malformed, "lfs pull"),
    BadFile("hdf5", [0x89, 0x48, 0x44, 0x46, 0x0D], .malformed, "NetCDF-4"),
    BadFile("zip", [0x50, 0x4B, 0x03, 0x04, 0], .malformed, "torch.onnx.export"),
    BadFile(
      "long varint", [0x08] + [UInt8](repeating: 0xFF, count: 10) + [0x01], .malformed,
      "longer than 64 bits"),
    BadFile("cut varint", [0x08, 0x80], .truncated, "cut off"),
    BadFile("field zero", [0x00, 0x00], .malformed, "field number"),
    BadFile("group", [0x0B], .malformed, "wire type 3"),
    BadFile("length past the end", [0x3A, 0x7F, 0x00], .truncated, "127 bytes are announced"),
    BadFile(
      "length of 2^63", [0x3A] + Proto.varint(1 << 63), .truncated, "9223372036854775808 bytes"),
    BadFile(
      "graph as a number", Proto.int(1, 8) + Proto.int(7, 5), .malformed,
      "encoded as varint where lengthDelimited belongs"),
    BadFile("fixed cut", [0x9D, 0x06, 0x00], .truncated, "4-byte number"),
    BadFile(
      "name not UTF-8",
      Proto.model(Proto.graph(Proto.bytes(1, Proto.bytes(1, [0xFF, 0xFE])))), .malformed, "UTF-8"),
    BadFile("deep types", deepTypes(200), .nestedTooDeep, "64 deep"),
    BadFile("deep graphs", deepGraphs(5_000), .nestedTooDeep, "64 deep"),
    BadFile(
      "two graphs", Proto.model(Proto.graph(Proto.ports), Proto.graph(Proto.ports)), .malformed,
      "a graph twice"),
  ]

  static let versionFiles: [BadFile] = [
    BadFile("no IR version", Proto.opset(13), .malformed, "no IR version"),
    BadFile("IR version 2", Proto.int(1, 2) + Proto.opset(1), .unsupported, "older than 3"),
    BadFile(
      "no opset", Proto.int(1, 8) + Proto.graph(relu, Proto.ports), .invalidGraph, "operator set"),
    BadFile(
      "no standard opset",
      Proto.int(1, 8) + Proto.graph(relu, Proto.ports) + Proto.opset(1, domain: "com.example"),
      .invalidGraph, "does not say of which operator set"),
    BadFile("opset zero", Proto.model(Proto.opset(0)), .invalidGraph, "version 0"),
    BadFile("two opsets", Proto.model(Proto.opset(11)), .invalidGraph, "versions 11 and 13"),
    BadFile("no graph", Proto.model(), .truncated, "no graph"),
  ]

  static let graphFiles: [BadFile] = [
    BadFile(
      "no outputs", Proto.model(Proto.graph(Proto.value(11, "x"), relu)), .invalidGraph,
      "no outputs"),
    BadFile(
      "cycle",
      Proto.model(
        Proto.graph(
          Proto.node("Add", ["x", "b"], ["a"]), Proto.node("Neg", ["a"], ["b"]),
          Proto.node("Relu", ["b"], ["y"]), Proto.ports)),
      .cycle, "'a' (Add) needs node 'b' (Neg)"),
    BadFile(
      "a node that needs itself",
      Proto.model(Proto.graph(Proto.node("Add", ["x", "y"], ["y"]), Proto.ports)), .cycle, "'y'"),
    BadFile(
      "cycle through a branch",
      Proto.model(
        Proto.graph(
          Proto.node(
            "If", ["x"], ["a"],
            Proto.message(
              5, Proto.text(1, "body"), Proto.int(20, 5),
              Proto.message(6, Proto.node("Neg", ["y"], ["i"]), Proto.value(12, "i")))),
          Proto.node("Relu", ["a"], ["y"]), Proto.ports)),
      .cycle, "(If)"),
    BadFile(
      "a value nothing makes",
      Proto.model(Proto.graph(Proto.node("Relu", ["z"], ["y"]), Proto.ports)), .invalidGraph,
      "needs the value 'z'"),
    BadFile(
      "a value nothing makes, in a branch",
      Proto.model(
        Proto.graph(
          Proto.node(
            "If", ["x"], ["y"],
            Proto.message(
              5, Proto.text(1, "body"), Proto.int(20, 5),
              Proto.message(6, Proto.node("Neg", ["q"], ["i"]), Proto.value(12, "i")))),
          Proto.ports)),
      .invalidGraph, "needs the value 'q'"),
    BadFile(
      "an output nothing makes", Proto.model(Proto.graph(Proto.ports)), .invalidGraph,
      "output 'y' needs"),
    BadFile(
      "a value made twice",
      Proto.model(Proto.graph(relu, Proto.node("Neg", ["x"], ["y"]), Proto.ports)), .invalidGraph,
      "makes the value 'y'"),
    BadFile(
      "an input made again",
      Proto.model(Proto.graph(relu, Proto.node("Neg", ["y"], ["x"]), Proto.ports)), .invalidGraph,
      "makes the value 'x'"),
    BadFile(
      "two inputs of one name",
      Proto.model(Proto.graph(relu, Proto.value(11, "x"), Proto.ports)), .invalidGraph,
      "two inputs are named 'x'"),
    BadFile(
      "two constants of one name",
      Proto.model(
        Proto.graph(
          relu, Proto.tensor(5, "w", Proto.weights), Proto.tensor(5, "w", Proto.weights),
          Proto.ports)),
      .invalidGraph, "two initialisers are named 'w'"),
    BadFile(
      "constant without a name",
      Proto.model(Proto.graph(relu, Proto.tensor(5, "", Proto.weights), Proto.ports)),
      .invalidGraph, "no name"),
    BadFile(
      "node without an operator",
      Proto.model(Proto.graph(Proto.node("", ["x"], ["y"]), Proto.ports)), .invalidGraph,
      "names no operator"),
    BadFile(
      "attribute twice",
      Proto.model(
        Proto.graph(
          Proto.node(
            "Relu", ["x"], ["y"],
            Proto.message(5, Proto.text(1, "a"), Proto.int(3, 1), Proto.int(20, 2))
              + Proto.message(5, Proto.text(1, "a"), Proto.int(3, 1), Proto.int(20, 2))),
          Proto.ports)),
      .invalidGraph, "attribute 'a' twice"),
    BadFile(
      "attribute of a future type",
      Proto.model(
        Proto.graph(
          Proto.node("Relu", ["x"], ["y"], Proto.message(5, Proto.text(1, "a"), Proto.int(20, 99))),
          Proto.ports)),
      .unsupported, "type 99"),
    BadFile(
      "a control character in a name",
      Proto.model(Proto.graph(Proto.node("Relu", ["\u{1B}[2J\n"], ["y"]), Proto.ports)),
      .invalidGraph, #"'\u{1b}[2J\u{a}'"#),
    BadFile(
      "negative length in a type",
      Proto.model(Proto.graph(relu, Proto.value(11, "x", dims: [-7]), Proto.value(12, "y"))),
      .malformed, "length -7"),
  ]

  private static func constant(
    dims: [Int] = [2], type: Int = 1, _ payload: [UInt8]
  ) -> [UInt8] {
    Proto.model(
      Proto.graph(relu, Proto.tensor(5, "w", dims: dims, type: type, payload), Proto.ports))
  }

  private static let big = 1 << 62

  static let tensorFiles: [BadFile] = [
    BadFile("negative length", constant(dims: [-2], Proto.weights), .invalidTensor, "negative"),
    BadFile(
      "shape overflows", constant(dims: [big, 4], Proto.weights), .invalidTensor, "any memory"),
    BadFile("bytes overflow", constant(dims: [big], Proto.weights), .invalidTensor, "any memory"),
    BadFile(
      "empty shape overflows", constant(dims: [0, big, 4], []), .invalidTensor, "any memory"),
    BadFile(
      "too many dimensions", constant(dims: [Int](repeating: 1, count: 65), Proto.weights),
      .invalidTensor, "64 dimensions"),
    BadFile("too few bytes", constant(dims: [3], Proto.weights), .invalidTensor, "needs 12 bytes"),
    BadFile("too many bytes", constant(dims: [1], Proto.weights), .invalidTensor, "has 8"),
    BadFile("no values", constant(dims: [1], []), .invalidTensor, "has 0"),
    BadFile(
      "a gigabyte announced, nothing there",
      constant(dims: [1 << 30], type: 7, Proto.bytes(7, [1, 2])), .invalidTensor, "fewer values"),
    BadFile("no type", constant(type: 0, Proto.weights), .malformed, "no element type"),
    BadFile("future type", constant(type: 77, Proto.weights), .unsupported, "element type 77"),
    BadFile(
      "float_data for INT64", constant(type: 7, Proto.bytes(4, Proto.floats([1, 2]))),
      .invalidTensor, "does not belong"),
    BadFile(
      "int32_data too large for INT8", constant(type: 3, Proto.bytes(5, [1] + Proto.varint(300))),
      .invalidTensor, "value 300"),
    BadFile(
      "float_data too short", constant(dims: [3], Proto.bytes(4, Proto.floats([1, 2]))),
      .invalidTensor, "needs 12 bytes"),
    BadFile(
      "float_data cut", constant(Proto.bytes(4, [1, 2, 3, 4, 5, 6, 7])), .invalidTensor, "needs 8"),
    BadFile(
      "two payloads", constant(Proto.weights + Proto.bytes(4, Proto.floats([1, 2]))),
      .invalidTensor, "two ways"),
    BadFile(
      "two typed payloads",
      constant(type: 7, Proto.bytes(7, [1, 2]) + Proto.bytes(5, [1, 2])), .invalidTensor,
      "two ways"),
    BadFile("a segment", constant(Proto.weights + Proto.message(3)), .unsupported, "segment"),
    BadFile("raw strings", constant(type: 8, Proto.weights), .invalidTensor, "strings as bytes"),
    BadFile(
      "too few strings", constant(dims: [2], type: 8, Proto.text(6, "one")), .invalidTensor,
      "needs 2 strings"),
    BadFile(
      "a truth value of 7", constant(type: 9, Proto.bytes(9, [1, 7])), .invalidTensor, "truth"),
    BadFile(
      "external data without a folder",
      constant(Proto.message(13, Proto.text(1, "location"), Proto.text(2, "w")) + Proto.int(14, 1)),
      .externalData, "without a folder"),
    BadFile(
      "sparse index outside",
      Proto.model(
        Proto.graph(
          relu,
          Proto.message(
            15, Proto.tensor(1, "s", dims: [1], Proto.bytes(9, Proto.floats([1]))),
            Proto.tensor(2, "", dims: [1], type: 7, Proto.bytes(7, [9])), Proto.int(3, 9)),
          Proto.ports)),
      .invalidTensor, "index 9 lies outside [9]"),
    BadFile(
      "sparse values and indices differ",
      Proto.model(
        Proto.graph(
          relu,
          Proto.message(
            15, Proto.tensor(1, "s", dims: [1], Proto.bytes(9, Proto.floats([1]))),
            Proto.tensor(2, "", dims: [2], type: 7, Proto.bytes(7, [1, 2])), Proto.int(3, 9)),
          Proto.ports)),
      .invalidTensor, "do not fit"),
  ]

  private static func function(_ name: String, _ body: [UInt8]) -> [UInt8] {
    Proto.message(
      25, Proto.text(1, name), Proto.text(10, "own"), Proto.text(4, "x"), Proto.text(5, "y"), body)
  }

  private static func call(_ name: String, _ input: String, _ output: String, field: UInt64 = 7)
    -> [UInt8]
  {
    Proto.message(
      field, Proto.text(1, input), Proto.text(2, output), Proto.text(4, name), Proto.text(7, "own"))
  }

  private static func bomb(levels: Int) -> [UInt8] {
    (0..<levels).flatMap { level in
      let next = "f\(level + 1)"
      return function("f\(level)", call(next, "x", "a") + call(next, "a", "y"))
    } + function("f\(levels)", call("Relu", "x", "y"))
  }

  static let functionFiles: [BadFile] = [
    BadFile(
      "functions in a circle",
      Proto.model(
        Proto.graph(call("f", "x", "y", field: 1), Proto.ports),
        function("f", call("g", "x", "y")), function("g", call("f", "x", "y"))),
      .cycle, "function 'f' needs function 'g'"),
    BadFile(
      "a function that calls itself",
      Proto.model(
        Proto.graph(call("f", "x", "y", field: 1), Proto.ports), function("f", call("f", "x", "y"))),
      .cycle, "function 'f'"),
    BadFile(
      "functions that explode",
      Proto.model(Proto.graph(call("f0", "x", "y", field: 1), Proto.ports), bomb(levels: 40)),
      .invalidGraph, "10000000 nodes"),
    BadFile(
      "two functions of one name",
      Proto.model(
        Proto.graph(relu, Proto.ports), function("f", call("g", "x", "y")),
        function("f", call("g", "x", "y"))),
      .invalidGraph, "two functions are named 'f'"),
    BadFile(
      "a function's output nothing makes",
      Proto.model(Proto.graph(relu, Proto.ports), function("f", [])), .invalidGraph,
      "output 'y' needs"),
  ]

  /// sequence(sequence(…)): two messages a level.
  private static func deepTypes(_ levels: Int) -> [UInt8] {
    var type = Proto.message(1, Proto.int(1, 1))
    for _ in 0..<levels { type = Proto.message(4, Proto.bytes(1, type)) }
    return Proto.model(
      Proto.graph(Proto.message(11, Proto.text(1, "x"), Proto.bytes(2, type)), relu))
  }

  /// Graphs in attributes of nodes of graphs: built from the inside out.
  private static func deepGraphs(_ levels: Int) -> [UInt8] {
    var graph: [UInt8] = []
    for _ in 0..<levels {
      graph = Proto.node(
        "If", [], [], Proto.message(5, Proto.text(1, "b"), Proto.bytes(6, graph)))
    }
    return Proto.model(Proto.bytes(7, graph))
  }
}

@Suite struct LenientModelTests {
  @Test func nodesOutOfOrderAreSorted() throws {
    let model = try ONNXModel(
      bytes: Proto.model(
        Proto.graph(
          Proto.node("Relu", ["b"], ["y"]), Proto.node("Neg", ["a"], ["b"]),
          Proto.node("Abs", ["x"], ["a"]), Proto.node("Sign", ["x"], ["s"]), Proto.ports)))
    #expect(model.graph.nodes.map(\.opType) == ["Abs", "Neg", "Relu", "Sign"])
    #expect(model.remarks.count == 1)
  }

  @Test func aLongChainBackwardsIsSortedWithoutRecursion() throws {
    let length = 100_000
    var nodes: [UInt8] = []
    for index in (0..<length).reversed() {
      let input = index == 0 ? "x" : "v\(index)"
      nodes += Proto.node("Neg", [input], [index == length - 1 ? "y" : "v\(index + 1)"])
    }
    let model = try ONNXModel(bytes: Proto.model(Proto.graph(nodes, Proto.ports)))
    #expect(model.graph.nodes.count == length)
    #expect(model.graph.nodes.first?.inputs == ["x"])
    #expect(model.graph.nodes.last?.outputs == ["y"])
  }

  @Test func aNewerVersionIsReadAndRemarkedOn() throws {
    let bytes =
      Proto.int(1, 99) + Proto.graph(Proto.node("Relu", ["x"], ["y"]), Proto.ports)
      + Proto.opset(99) + Proto.text(77, "something new")
    let model = try ONNXModel(bytes: bytes)
    #expect(model.irVersion == 99)
    #expect(model.opsetImports == ["": 99])
    #expect(model.remarks.count == 1)
  }

  @Test func attributesWithoutTypeAreWhatTheyHold() throws {
    let attribute = Proto.message(5, Proto.text(1, "pads"), Proto.bytes(8, [1, 2, 3]))
    let model = try ONNXModel(
      bytes: Proto.model(
        Proto.graph(Proto.node("Pad", ["x"], ["y"], attribute), Proto.ports),
        Proto.opset(13, domain: "ai.onnx")))
    guard case .ints([1, 2, 3]) = model.graph.nodes[0].attributes["pads"] else {
      Issue.record("not integers")
      return
    }
  }

  @Test func functionsTakeTheModelsOpsets() throws {
    let relu = Proto.message(7, Proto.text(1, "a"), Proto.text(2, "b"), Proto.text(4, "Relu"))
    let function = Proto.message(
      25, Proto.text(1, "Own"), Proto.text(10, "here"), Proto.text(4, "a"), Proto.text(5, "b"),
      relu, Proto.text(6, "alpha"),
      Proto.message(11, Proto.text(1, "beta"), Proto.int(3, 4), Proto.int(20, 2)))
    let call = Proto.message(
      1, Proto.text(1, "x"), Proto.text(2, "y"), Proto.text(4, "Own"), Proto.text(7, "here"))
    let model = try ONNXModel(bytes: Proto.model(Proto.graph(call, Proto.ports), function))
    let read = try #require(model.functions.first)
    #expect(read.opsetImports == ["": 13])
    #expect(read.attributeNames == ["alpha"])
    #expect(read.nodes.map(\.opType) == ["Relu"])
    guard case .int(4) = read.attributeDefaults["beta"] else {
      Issue.record("no default")
      return
    }
  }
}
