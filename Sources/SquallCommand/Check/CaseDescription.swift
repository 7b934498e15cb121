// Room: SquallCommand. Which reference cases a path on the command line stands for.

internal import Foundation
internal import ONNXFormat

/// A reference case: a network and the folder with its data sets.
struct CaseDescription: Codable {
  let name: String
  let model: String
  let folder: String
  /// The passes that the network is compiled with, as `GraphPasses.named` knows them.
  var passes = "all"

  /// The cases in all of `paths`, as a shell's pattern names them.
  ///
  /// **Edge cases.** Beside others, a plain file, or a folder without a case, is passed over with a
  /// note; alone it is an error.
  static func find(in paths: [String]) throws -> [CaseDescription] {
    var found: [CaseDescription] = []
    var passedOver: [(path: String, error: any Error)] = []
    for path in paths {
      do {
        found += try find(in: path)
      } catch let error where FileManager.default.fileExists(atPath: path) {
        passedOver.append((path, error))
      }
    }
    if found.isEmpty, let first = passedOver.first { throw first.error }
    for (path, _) in passedOver { Console.note("squall: \(path): passed over, it holds no case") }
    return found
  }

  /// The cases in `path`: a case, a model package, or the cases in the folders below.
  static func find(in path: String) throws -> [CaseDescription] {
    let url = URL(filePath: path)
    let manifest = url.appending(path: "model.yaml")
    if FileManager.default.fileExists(atPath: manifest.path) {
      let network = url.appending(path: "network.onnx")
      guard FileManager.default.fileExists(atPath: network.path) else {
        throw Failure(
          .inputMissing, "\(path): the model package lacks its network.onnx: fetch it again")
      }
      return [
        CaseDescription(
          name: url.standardizedFileURL.lastPathComponent, model: network.path,
          folder: url.appending(path: "tests").path)
      ]
    }
    return try ONNXTestCase.find(in: url).map {
      CaseDescription(name: $0.name, model: $0.model.path, folder: $0.folder.path)
    }
  }

  var testCase: ONNXTestCase {
    ONNXTestCase(
      name: name, folder: URL(filePath: folder, directoryHint: .isDirectory),
      model: URL(filePath: model))
  }
}
