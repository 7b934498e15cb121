// Tests of Forecasting. Reading model packages: what is right, and every mistake in one line.

import Forecasting
import Foundation
import Networks
import Testing

@Suite struct ModelPackageTests {
  let folder: PackageFolder

  init() throws { folder = try PackageFolder() }

  /// The error of the folder as it is.
  func refusal() -> ForecastError? {
    #expect(throws: ForecastError.self) { try ModelPackage(contentsOf: folder.url) }
  }

  @Test func theBundledPackageIsWhole() throws {
    let package = try ModelPackage(contentsOf: PackageFolder.bundled)
    let manifest = package.manifest
    #expect(manifest.name == "convective-rain" && manifest.kind == .nowcast)
    #expect(manifest.networkSHA256 == package.networkSHA256)
    #expect(manifest.output.cuts.count == manifest.output.leadsMinutes.count)
    #expect((manifest.output.leadsMinutes.last ?? 0) >= 90)
    let network = try package.compile()
    #expect(network.inputs.map(\.name) == [manifest.input.name])
    #expect(network.isDeterministic)
  }

  @Test func aChecksumIsThatOfSha256sum() throws {
    // FIPS 180-2, appendix B, and one message of every length around a block's end.
    let file = folder.url.appending(path: "network.onnx")
    let known: [(String, String)] = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ]
    for (message, digest) in known {
      try Data(message.utf8).write(to: file)
      try folder.replace("network_sha256:", by: "network_sha256: \(digest)")
      #expect(try ModelPackage(contentsOf: folder.url).networkSHA256 == digest)
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try FileManager.default.removeItem(at: folder.url.appending(path: "network.onnx"))
    let network = refusal()
    #expect(network?.code == .modelMissing)
    #expect(network?.message.contains("network.onnx") == true)
    try FileManager.default.removeItem(at: folder.url.appending(path: "model.yaml"))
    let manifest = refusal()
    #expect(manifest?.code == .modelMissing)
    #expect(manifest?.message.contains("holds no model.yaml") == true)
    try FileManager.default.removeItem(at: folder.url)
    #expect(refusal()?.message.contains("no such model folder") == true)
  }

  @Test func anotherNetworkIsRefused() throws {
    try Data("not the network".utf8).write(to: folder.url.appending(path: "network.onnx"))
    #expect(refusal()?.code == .checksumMismatch)
    // Without a checksum in the manifest it is the network's own reader that refuses.
    try folder.replace("network_sha256:", by: "")
    let package = try ModelPackage(contentsOf: folder.url)
    let error = #expect(throws: ForecastError.self) { try package.compile() }
    #expect(error?.code == .unusableNetwork)
  }

  @Test func aNetworkWithOtherNamesIsRefused() throws {
    try folder.replace("name: history", by: "name: frames")
    let error = #expect(throws: ForecastError.self) {
      try ModelPackage(contentsOf: folder.url).compile()
    }
    #expect(error?.code == .unusableNetwork)
    #expect(
      error?.message.contains("'history'") == true && error?.message.contains("'frames'") == true)
  }

  /// One mistake: the line that is replaced, what by, and what the message must say.
  static let mistakes: [(line: String, by: String, says: [String])] = [
    ("name:", "", ["'name' is missing"]),
    ("version:", "version: []", ["version", "must be text"]),
    ("kind:", "kind: forecast", ["kind", "nowcast"]),
    ("kind:", "kund: nowcast", ["unknown key 'kund'"]),
    ("network:", "network: ../network.onnx", ["network", "package's folder"]),
    ("network:", "network: /etc/passwd", ["network", "package's folder"]),
    ("network_sha256:", "network_sha256: abc", ["network_sha256", "64"]),
    ("spacing_km:", "spacing_km: [2.5, 0.75]", ["grid.spacing_km", "smaller first"]),
    ("spacing_km:", "spacing_km: 1", ["grid.spacing_km", "list"]),
    ("coarsen_to_km:", "coarsen_to_km: 0", ["grid.coarsen_to_km", "above 0"]),
    ("multiple_of:", "multiple_of: 100000", ["grid.multiple_of", "1024"]),
    ("multiple_of:", "multiple_of: 1.5", ["grid.multiple_of", "whole number"]),
    ("units:", "units: mm", ["history.units", "mm h-1"]),
    ("ages_minutes:", "ages_minutes: [10, 20]", ["history.ages_minutes", "begin with 0"]),
    ("ages_minutes:", "ages_minutes: [0, 20, 10]", ["history.ages_minutes", "larger"]),
    ("ages_minutes:", "ages_minutes: [0, .nan]", ["history.ages_minutes", "number"]),
    ("maximum_gap_minutes:", "maximum_gap_minutes: soon", ["maximum_gap_minutes", "number"]),
    ("leads_minutes:", "leads_minutes: []", ["output.leads_minutes", "empty"]),
    ("leads_minutes:", "leads_minutes: [10, 20]", ["output.rate_cuts", "2 rows"]),
    ("thresholds_mm_per_hour:", "thresholds_mm_per_hour: [0, 1]", ["above 0"]),
    ("thresholds_mm_per_hour:", "thresholds_mm_per_hour: [1, 2]", ["rate_cuts[0]", "2 prob"]),
    ("leads_minutes:", "leads_minutes: [10, 1e30]", ["output.leads_minutes", "1440"]),
    ("maximum_age_minutes:", "maximum_age_minutes: 1e300", ["maximum_age_minutes", "1440"]),
    ("step_minutes: 5", "step_minutes: 1e-9", ["advection.step_minutes", "0.1"]),
    ("method:", "method: optical-illusion", ["motion.method", "multiscale-lucas-kanade"]),
    ("iterations:", "iterations: 0", ["motion.iterations"]),
    ("{content: seen_now}", "{content: seen_tomorrow}", ["input.channels[4]", "seen_now"]),
    ("{content: seen_now}", "{content: rain, age_minutes: 7}", ["age_minutes", "history"]),
  ]

  @Test(arguments: mistakes)
  func aMistakeIsToldWithItsPlace(_ mistake: (line: String, by: String, says: [String])) throws {
    try folder.replace(mistake.line, by: mistake.by)
    let error = refusal()
    #expect(error?.code == .invalidManifest)
    let message = error?.message ?? ""
    #expect(message.contains("model.yaml"), "\(message)")
    for words in mistake.says { #expect(message.contains(words), "\(message)") }
    #expect(!message.contains("\n"))
  }

  @Test(arguments: [
    "", "{", "- 1\n- 2", "name: [unclosed", "\u{0}", "just text", "a: &a [*a]", "name: !!binary x",
    String(repeating: "[", count: 10_000),
  ])
  func whatIsNoManifestIsRefused(_ text: String) throws {
    try folder.write(text)
    let error = refusal()
    #expect(error?.code == .invalidManifest)
    #expect(error?.message.contains("\n") == false)
  }

  @Test func everyTruncationIsRefusedOrRead() throws {
    let whole = folder.manifest
    for count in stride(from: 0, to: whole.count, by: 97) {
      try folder.write(String(whole.prefix(count)))
      _ = try? ModelPackage(contentsOf: folder.url)
    }
  }

  @Test(arguments: [(0.5, 2), (0.25, 4), (0.3, 3), (0.74, 1), (0.75, 1), (1, 1), (2, 1)])
  func finerGridsAreCoarsenedByAWholeFactor(_ spacing: Double, _ factor: Int) throws {
    let grid = try ModelPackage(contentsOf: folder.url).manifest.grid
    #expect(grid.coarsening(ofSpacing: spacing) == factor)
  }

  @Test(arguments: [0, -1, .nan, .infinity, 1e-300])
  func senselessSpacingsDoNotCoarsenWithoutEnd(_ spacing: Double) throws {
    let grid = try ModelPackage(contentsOf: folder.url).manifest.grid
    #expect((1...1000).contains(grid.coarsening(ofSpacing: spacing)))
  }
}
