// Tests of Networks: reference vectors in the folder `shared` beside the checkout.

import Foundation
import Networks
import ONNXFormat
import TestSupport
import Testing

@Suite struct ReferenceCases {
  /// Networks that this version must run.
  static let networks = [
    "rainnet", "rainnet__bilinear", "rainnet__inputs_init", "smaat_unet", "smaat_unet__dynamo18",
    "convlstm", "convlstm__dynamo18", "convgru_loop", "pangu3d", "pangu3d__dynamo18",
    "langya_swin", "langya_swin__ts17", "fuxi_like", "fuxi_like__dynamo18", "gnn",
    "gnn__dynamo18", "afno", "afno__matmul", "qunet",
  ]

  @Test(.enabled(if: SharedFolder.exists("networks")), arguments: networks)
  func network(_ name: String) {
    let check = NetworkCheck(folder: SharedFolder.url.appending(path: "networks/\(name)"))
    #expect(check.status == .pass, "\(check.detail)")
  }

  /// Networks in which each pass finds something, compiled with each pass alone.
  @Test(
    .enabled(if: SharedFolder.exists("networks")),
    arguments: ["langya_swin", "pangu3d", "gnn", "convgru_loop"], GraphPasses.standard.map(\.name))
  func network(_ name: String, withOnly pass: String) {
    var options = CompiledNetwork.Options()
    options.passes = GraphPasses.named(pass) ?? []
    let folder = SharedFolder.url.appending(path: "networks/\(name)")
    let check = NetworkCheck(folder: folder, options: options)
    #expect(check.status == .pass, "\(check.detail)")
  }

  /// Cases out of scope: strings, image decoding, training.
  static let outOfScope: Set<String> = {
    let list = SharedFolder.url.appending(path: "conformance/out-of-scope.txt")
    let text = (try? String(contentsOf: list, encoding: .utf8)) ?? ""
    return Set(
      text.split(separator: "\n").compactMap { $0.split(separator: "\t").first.map(String.init) })
  }()

  /// Every conformance case passes or says what it lacks: none fails, none crashes.
  @Test(.enabled(if: SharedFolder.exists("conformance")))
  func conformance() throws {
    let environment = ProcessInfo.processInfo.environment
    let filter = environment["SQUALL_CASES"]
    let folder =
      environment["SQUALL_CASES_IN"].map { URL(filePath: $0) }
      ?? SharedFolder.url.appending(path: "conformance")
    var counts: [NetworkCheck.Status: Int] = [:]
    var failures: [String] = []
    for testCase in try ONNXTestCase.find(in: folder) {
      if let filter, testCase.name.range(of: filter, options: .regularExpression) == nil {
        continue
      }
      if environment["SQUALL_VERBOSE"] != nil {
        FileHandle.standardError.write(Data("case \(testCase.name)\n".utf8))
      }
      let check = NetworkCheck(testCase)
      counts[check.status, default: 0] += 1
      if environment["SQUALL_VERBOSE"] != nil {
        let line =
          "  \(check.status) \(check.name) \(check.maxAbsoluteError) \(check.seconds) \(check.detail)\n"
        FileHandle.standardError.write(Data(line.utf8))
      }
      if check.status == .fail, !Self.outOfScope.contains(check.name) {
        failures.append("\(check.name): \(check.detail)")
      }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    print("conformance: \(counts[.pass] ?? 0) passed, \(counts[.unsupported] ?? 0) unsupported")
  }
}
