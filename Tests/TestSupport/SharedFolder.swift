// Test support: where the reference data beside a checkout lies, when it is there.

public import Foundation

/// Reference data in the folder `shared` beside the checkout: conformance cases, networks, real data.
///
/// Tests that need it are enabled by `SharedFolder.exists(_:)`, so that a plain clone passes without.
public enum SharedFolder {
  /// The checkout's root, found from this file's own path.
  public static let checkout = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder itself, whether or not it exists.
  public static let url = checkout.deletingLastPathComponent().appending(path: "shared")

  /// Whether `path`, relative to the folder, exists.
  public static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: url.appending(path: path).path)
  }
}
