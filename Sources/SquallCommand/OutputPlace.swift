// Room: SquallCommand. Whether an output could be written where it is wanted, asked beforehand.

internal import Foundation

/// The place of an output file.
enum OutputPlace {
  /// Throws where a file could surely not be created at `path`, so that no work is done in vain.
  static func check(_ path: String, against inputs: [String] = []) throws(Failure) {
    let target = URL(filePath: path).resolvingSymlinksInPath().path
    if inputs.contains(where: { URL(filePath: $0).resolvingSymlinksInPath().path == target }) {
      throw Failure(
        .wrongUsage, "\(path): is one of the inputs: give another file for the output")
    }
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      throw Failure(.cannotCreate, "\(path): is a folder; give a file name for the output")
    }
    let folder = URL(filePath: path).resolvingSymlinksInPath().deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory),
      isDirectory.boolValue
    else {
      throw Failure(.cannotCreate, "\(path): there is no folder '\(folder)': make it first")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw Failure(
        .cannotCreate, "\(path): the folder '\(folder)' may not be written: choose another")
    }
  }

  /// Removes what this process has begun to write for `path`.
  static func removeUnfinished(_ path: String) {
    let target = URL(filePath: path).resolvingSymlinksInPath()
    let folder = target.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let mine = "\(target.lastPathComponent).\(getpid())."
    for name in names where name.hasPrefix(mine) && name.hasSuffix(".part") {
      try? FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }
}
