// Tests of Networks: pack files are used where they belong, and never where they do not.

import Foundation
import Networks
import ONNXFormat
import Tensors
import TestSupport
import Testing

@Suite struct WeightPackTests {
  /// A network of products, one of whose weights are turned first, and a convolution.
  private static func bytes(seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var model = TestModel()
    model.input("x", ["n", "48"])
    model.input("image", ["1", "6", "5", "5"])
    model.initializer("first", random.floats(48 * 64), [48, 64])
    model.initializer("second", random.floats(64 * 96), [64, 96])
    model.initializer("wide", random.floats(200 * 96), [200, 96])
    model.initializer("kernel", random.floats(16 * 6 * 9), [16, 6, 3, 3])
    model.initializer("bias", random.floats(200), [200])
    model.node("MatMul", ["x", "first"], ["a"])
    model.node("Tanh", ["a"], ["b"])
    model.node("MatMul", ["b", "second"], ["c"])
    model.node("Transpose", ["wide"], ["turned"], ints: ["perm": [1, 0]])
    model.node("MatMul", ["c", "turned"], ["d"])
    model.node("Add", ["d", "bias"], ["y"])
    model.node("Conv", ["image", "kernel"], ["z"], ints: ["pads": [1, 1, 1, 1]])
    model.output("y", ["n", "200"])
    model.output("z", ["1", "16", "5", "5"])
    return model.bytes()
  }

  private let folder: TemporaryFolder
  private let model: URL
  private let pack: URL

  init() throws {
    folder = try TemporaryFolder()
    model = URL(filePath: try folder.write(Self.bytes(seed: 1), "net.onnx"))
    pack = URL(filePath: folder.path("net.squall"))
  }

  /// What the network gives, and what became of its pack file.
  private func run(
    _ url: URL? = nil, packed: Bool = true, precision: CompiledNetwork.Precision = .full
  ) throws -> (results: [[Float]], state: CompiledNetwork.PackedWeightsState) {
    var options = CompiledNetwork.Options()
    options.usesPackedWeights = packed
    options.precision = precision
    let network = try CompiledNetwork(contentsOf: url ?? model, options: options)
    let outputs = try network.run([
      "x": Tensor((0..<3 * 48).map { Float($0 % 17) / 8 - 1 }, shape: [3, 48]),
      "image": Tensor((0..<150).map { Float($0 % 7) - 3 }, shape: [1, 6, 5, 5]),
    ])
    return (
      try ["y", "z"].map { try #require(outputs[$0]).elements() }, network.packedWeights
    )
  }

  private func isIgnored(_ state: CompiledNetwork.PackedWeightsState, _ reason: String) -> Bool {
    guard case .ignored(_, let given) = state else { return false }
    return reason.isEmpty || given.contains(reason)
  }

  @Test func packedWeightsGiveTheSameBits() throws {
    let plain = try run()
    #expect(plain.state == .none)
    let summary = try CompiledNetwork.packWeights(ofNetworkAt: model, lengths: ["n": 3])
    #expect(summary.path == pack.path && summary.arrays == 3)
    #expect(try Data(contentsOf: pack).count == summary.byteCount)
    #expect(try CompiledNetwork.packIsIntact(ofNetworkAt: model))
    let packed = try run()
    #expect(packed.state == .used(path: pack.path))
    #expect(packed.results == plain.results)
    #expect(try run(packed: false).state == .none)
    #expect(try folder.contents() == ["net.onnx", "net.squall"])
  }

  @Test func weightsPackedForOtherProductsAreNotUsed() throws {
    let rounds = KernelVariant.chosen.roundingProducts.halfProducts != nil
    let (full, fast) = (try run(), try run(precision: .fast))
    var options = CompiledNetwork.Options()
    options.precision = .fast
    let summary = try CompiledNetwork.packWeights(
      ofNetworkAt: model, lengths: ["n": 3], options: options)
    #expect(summary.kernels.hasSuffix("-bf16") == rounds)
    let packed = try run(precision: .fast)
    #expect(packed.state == .used(path: pack.path) && packed.results == fast.results)
    let other = try run()
    #expect(other.results == full.results)
    if rounds { #expect(isIgnored(other.state, "kernels")) }
  }

  @Test func anotherNetworkOfTheSameLengthIsNotMistakenForIt() throws {
    try CompiledNetwork.packWeights(ofNetworkAt: model)
    _ = try folder.write(Self.bytes(seed: 2), "net.onnx")
    let changed = try run()
    #expect(isIgnored(changed.state, "the network has changed"))
    #expect(try changed.results == run(packed: false).results)
  }

  @Test func oneChangedNumberIsNoticedWhateverTheTimesSay() throws {
    try CompiledNetwork.packWeights(ofNetworkAt: model)
    let times = try FileManager.default.attributesOfItem(atPath: model.path)
    var bytes = try Data(contentsOf: model)
    bytes[bytes.count / 3] ^= 0x01
    let handle = try FileHandle(forWritingTo: model)
    try handle.write(contentsOf: bytes)
    try handle.close()
    try FileManager.default.setAttributes(
      [.modificationDate: times[.modificationDate] ?? Date()], ofItemAtPath: model.path)
    #expect(isIgnored(try run().state, "the network has changed"))
  }

  @Test func copiesAreTheSameNetwork() throws {
    try CompiledNetwork.packWeights(ofNetworkAt: model)
    let other = try TemporaryFolder()
    let moved = URL(filePath: other.path("moved.onnx"))
    try FileManager.default.copyItem(at: model, to: moved)
    try FileManager.default.copyItem(at: pack, to: URL(filePath: other.path("moved.squall")))
    let copied = try run(moved)
    #expect(copied.state == .used(path: other.path("moved.squall")))
    #expect(try copied.results == run(packed: false).results)
  }

  @Test func packsForOtherKernelsAreNotUsed() throws {
    let others = KernelVariant.all.filter { $0 != .current }
    for variant in others {
      try variant.asCurrent { _ = try CompiledNetwork.packWeights(ofNetworkAt: model) }
      #expect(isIgnored(try run().state, "it is for \(variant.name) kernels"))
    }
  }

  @Test func damagedListsAreRefusedAndChangeNothing() throws {
    try CompiledNetwork.packWeights(ofNetworkAt: model)
    let plain = try run(packed: false).results
    let good = try Data(contentsOf: pack)
    for count in [0, 1, 7, 8, 40, 48, 49, 200, good.count / 2, good.count - 1] {
      try good.prefix(count).write(to: pack)
      let cut = try run()
      #expect(cut.results == plain && isIgnored(cut.state, ""), "\(count) bytes")
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      var bad = good
      // The header and the list.
      let place = Int(random.next() % 900)
      bad[place] ^= UInt8(1 << (random.next() % 8))
      try bad.write(to: pack)
      #expect(try run().results == plain, "byte \(place)")
    }
  }

  @Test func layoutsOfAnotherVersionAreFoundOut() throws {
    try CompiledNetwork.packWeights(ofNetworkAt: model)
    let plain = try run(packed: false).results
    let good = try Data(contentsOf: pack)
    // Every array changed, as if each layout were another: the smallest of each tells.
    var bad = good
    for index in 4096..<good.count - 64 { bad[index] ^= 0x40 }
    try bad.write(to: pack)
    let changed = try run()
    #expect(changed.results == plain)
    #expect(isIgnored(changed.state, "another version"))
    #expect(try !CompiledNetwork.packIsIntact(ofNetworkAt: model))
  }

  @Test func openLengthsAndMissingFilesAreErrors() throws {
    #expect(throws: NetworkError.self) {
      try CompiledNetwork.packWeights(ofNetworkAt: model, lengths: ["q": 3])
    }
    #expect(throws: NetworkError.self) {
      try CompiledNetwork.packWeights(ofNetworkAt: URL(filePath: folder.path("none.onnx")))
    }
    #expect(throws: NetworkError.self) {
      try CompiledNetwork.packIsIntact(ofNetworkAt: model)
    }
    #expect(try folder.contents() == ["net.onnx"])
  }
}
