// Fuzzing: what is done with hostile bytes that claim to be a grid file.

internal import Foundation
internal import GridFiles
internal import Grids

enum GridTarget {
  /// The most elements of a variable that are read.
  private static let mostElements = 1 << 16

  private static let path = FileManager.default.temporaryDirectory
    .appending(path: "squall-fuzz-grid-\(getpid()).nc").path(percentEncoded: false)

  /// Opens `bytes` as a file, reads its metadata and values, and looks at it as a dataset.
  ///
  /// Errors are right answers; a crash, a hang or memory without end is not.
  static func read(_ bytes: [UInt8]) {
    guard (try? Data(bytes).write(to: URL(filePath: path))) != nil,
      let file = try? NetCDFFile(path: path)
    else { return }
    for variable in file.variables {
      var box = variable.box
      while (box.elements ?? .max) > mostElements {
        for axis in box.count.indices { box.count[axis] = min(box.count[axis], 64) / 2 }
      }
      if variable.type.isNumeric {
        _ = try? file.floats(of: variable, in: box)
        for block in variable.blocks(in: box, within: 256).prefix(4) {
          _ = try? file.doubles(of: variable, in: block)
        }
      } else {
        _ = try? file.strings(of: variable, start: box.start, count: box.count)
      }
      _ = FlagMeanings(variable)?.meanings(of: 3)
    }
    guard let dataset = try? GridDataset(paths: [path]) else { return }
    for variable in dataset.variables.prefix(16) {
      guard (variable.dimensions.reduce(1.0) { $0 * Double($1.length) }) < Double(mostElements)
      else { continue }
      _ = try? dataset.grid(of: variable)
      guard let times = try? dataset.times(of: variable), !times.isEmpty else { continue }
      _ = FrameSpacing(times).summary
      _ = try? dataset.frame(variable, at: 0)
    }
  }
}
