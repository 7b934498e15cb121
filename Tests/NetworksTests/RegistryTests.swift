// Tests of Networks: every operator file is found by its name, and none lies elsewhere.

import Foundation
import Networks
import TestSupport
import Testing

@Suite struct RegistryTests {
  /// The names of operators that have a file of their own.
  static let files: [String] = {
    let folder = SharedFolder.checkout.appending(path: "Sources/Networks/Operators")
    let families = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return families.flatMap { family in
      (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: family).path))
        ?? []
    }.filter { $0.hasSuffix(".swift") }.map { String($0.dropLast(6)) }.sorted()
  }()

  @Test func operatorsAreFoundByName() throws {
    let folder = SharedFolder.checkout.appending(path: "Sources/Networks/Operators")
    var found = 0
    for case let file as URL in FileManager.default.enumerator(
      at: folder, includingPropertiesForKeys: nil) ?? .init()
    {
      let name = file.deletingPathExtension().lastPathComponent
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      guard text.contains("struct \(name)Operator:") else { continue }
      let domain = name.hasPrefix("ComMicrosoft") ? "com.microsoft" : ""
      let opType = domain.isEmpty ? name : String(name.dropFirst("ComMicrosoft".count))
      #expect(OperatorRegistry.type(opType, domain: domain) != nil, "\(name)")
      found += 1
    }
    #expect(found > 150)
  }

  @Test(arguments: ["Foo", "", "relu", "Relu ", "Relu;", "ReluOperator", "🌊", "1Relu", "A-B"])
  func otherNamesAreNot(name: String) {
    #expect(OperatorRegistry.type(name, domain: "") == nil)
    #expect(OperatorRegistry.type("Relu", domain: "com.example") == nil)
  }
}
