// Room: SquallCommand. What a path leads to, told by its content.

internal import Foundation

/// The kinds of things that `squall inspect` describes.
enum PathKind: Equatable {
  /// A NetCDF file, or one that is at least called so, or a Zarr store.
  case netCDF
  /// The ONNX file at this path.
  case network(String)
  /// The model package in this folder.
  case model(String)

  init(_ path: String) throws(Failure) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw Failure(.inputMissing, "\(path): there is no such file or folder: check the path")
    }
    if isDirectory.boolValue {
      let folder = URL(filePath: path)
      if FileManager.default.fileExists(atPath: folder.appending(path: "model.yaml").path) {
        self = .model(path)
        return
      }
      let isStore = [".zgroup", ".zarray", ".zmetadata", ".nczgroup", "zarr.json"].contains {
        FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
      }
      if isStore {
        self = .netCDF
        return
      }
      let network = folder.appending(path: "model.onnx").relativePath
      guard FileManager.default.fileExists(atPath: network) else {
        throw Failure(
          .badInput,
          "\(path): the folder holds no model.yaml, no model.onnx and no Zarr store: give a file in it"
        )
      }
      self = .network(network)
      return
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw Failure(.inputOutput, "\(path): may not be read: check its permissions")
    }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 4)) ?? Data()
    let ending = URL(filePath: path).pathExtension.lowercased()
    let isNetCDF =
      start.starts(with: Data("CDF".utf8)) || start == Data([0x89, 0x48, 0x44, 0x46])
      || ["nc", "nc4", "cdf", "h5", "hdf5"].contains(ending)
    self = isNetCDF ? .netCDF : .network(path)
  }
}
