// Room: SquallCommand. Where the model packages are that come with the program.

internal import Foundation

/// Finds the folder of a model package.
enum ModelLocator {
  /// The model that `squall nowcast` uses unless told otherwise.
  static let defaultName = "convective-rain"

  /// The folder for `given`, a path or the name of a bundled model; the default model's where nil.
  ///
  /// Bundled models are looked for in the folder that SQUALL_MODELS names, in `share/squall/Models`
  /// beside the program's `bin`, in a folder `Models` beside the program or above it (a build in its
  /// checkout), and in `Models` of the current folder.
  static func folder(for given: String?) throws(Failure) -> URL {
    if let given, isFolder(URL(filePath: given)) { return URL(filePath: given) }
    let name = given ?? defaultName
    // What looks like a path was meant as one.
    if name.contains("/") {
      throw Failure(
        .inputMissing, "\(name): there is no such model folder; give one that holds a model.yaml")
    }
    let parents = searchPath()
    for parent in parents {
      let folder = parent.appending(path: name, directoryHint: .isDirectory)
      if isFolder(folder) { return folder }
    }
    throw Failure(
      .inputMissing,
      "no model package '\(name)' in \(parents.map(\.relativePath).joined(separator: ", ")): "
        + "give its folder with --model, or set SQUALL_MODELS to the folder that holds it")
  }

  private static func searchPath() -> [URL] {
    var parents: [URL] = []
    let environment = ProcessInfo.processInfo.environment["SQUALL_MODELS"] ?? ""
    if !environment.isEmpty { parents.append(URL(filePath: environment)) }
    if let program = Executable.url {
      var folder = program.deletingLastPathComponent()
      parents.append(folder.deletingLastPathComponent().appending(path: "share/squall/Models"))
      for _ in 0..<6 {
        let models = folder.appending(path: "Models")
        if isFolder(models) { parents.append(models) }
        folder = folder.deletingLastPathComponent()
      }
    }
    let here = URL(filePath: "Models")
    if !parents.contains(where: { $0.path == here.path }) { parents.append(here) }
    return parents
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}

/// This program's own file.
enum Executable {
  /// Its path with symbolic links resolved; nil where the system does not say.
  static var url: URL? {
    if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      return URL(filePath: path)
    }
    return Bundle.main.executableURL?.resolvingSymlinksInPath()
  }
}
