// Fuzz support: what is done with hostile bytes, by libFuzzer, the corpus test and the mutation test.

public import Foundation
internal import Networks
internal import ONNXFormat
internal import Tensors

/// What hostile bytes are given to. Errors are right answers; a crash, a hang or memory beyond the
/// limit is not.
public enum FuzzTargets {
  /// The most bytes a fuzzed network may take.
  public static let memoryLimit = 1 << 20
  /// The most iterations that a fuzzed network's loops may do.
  public static let iterationLimit = 200

  /// A folder as hostile models would like it: a file, a folder, and links that leave it.
  ///
  /// Made once a process and left to the system's cleaning of its temporary folder.
  public static let folder: URL? = {
    let manager = FileManager.default
    let url = manager.temporaryDirectory.appending(path: "squall-fuzz-\(getpid())")
    do {
      try? manager.removeItem(at: url)
      let inside = url.appending(path: "model")
      try manager.createDirectory(
        at: inside.appending(path: "sub"), withIntermediateDirectories: true)
      try Data((0..<256).map { UInt8($0) }).write(to: inside.appending(path: "data.bin"))
      try Data([1, 2, 3, 4]).write(to: inside.appending(path: "sub/data.bin"))
      try Data([1, 2, 3, 4]).write(to: url.appending(path: "secret.bin"))
      try manager.createSymbolicLink(
        atPath: inside.appending(path: "link").path, withDestinationPath: "../secret.bin")
      try manager.createSymbolicLink(
        atPath: inside.appending(path: "way").path, withDestinationPath: "..")
      try manager.createSymbolicLink(
        atPath: inside.appending(path: "self").path, withDestinationPath: "self")
      return inside
    } catch {
      return nil
    }
  }()

  /// Reads `bytes` as everything that a file may be: a model, a test value of each kind, an array.
  public static func read(_ bytes: [UInt8]) {
    if let model = try? ONNXModel(bytes: bytes, folder: folder) { touch(model.graph) }
    let element = ONNXType.tensor(.float32, shape: nil)
    for type: ONNXType? in [
      nil, .sparseTensor(.float32, shape: nil), .sequence(element), .optional(.sequence(element)),
    ] {
      if let value = try? ONNXTestValue(bytes: bytes, as: type) {
        _ = try? NetworkValue(value, elementType: nil)
      }
    }
    if let array = try? NPYArray(fileBytes: bytes),
      let tensor = try? ONNXTensor(
        elementType: array.elementType, dims: array.shape, bytes: array.bytes)
    {
      _ = try? Tensor(tensor)
    }
  }

  /// Looks at every weight, as a run would: bytes that lie outside the file are found here.
  private static func touch(_ graph: ONNXGraph) {
    for tensor in graph.initializers.values { sum(tensor) }
    for tensor in graph.sparseInitializers.values {
      sum(tensor.values)
      sum(tensor.indices)
    }
  }

  private static func sum(_ tensor: ONNXTensor) {
    _ = tensor.byteRange?.withBytes { bytes in bytes.reduce(0) { $0 &+ Int($1) } }
  }

  /// Compiles `bytes` as a network, plans it, and runs it on small inputs; says whether it ran.
  @discardableResult
  public static func plan(_ bytes: [UInt8]) -> Bool {
    guard let model = try? ONNXModel(bytes: bytes, folder: folder) else { return false }
    var options = CompiledNetwork.Options(memoryLimit: memoryLimit)
    options.iterationLimit = iterationLimit
    guard let network = try? CompiledNetwork(model, options: options) else { return false }
    var inputs: [String: NetworkValue] = [:]
    for input in network.inputs {
      guard let value = value(for: input) else { return false }
      inputs[input.name] = value
    }
    guard let results = try? network.run(inputs) else { return false }
    for value in results.values {
      _ = value.tensor?.withBytes { bytes in bytes.reduce(0) { $0 &+ Int($1) } }
    }
    return true
  }

  /// Whether Squall lacks operators that `bytes` asks for.
  public static func isUnsupported(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try CompiledNetwork(ONNXModel(bytes: bytes))
      return false
    } catch {
      return (error as? NetworkError)?.code == .unsupported
    }
  }

  /// A small value for an input; nil where the file asks for a large one.
  private static func value(for input: ValueDescription) -> NetworkValue? {
    let lengths = (input.dimensions ?? [.fixed(2), .fixed(3)]).map { dimension in
      switch dimension {
      case .fixed(let length): length
      case .symbol(let name): 1 + name.utf8.count % 3
      case .unknown: 2
      }
    }
    guard let shape = try? Shape(checking: lengths), shape.count <= 4096 else { return nil }
    let values = (0..<shape.count).map { Float($0 * 7 % 5) - 1 }
    let type = input.elementType ?? .float32
    guard let tensor = try? ElementConversion.convert(Tensor(values, shape: shape), to: type) else {
      return nil
    }
    switch input.kind {
    case .tensor: return .tensor(tensor)
    case .sequence: return .sequence([tensor, tensor], type)
    case .optional: return .optional(.tensor(tensor))
    }
  }
}
