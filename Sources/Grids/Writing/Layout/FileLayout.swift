// Room: Grids. The dimensions and variables of a file in the making, once they are described.

internal import GridFiles

/// Where everything lies in a file in the making.
struct FileLayout: Sendable {
  /// A dimension of a variable.
  struct Dimension: Sendable, Equatable {
    var name: String
    /// The length; nil for the one that grows.
    var length: Int?
  }

  /// A variable of the description, in the file.
  struct Stored: Sendable {
    var variable: NetCDFWriter.Variable
    var dimensions: [Dimension]
    var encoder: Encoder
  }

  /// The variables that grow with time.
  struct Series: Sendable {
    var units: CFTimeUnits
    var time: NetCDFWriter.Variable
    var bounds: NetCDFWriter.Variable?
    var lead: NetCDFWriter.Variable?
  }

  var series: Series?
  var variables: [String: Stored]
}

extension FileLayout.Stored {
  /// The box at `position`: the whole of dimensions that it does not name.
  ///
  /// Returns nil where a position is outside or names no dimension, or where the growing dimension
  /// is left open.
  func box(at position: [String: Int], times: Int) -> (start: [Int], count: [Int])? {
    var start: [Int] = []
    var count: [Int] = []
    var used = 0
    for dimension in dimensions {
      let length = dimension.length ?? times
      if let index = position[dimension.name] {
        guard index >= 0, index < length else { return nil }
        start.append(index)
        count.append(1)
        used += 1
      } else {
        guard dimension.length != nil || times > 0 else { return nil }
        start.append(0)
        count.append(length)
      }
    }
    return used == position.count ? (start, count) : nil
  }

  /// The number of values where there are `times` times.
  func cellCount(times: Int) -> Int {
    dimensions.reduce(1) { $0 * ($1.length ?? times) }
  }
}

/// Names that are taken, so that what the writer adds does not collide with what it was given.
struct NameTable {
  private var taken: Set<String>

  init(_ names: some Sequence<String>) { taken = Set(names) }

  /// `name`, or it with a number where that is taken; taken from now on.
  mutating func take(_ name: String) -> String {
    var result = name
    var number = 2
    while !taken.insert(result).inserted {
      result = "\(name)_\(number)"
      number += 1
    }
    return result
  }

  func contains(_ name: String) -> Bool { taken.contains(name) }
}

/// The name of a variable without the groups that it lies in.
func leafName(_ name: String) -> String {
  name.split(separator: "/").last.map(String.init) ?? name
}
