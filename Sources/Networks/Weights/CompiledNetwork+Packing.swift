// Room: Networks. Packing a network's weights into a file beside it, for later processes.

public import Foundation
internal import ONNXFormat
internal import Tensors

extension CompiledNetwork {
  /// What became of the pack file beside a network.
  public enum PackedWeightsState: Sendable, Hashable {
    /// There is none, or it was not asked for.
    case none
    /// Its arrays are used where they lie.
    case used(path: String)
    /// It is not used; the reason completes "the pack file is not used, because …".
    case ignored(path: String, reason: String)
  }

  /// What packing wrote.
  public struct PackSummary: Sendable, Hashable {
    /// The file.
    public let path: String
    /// How many arrays it holds, and how many bytes.
    public let arrays: Int, byteCount: Int
    /// The kernels that they are laid out for.
    public let kernels: String
  }

  /// Writes what this processor's kernels make of a network's weights to a file beside it, `NAME.squall`
  /// beside `NAME.onnx`.
  ///
  /// Networks read afterwards find the file and use the arrays where they lie, mapped and shared by
  /// all processes, instead of making them anew: a gigabyte of weights is then ready in
  /// milliseconds. A file that does not belong to the network, to these kernels or to this version of
  /// Squall any more is not used, which `packedWeights` tells. It appears whole or not at all. The
  /// network is run once, on zeros, to find what only a run packs.
  ///
  /// Use it for networks that are started often, or by several processes at once. It takes as much
  /// disk as the weights, twice that for weights in half precision.
  ///
  /// - Parameter lengths: the lengths that the network leaves open, by name, as for the inputs that
  ///   later runs will mostly have; weights that other lengths need otherwise are packed when they
  ///   are met.
  ///
  /// **Throws** `NetworkError`: as reading and running the network do, and `notWritten`.
  @discardableResult
  public static func packWeights(
    ofNetworkAt url: URL, lengths: [String: Int] = [:], options: Options = Options()
  ) throws(NetworkError) -> PackSummary {
    let model: ONNXModel
    do {
      model = try ONNXModel(contentsOf: url)
    } catch {
      throw NetworkError(.invalidModel, "\(error)")
    }
    guard let names = SourceFiles(model), let path = names.packPath else {
      throw NetworkError(.invalidModel, "\(url.path): its files cannot be told apart")
    }
    names.waitUntilChangesShow()
    let sources = names.sources()
    let collector = PackCollector(names)
    defer { collector.clear() }
    let network = try CompiledNetwork(model, options: options, weights: collector)
    let shapes = try network.shapes(lengths: lengths)
    try network.prepare(for: shapes)
    network.runOnZeros(shapes)
    guard names.areUnchanged() else {
      throw NetworkError(.notWritten, "\(url.path): it changed while it was packed; pack it again")
    }
    do {
      let written = try options.variant.asCurrent {
        try collector.write(to: path, sources: sources)
      }
      return PackSummary(
        path: path, arrays: written.arrays, byteCount: written.byteCount,
        kernels: options.variant.name)
    } catch {
      throw NetworkError(.notWritten, "\(error)")
    }
  }

  /// Whether the file that `packWeights` wrote beside the network at `url` is there and whole: reads
  /// all of it and compares checksums.
  ///
  /// **Throws** `NetworkError` with the reason where it is no pack file of this version.
  public static func packIsIntact(ofNetworkAt url: URL) throws(NetworkError) -> Bool {
    let model: ONNXModel
    do {
      model = try ONNXModel(contentsOf: url)
    } catch {
      throw NetworkError(.invalidModel, "\(error)")
    }
    guard let path = SourceFiles(model)?.packPath else { return false }
    do {
      return try PackedWeights.isIntact(path: path)
    } catch {
      throw NetworkError(.invalidModel, "\(path): \(error.reason); pack the network again")
    }
  }

  /// Runs once for what only runs find out: bodies of loops, shapes that depend on data, constants
  /// that kernels read as they are. What zeros cannot run is packed as far as it got.
  private func runOnZeros(_ shapes: [String: Shape]) {
    var values: [String: Tensor] = [:]
    for input in inputs {
      guard let shape = shapes[input.name] else { return }
      values[input.name] = Tensor(zeros: shape, input.elementType ?? .float32)
    }
    _ = try? run(values)
  }
}
