// Tests: ONNXFormat. A model written by hand, read, cut at every byte, and damaged at random.

import Foundation
import ONNXFormat
import TestSupport
import Testing

@Suite struct SmallModelTests {
  @Test func everythingIsThere() throws {
    let model = try ONNXModel(bytes: Proto.small)
    #expect(model.irVersion == 8)
    #expect(model.opsetImports == ["": 13])
    #expect(model.producerName == "by hand")
    #expect(model.metadata == ["note": "made for tests"])
    #expect(model.graph.name == "small")
    #expect(model.graph.nodes.map(\.opType) == ["Add", "Relu"])
    #expect(model.graph.nodes[0].inputs == ["x", "w"])
    #expect(model.graph.requiredInputs.map(\.name) == ["x"])
    #expect(model.graph.outputs[0].type == .tensor(.float32, shape: [.fixed(2)]))
    #expect(model.graph.initializerNames == ["w"])
    let attributes = model.graph.nodes[1].attributes
    guard case .float(0.5) = attributes["alpha"], case .ints([-1, 3]) = attributes["axes"],
      case .string("linear") = attributes["mode"], case .graph(let body) = attributes["body"]
    else {
      Issue.record("wrong attributes: \(attributes)")
      return
    }
    #expect(body.nodes.map(\.inputs) == [["sum"]])
    let weights = try #require(model.graph.initializers["w"])
    #expect(weights.dims == [2])
    #expect(weights.withBytes { Array($0) } == Proto.floats([1, 2]))
  }

  @Test func weightsStayInTheFile() throws {
    let folder = try TemporaryFolder()
    let url = try folder.write("model.onnx", Proto.small)
    let model = try ONNXModel(contentsOf: url)
    let range = try #require(model.graph.initializers["w"]?.byteRange)
    #expect(range.owner.isMapped)
    #expect(range.owner.path == url.path)
    #expect(Array(Proto.small[range.range]) == Proto.floats([1, 2]))
    // Kernels may read a whole vector: what follows the end must be there, and zero.
    let beyond = range.owner.withBytes { bytes in
      (0..<MappedFile.readableBeyondEnd).map {
        bytes.baseAddress?.load(fromByteOffset: bytes.count + $0, as: UInt8.self)
      }
    }
    #expect(beyond.allSatisfy { $0 == 0 })
  }

  @Test func aFileThatFillsItsLastPageCanBeReadBeyond() throws {
    let folder = try TemporaryFolder()
    let url = try folder.write("page", [UInt8](repeating: 7, count: 65_536))
    let file = try MappedFile(contentsOf: url)
    let sum = file.withBytes { bytes in
      (0..<MappedFile.readableBeyondEnd).reduce(0) { sum, index in
        sum + Int(bytes.baseAddress?.load(fromByteOffset: 65_536 + index, as: UInt8.self) ?? 1)
      }
    }
    #expect(sum == 0)
    #expect(file.withBytes { $0.allSatisfy { $0 == 7 } })
  }

  @Test func cutAtAnyByteIsAnErrorOrAWholeModel() throws {
    // A cut between two of the outermost fields leaves a shorter file that is well-formed.
    let whole = Proto.small.count
    let note = Proto.message(14, Proto.text(1, "note"), Proto.text(2, "made for tests")).count
    let opset = Proto.opset(13).count
    for length in 0..<whole {
      do {
        _ = try ONNXModel(bytes: Array(Proto.small[..<length]))
        Issue.record("cut at \(length) of \(whole) was read")
      } catch {
        expectOneLine(error)
        if length >= 2, length != whole - opset, length != whole - opset - note {
          #expect(
            [.truncated, .malformed, .invalidGraph].contains(error.code), "\(length): \(error)")
        }
      }
    }
  }

  @Test func damagedAtRandomNeverCrashes() {
    let seed = UInt64.random(in: .min ... .max)
    var random = SplitMix(state: seed)
    var read = 0
    for _ in 0..<20_000 {
      if readable(damaged(Proto.small, &random), "seed \(seed)") { read += 1 }
    }
    #expect(read > 0, "seed \(seed)")
  }

  /// Every twentieth of ONNX's own cases: loops, branches, sequences, quantised and old models.
  @Test(.enabled(if: SharedFolder.exists("conformance")))
  func realModelsDamagedAtRandomNeverCrash() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SplitMix(state: seed)
    for (index, url) in sharedCases("conformance").enumerated() where index % 20 == 0 {
      let whole = [UInt8](try Data(contentsOf: url.appending(path: "model.onnx")))
      guard whole.count < 20_000 else { continue }
      let note = "\(url.lastPathComponent), seed \(seed)"
      for _ in 0..<100 {
        _ = readable(damaged(whole, &random), note)
        _ = readable(Array(whole.prefix(Int.random(in: 0..<whole.count, using: &random))), note)
      }
    }
  }

  private func damaged(_ whole: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
      default: bytes.remove(at: place)
      }
    }
    return bytes
  }

  private func readable(_ bytes: [UInt8], _ note: String) -> Bool {
    do {
      return touch(try ONNXModel(bytes: bytes).graph) > 0
    } catch {
      expectOneLine(error, note)
      return false
    }
  }
}

/// Reads all the bytes of all constants; the answer is how many nodes there are.
func touch(_ graph: ONNXGraph) -> Int {
  var nodes = 0
  for tensor in graph.initializers.values {
    let count = tensor.withBytes { $0.reduce(0) { count, _ in count + 1 } }
    let expected =
      tensor.elementType == .string ? 0 : tensor.elementType.byteCount(of: tensor.elementCount)
    #expect(count == expected)
  }
  forEachNode(of: graph) { _ in nodes += 1 }
  return nodes
}

/// An error's text is one line that a terminal shows as it is.
func expectOneLine(_ error: ONNXError, _ note: String = "") {
  let text = error.description
  #expect(!text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(text) \(note)")
  #expect(text.count < 1000, "\(text) \(note)")
}

/// Steele, Lea and Flood's SplitMix64: the same numbers on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
