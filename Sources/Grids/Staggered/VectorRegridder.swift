// Room: Grids. Takes vectors from one grid to another, whichever way their rows run.

internal import Foundation

/// Takes vectors along x and y of one grid to those along x and y of another.
public struct VectorRegridder: Sendable {
  /// What is regridded between.
  public enum Components: String, Sendable {
    /// East and north: each component as a field of its own, as other tools do.
    case eastNorth
    /// The three components in space: right at the poles too, where east and north turn from
    /// column to column.
    case cartesian
  }

  private let regridder: Regridder
  private let source: GridAngles
  private let target: GridAngles
  private let components: Components

  /// Makes a regridder of vectors from one of values.
  ///
  /// - Parameters:
  ///   - source: the source grid's angles; nil where vectors point east and north already.
  ///   - target: the target grid's angles; nil to get east and north.
  public init(
    _ regridder: Regridder, source: GridAngles? = nil, target: GridAngles? = nil,
    components: Components = .eastNorth
  ) {
    let none = { (count: Int) in
      GridAngles(radians: [Double](repeating: 0, count: count))
    }
    self.regridder = regridder
    self.source = source ?? none(regridder.source.count)
    self.target = target ?? none(regridder.target.count)
    self.components = components
  }

  /// The vectors on the target grid.
  ///
  /// Throws: `GridError` with code `misuse` where sizes do not agree.
  public func apply(x: [Float], y: [Float]) throws(GridError) -> (x: [Float], y: [Float]) {
    let (east, north) = try source.toEastNorth(x, y)
    switch components {
    case .eastNorth:
      return try target.toGrid(
        east: try regridder.apply(east), north: try regridder.apply(north))
    case .cartesian:
      let (e, n) = try inSpace(east, north)
      return try target.toGrid(east: e, north: n)
    }
  }

  private func inSpace(
    _ east: [Float], _ north: [Float]
  ) throws(GridError) -> (east: [Float], north: [Float]) {
    var space = [[Float]](repeating: [Float](repeating: .nan, count: east.count), count: 3)
    let frames = Self.frames(regridder.source)
    for index in east.indices {
      let frame = frames[index % frames.count]
      let vector = Double(east[index]) * frame.east + Double(north[index]) * frame.north
      for axis in 0..<3 { space[axis][index] = Float(vector[axis]) }
    }
    let x = try regridder.apply(space[0])
    let y = try regridder.apply(space[1])
    let z = try regridder.apply(space[2])
    let targets = Self.frames(regridder.target)
    var result = (east: x, north: x)
    for index in x.indices {
      let frame = targets[index % targets.count]
      let vector = Vector(Double(x[index]), Double(y[index]), Double(z[index]))
      result.east[index] = Float(vector.dot(frame.east))
      result.north[index] = Float(vector.dot(frame.north))
    }
    return result
  }

  private static func frames(_ grid: GridGeometry) -> [TangentFrame] {
    let (longitudes, latitudes) = grid.centres()
    return zip(longitudes, latitudes).map { TangentFrame(longitude: $0, latitude: $1) }
  }
}
