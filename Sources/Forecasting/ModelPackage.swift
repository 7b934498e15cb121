// Room: Forecasting. A model package: a folder with a manifest and a network.

public import Foundation
internal import GridFiles
public import Networks

/// A network plus everything needed to feed it and to read its answer: a folder that holds
/// `model.yaml` and the network that it names.
///
/// Making one reads and checks the manifest and the network's checksum; the network itself is
/// compiled by `compile(options:)`.
public struct ModelPackage: Sendable {
  /// The package's folder.
  public let folder: URL
  /// What `model.yaml` says.
  public let manifest: ModelManifest
  /// The network's file.
  public let networkURL: URL
  /// The SHA-256 of the network's file, in hexadecimal digits.
  public let networkSHA256: String

  /// The manifest's file name.
  public static let manifestName = "model.yaml"

  /// Reads the package in `folder`.
  ///
  /// **Throws** `ForecastError`: `modelMissing` where the folder, the manifest or the network is not
  /// there, `invalidManifest`, or `checksumMismatch` where the network is not the one described.
  public init(contentsOf folder: URL) throws(ForecastError) {
    let path = folder.relativePath
    let manifestURL = folder.appending(path: Self.manifestName)
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw ForecastError(
        .modelMissing, "\(path): there is no such model folder; give one that holds a model.yaml")
    }
    guard let data = FileManager.default.contents(atPath: manifestURL.path) else {
      throw ForecastError(
        .modelMissing, "\(path): holds no \(Self.manifestName); give the folder of a model package")
    }
    let name = manifestURL.relativePath
    guard data.count <= 1 << 20, let text = String(data: data, encoding: .utf8) else {
      throw ForecastError(.invalidManifest, "\(name) is not a manifest: it must be UTF-8 text")
    }
    let manifest = try ModelManifest(yaml: text, file: name)
    let networkURL = folder.appending(path: manifest.networkFile)
    guard
      let digest = try? SHA256.hexDigest(
        ofFileAt: networkURL.path(percentEncoded: false))
    else {
      throw ForecastError(
        .modelMissing,
        "\(path): the network '\(manifest.networkFile)' that \(Self.manifestName) names is not "
          + "there; fetch the whole package, or train it with training/run.sh")
    }
    if let wanted = manifest.networkSHA256, wanted != digest {
      throw ForecastError(
        .checksumMismatch,
        "\(path): '\(manifest.networkFile)' is not the network that \(Self.manifestName) describes "
          + "(SHA-256 \(digest.prefix(12))…, not \(wanted.prefix(12))…); fetch the package again")
    }
    self.folder = folder
    self.manifest = manifest
    self.networkURL = networkURL
    networkSHA256 = digest
  }

  /// Compiles the network and checks that it takes and gives what the manifest says.
  ///
  /// **Throws** `ForecastError.unusableNetwork`.
  public func compile(
    options: CompiledNetwork.Options = .init()
  ) throws(ForecastError) -> CompiledNetwork {
    let network: CompiledNetwork
    do {
      network = try CompiledNetwork(contentsOf: networkURL, options: options)
    } catch {
      throw ForecastError(.unusableNetwork, "\(networkURL.relativePath): \(error)")
    }
    guard network.inputs.map(\.name) == [manifest.input.name] else {
      throw mismatch("inputs", network.inputs, manifest.input.name)
    }
    guard network.outputs.contains(where: { $0.name == manifest.output.name }) else {
      throw mismatch("outputs", network.outputs, manifest.output.name)
    }
    return network
  }

  private func mismatch(
    _ what: String, _ values: [ValueDescription], _ wanted: String
  ) -> ForecastError {
    let names = values.map { "'\($0.name)'" }.joined(separator: ", ")
    return ForecastError(
      .unusableNetwork,
      "\(networkURL.relativePath): the network's \(what) are \(names), where "
        + "\(Self.manifestName) says '\(wanted)'; correct the manifest")
  }
}
