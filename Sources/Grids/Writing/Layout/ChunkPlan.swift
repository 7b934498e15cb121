// Room: Grids. How a variable is cut into chunks, and how much of it is kept in memory meanwhile.

internal import GridFiles

/// The chunks of one variable.
///
/// Chunks of one to four megabytes are few enough to find and small enough to read for a part.
struct ChunkPlan {
  /// The role of a dimension in the plan.
  enum Role {
    case extra, time, vertical, horizontal
  }

  struct Dimension {
    var name: String
    /// The length, or nil where it is unlimited.
    var length: Int?
    var role: Role
  }

  /// Elements along each dimension of a chunk.
  private(set) var shape: [Int]
  /// Bytes of all chunks that a map or a column of them touches before they are complete.
  private(set) var cacheBytes: Int

  private static let target = 1 << 20
  private static let largestSide = 1024
  private static let largestCache = 256 << 20

  init(_ dimensions: [Dimension], elementSize: Int, _ choice: FileStorage.Chunks) {
    let size = max(elementSize, 1)
    switch choice {
    case .maps: shape = ChunkPlan.maps(dimensions, size)
    case .timeSeries: shape = ChunkPlan.timeSeries(dimensions, size)
    case .explicit(let lengths):
      shape = ChunkPlan.maps(dimensions, size)
      for (index, dimension) in dimensions.enumerated() {
        guard let length = lengths[dimension.name] else { continue }
        shape[index] = max(1, min(length, dimension.length ?? length))
      }
    }
    var bytes = size
    for (dimension, chunk) in zip(dimensions, shape) {
      let length = dimension.length ?? chunk
      // Chunks are complete once the writer has passed over whole rows of them.
      let touched = dimension.role == .horizontal ? (length + chunk - 1) / chunk * chunk : chunk
      bytes = bytes.multipliedReportingOverflow(by: touched).partialValue
    }
    cacheBytes = min(max(bytes, 4 << 20), ChunkPlan.largestCache)
  }

  /// The length of pieces that are about equal and not longer than `limit`.
  static func evenly(_ length: Int, atMost limit: Int) -> Int {
    let pieces = max(1, (length + limit - 1) / max(limit, 1))
    return max(1, (length + pieces - 1) / pieces)
  }

  private static func maps(_ dimensions: [Dimension], _ size: Int) -> [Int] {
    var shape = dimensions.map { dimension in
      dimension.role == .horizontal ? evenly(dimension.length ?? 1, atMost: largestSide) : 1
    }
    // A map of few cells takes levels with it, and one of very few cells takes times.
    grow(&shape, dimensions, .vertical, until: target, size)
    grow(&shape, dimensions, .time, until: target / 16, size)
    return shape
  }

  private static func timeSeries(_ dimensions: [Dimension], _ size: Int) -> [Int] {
    var shape = dimensions.map { _ in 1 }
    let cells = dimensions.reduce(1) { product, dimension in
      dimension.role == .time ? product : product * max(dimension.length ?? 1, 1)
    }
    for (index, dimension) in dimensions.enumerated() where dimension.role == .time {
      // All that is written between two complete chunks has to stay in memory.
      let fits = max(1, largestCache / 2 / max(cells * size, 1))
      shape[index] = evenly(dimension.length ?? 64, atMost: min(fits, 4096))
    }
    let horizontal = dimensions.indices.filter { dimensions[$0].role == .horizontal }
    let rest = max(1, target / max(shape.reduce(size, *), 1))
    let side = max(1, Int(Double(rest).squareRoot()))
    for index in horizontal {
      shape[index] = evenly(dimensions[index].length ?? 1, atMost: side)
    }
    grow(&shape, dimensions, .vertical, until: target, size)
    return shape
  }

  private static func grow(
    _ shape: inout [Int], _ dimensions: [Dimension], _ role: Role, until target: Int, _ size: Int
  ) {
    for (index, dimension) in dimensions.enumerated() where dimension.role == role {
      let bytes = shape.reduce(size, *)
      let room = target / max(bytes, 1)
      guard room > 1 else { continue }
      shape[index] = evenly(dimension.length ?? room, atMost: room * shape[index])
    }
  }
}
