// Room: Grids. Velocities that stand on the sides of cells (Arakawa C), brought to their centres.

/// Where a velocity stands along its own direction, in the words of xgcm and SGRID.
public enum FacePosition: String, Sendable {
  /// At the centres already.
  case centre
  /// On the side of each cell towards lower indices, as many as cells (MITgcm).
  case left
  /// On the side of each cell towards higher indices, as many as cells (NEMO).
  case right
  /// On all sides, one more than cells (WRF).
  case outer
  /// Between cells, one fewer than cells (ROMS).
  case inner

  /// The number of faces along `cells` cells.
  public func count(_ cells: Int) -> Int {
    switch self {
    case .centre, .left, .right: cells
    case .outer: cells + 1
    case .inner: max(0, cells - 1)
    }
  }

  /// The faces before and after a cell; nil for none.
  @inline(__always)
  func faces(of cell: Int, of cells: Int, isCyclic: Bool) -> (before: Int?, after: Int?) {
    switch self {
    case .centre: (cell, cell)
    case .left: (cell, cell + 1 < cells ? cell + 1 : (isCyclic ? 0 : nil))
    case .right: (cell > 0 ? cell - 1 : (isCyclic ? cells - 1 : nil), cell)
    case .outer: (cell, cell + 1)
    case .inner: (cell > 0 ? cell - 1 : nil, cell + 1 < cells ? cell : nil)
    }
  }
}

/// Brings both velocities of an Arakawa C grid to the centres of its cells.
public struct FaceVelocities: Sendable {
  /// What stands for a missing velocity on one of a sea cell's two sides.
  public enum Coast: String, Sendable {
    /// 0: nothing flows through a coast.
    case noFlow
    /// Nothing: the other side alone counts.
    case leftOut
  }

  /// Columns and rows of centres.
  public let width: Int
  /// Rows of centres.
  public let height: Int
  /// Where the velocity along rows stands along x.
  public let u: FacePosition
  /// Where the velocity along columns stands along y.
  public let v: FacePosition
  /// Whether the last column is the neighbour of the first.
  public let isCyclic: Bool
  /// What stands for a missing velocity at a coast.
  public let coast: Coast

  /// Makes the operation; as for `NEMO` (`right`), `MITgcm` (`left`), `WRF` (`outer`), `ROMS` (`inner`).
  public init(
    width: Int, height: Int, u: FacePosition, v: FacePosition, isCyclic: Bool = false,
    coast: Coast = .noFlow
  ) {
    self.width = width
    self.height = height
    self.u = u
    self.v = v
    self.isCyclic = isCyclic
    self.coast = coast
  }

  /// Where velocities stand, from the number of their columns or rows beside those of the centres.
  ///
  /// Equal numbers leave open on which side: that has to be said (`ambiguous`).
  public static func position(faces: Int, cells: Int, ambiguous: FacePosition) -> FacePosition? {
    switch faces - cells {
    case 0: ambiguous
    case 1: .outer
    case -1: .inner
    default: nil
    }
  }

  /// Both velocities at the centres.
  ///
  /// - Parameters:
  ///   - u: layers of `height × u.count(width)` values, NaN on land.
  ///   - v: layers of `v.count(height) × width` values, NaN on land.
  ///   - sea: the cells that are sea, one layer or as many as there are; nil: those any of whose
  ///     four sides has a velocity.
  ///
  /// Edge cases: beyond the edge of the grid there is no velocity: the other side alone counts.
  /// Throws: `GridError` with code `misuse` where sizes do not agree.
  public func centred(
    u uFaces: [Float], v vFaces: [Float], sea: [Bool]? = nil
  ) throws(GridError) -> (u: [Float], v: [Float]) {
    let (columns, rows) = (u.count(width), v.count(height))
    let cells = width * height
    guard cells > 0, columns > 0, rows > 0, uFaces.count % (columns * height) == 0,
      vFaces.count == uFaces.count / (columns * height) * (rows * width)
    else {
      throw GridError(
        .misuse,
        "\(uFaces.count) and \(vFaces.count) velocities do not stand on \(height) × \(width) cells")
    }
    let layers = uFaces.count / (columns * height)
    guard sea == nil || sea?.count == cells || sea?.count == cells * layers else {
      throw GridError(.misuse, "the mask of the cells has another size than the cells")
    }
    var result = (
      u: [Float](repeating: .nan, count: cells * layers),
      v: [Float](repeating: .nan, count: cells * layers)
    )
    for layer in 0..<layers {
      for row in 0..<height {
        for column in 0..<width {
          let cell = row * width + column
          let x = u.faces(of: column, of: width, isCyclic: isCyclic)
          let y = v.faces(of: row, of: height, isCyclic: false)
          let uStart = layer * columns * height + row * columns
          let vStart = layer * rows * width + column
          let west = x.before.map { uFaces[uStart + $0] }
          let east = x.after.map { uFaces[uStart + $0] }
          let south = y.before.map { vFaces[vStart + $0 * width] }
          let north = y.after.map { vFaces[vStart + $0 * width] }
          let isSea =
            sea.map { $0[$0.count == cells ? cell : layer * cells + cell] }
            ?? [west, east, south, north].contains { $0.map { !$0.isNaN } ?? false }
          guard isSea else { continue }
          result.u[layer * cells + cell] = mean(west, east)
          result.v[layer * cells + cell] = mean(south, north)
        }
      }
    }
    return result
  }

  /// The mean of the velocities on two sides, each of which may be beyond the edge (nil) or land.
  private func mean(_ a: Float?, _ b: Float?) -> Float {
    let sides = [a, b].compactMap { $0 }
    let valid = sides.filter { !$0.isNaN }
    switch coast {
    case .noFlow: return sides.isEmpty ? .nan : valid.reduce(0, +) / Float(sides.count)
    case .leftOut: return valid.isEmpty ? .nan : valid.reduce(0, +) / Float(valid.count)
    }
  }
}
