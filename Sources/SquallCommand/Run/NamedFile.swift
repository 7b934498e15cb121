// Room: SquallCommand. `name=FILE`: a network's input or output and the file that goes with it.

internal import ArgumentParser
internal import Foundation

/// An argument of the form `name=FILE`, where FILE may be `FILE.nc:variable`.
struct NamedFile: ExpressibleByArgument {
  let name: String
  let path: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    name = String(parts[0])
    path = String(parts[1])
  }

  /// The kinds of file that hold a tensor.
  enum Format {
    case numpy, protobuf
    case netCDF(path: String, variable: String)
  }

  /// What the ending says the file is.
  var format: Format? {
    switch URL(filePath: path).pathExtension.lowercased() {
    case "npy": return .numpy
    case "pb": return .protobuf
    default: break
    }
    // The last colon, since a folder's name may have one too.
    guard let colon = path.lastIndex(of: ":"), path[..<colon].contains(".") else { return nil }
    let variable = path[path.index(after: colon)...]
    guard !variable.isEmpty, !variable.contains("/") || variable.first == "/" else { return nil }
    return .netCDF(path: String(path[..<colon]), variable: String(variable))
  }
}
