// Tests of Networks: the file's names, whatever they are, and inputs that may be left out.

import FuzzSupport
import Networks
import ONNXFormat
import Tensors
import Testing

@Suite struct NameTests {
  typealias W = ModelWriter

  private func network(_ graph: WireMessage, opset: Int = 21) throws -> CompiledNetwork {
    try CompiledNetwork(ONNXModel(bytes: W.model(graph, opset: opset)))
  }

  /// PyTorch names values by numbers; some tools put slashes, colons or other scripts in.
  @Test(arguments: ["15379", "0", "/model/out:0", "降水", "a b", "sum.1", "__", "''"])
  func anyNameIsKept(_ name: String) throws {
    let network = try network(
      W.graph(
        [W.node("Relu", ["x" + name], [name])],
        [W.port(11, "x" + name, ["n"]), W.port(12, name)]))
    #expect(network.inputs.map(\.name) == ["x" + name])
    #expect(network.outputs.map(\.name) == [name])
    let result = try network.run(["x" + name: Tensor([-1, 2] as [Float], shape: [2])])
    #expect(result[name]?.elements(as: Float.self) == [0, 2])
    #expect {
      _ = try network.run(["x" + name: Tensor([1] as [Int64], shape: [1])])
    } throws: { error in
      (error as? NetworkError)?.message.contains("'x\(name)'") == true
    }
  }

  @Test func inputsNeedNoBatchDimension() throws {
    let network = try network(
      W.graph(
        [W.node("Mul", ["plane", "factor"], ["y"])],
        [W.port(11, "plane", ["h", "w"]), W.port(11, "factor", []), W.port(12, "y", ["h", "w"])]))
    let plane = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let result = try network.run(["plane": plane, "factor": Tensor(Float(2))])
    #expect(result["y"]?.shape == [2, 3])
    #expect(result["y"]?.elements(as: Float.self) == [2, 4, 6, 8, 10, 12])
  }

  @Test func constantsThatAreInputsMayBeReplaced() throws {
    let network = try network(
      W.graph(
        [W.node("Add", ["x", "w"], ["y"])],
        constants: [W.tensor("w", [2], type: 1, W.floats([10, 20]))],
        [W.port(11, "x", ["2"]), W.port(11, "w", ["2"]), W.port(12, "y")]))
    #expect(network.inputs.map(\.name) == ["x"])
    #expect(network.optionalInputs.map(\.name) == ["w"])
    let x = Tensor([1, 2] as [Float], shape: [2])
    for _ in 0..<2 {
      #expect(try network.run(["x": x])["y"]?.elements(as: Float.self) == [11, 22])
      #expect(try network.run(["x": x, "w": x])["y"]?.elements(as: Float.self) == [2, 4])
    }
    // What is given in a constant's place is checked as any input is.
    #expect(throws: NetworkError.self) { _ = try network.run(["x": x, "w": Tensor(zeros: [3])]) }
  }

  /// An empty name in the middle or at the end of a node's inputs leaves that input out.
  @Test func emptyNamesLeaveInputsOut() throws {
    let network = try network(
      W.graph(
        [
          W.node("Clip", ["x", "", "top"], ["a"]), W.node("Clip", ["a", "low", ""], ["b"]),
          W.node("Resize", ["b", "", "", "sizes"], ["y"], [("mode", .text("nearest"))]),
        ],
        constants: [
          W.tensor("top", [], type: 1, W.floats([2])), W.tensor("low", [], type: 1, W.floats([-1])),
          W.integers("sizes", [6]),
        ], [W.port(11, "x", ["3"]), W.port(12, "y")]))
    let result = try network.run(["x": Tensor([-5, 1, 9] as [Float], shape: [3])])
    #expect(result["y"]?.elements(as: Float.self) == [-1, -1, 1, 1, 2, 2])
  }

  /// An output that is an input, or two outputs that are one value.
  @Test func outputsMayShareValues() throws {
    let network = try network(
      W.graph(
        [W.node("Identity", ["x"], ["same"]), W.node("Neg", ["x"], ["y"])],
        [W.port(11, "x", ["2"]), W.port(12, "same"), W.port(12, "y"), W.port(12, "x")]))
    let x = Tensor([1, 2] as [Float], shape: [2])
    let result = try network.run(["x": x])
    #expect(result["same"]?.elements(as: Float.self) == [1, 2])
    #expect(result["x"]?.elements(as: Float.self) == [1, 2])
    #expect(result["y"]?.elements(as: Float.self) == [-1, -2])
  }

  @Test func errorsNameTheNode() throws {
    func model(named name: String) -> WireMessage {
      let node = W.node("MatMul", ["x", "w"], ["product"])
      if !name.isEmpty { node.fields.append(W.text(3, name)) }
      return W.graph(
        [node, W.node("Relu", ["product"], ["y"])], constants: [W.weights("w", [5, 2])],
        [W.port(11, "x", ["n", "m"]), W.port(12, "y")])
    }
    for (given, shown) in [("/layer1/MatMul", "/layer1/MatMul"), ("", "product")] {
      let network = try network(model(named: given))
      #expect {
        _ = try network.run(["x": Tensor(zeros: [3, 4])])
      } throws: { error in
        (error as? NetworkError)?.message.contains("node '\(shown)' (MatMul)") == true
      }
    }
  }

  @Test func profilesNameTheNodes() throws {
    let network = try network(
      W.graph(
        [W.node("Softsign", ["x"], ["15379"]), W.node("Softsign", ["15379"], ["y"])],
        [W.port(11, "x", ["2"]), W.port(12, "y")]))
    let profile = ProfileRecorder()
    for _ in 0..<3 { _ = try network.run(["x": Tensor(zeros: [2])], profile: profile) }
    #expect(profile.entries.map(\.opType) == ["Softsign"])
    #expect(profile.entries.map(\.calls) == [6])
    #expect(Set(profile.nodes.map(\.name)) == ["15379", "y"])
    #expect(profile.nodes.allSatisfy { $0.calls == 3 && $0.opType == "Softsign" })
  }
}
