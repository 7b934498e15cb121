// Room: Grids. Computes the overlaps of two grids' cells, each pair of shapes in its own best way.

internal import Foundation

/// Finds the overlaps of the cells of two grids.
///
/// Cells of rectilinear grids are bounded by meridians and circles of latitude; all others by great
/// circles. Areas are exact for these shapes, so that integrals are kept to rounding.
struct OverlapMaker: Sendable {
  let source: GridGeometry
  let target: GridGeometry
  /// Source cells that count.
  let sourceMask: [Bool]?
  /// Target cells that are wanted.
  let targetMask: [Bool]?
  let middles: Bool
  let threads: Int

  private static let cellsAtOnce = 4096

  func make() -> OverlapTable {
    switch (source.shape, target.shape) {
    case (.rectilinear(let from), .rectilinear(let to)):
      let maker = SeparableOverlaps(from, to, middles: middles)
      return byTarget { rows, row, column in
        maker.add(to: &rows, row: row, column: column) { sourceMask?[$0] ?? true }
      }
    case (.rectilinear(let from), .curvilinear(let to)):
      let raster = BoxRaster(from, isSource: true)
      let cells = CellCorners(to, threads: threads)
      return byTarget { rows, row, column in
        guard let polygon = cells.polygon(row: row, column: column) else { return }
        raster.overlaps(polygon, middles: middles) { overlap in
          let cell = overlap.row * source.width + overlap.column
          guard sourceMask?[cell] ?? true else { return }
          rows.add(cell, overlap.area, middles ? overlap.middle : nil)
        }
      }
    case (.curvilinear(let from), .rectilinear(let to)):
      return bySource(from, BoxRaster(to, isSource: false))
    case (.curvilinear(let from), .curvilinear(let to)):
      return polygons(from, to)
    }
  }

  private func byTarget(
    _ body: @Sendable (_ rows: inout OverlapRows, _ row: Int, _ column: Int) -> Void
  ) -> OverlapTable {
    OverlapTable(
      Parallel.mapRanges(target.count, of: Self.cellsAtOnce, threads: threads) { range in
        var rows = OverlapRows()
        for cell in range {
          if targetMask?[cell] ?? true { body(&rows, cell / target.width, cell % target.width) }
          rows.endRow()
        }
        return rows
      })
  }

  private func bySource(_ from: CurvilinearGeometry, _ raster: BoxRaster) -> OverlapTable {
    let cells = CellCorners(from, threads: threads)
    let width = target.width
    let parts = Parallel.mapRanges(source.count, of: Self.cellsAtOnce, threads: threads) { range in
      var rows = OverlapRows()
      for cell in range {
        if sourceMask?[cell] ?? true,
          let polygon = cells.polygon(row: cell / source.width, column: cell % source.width)
        {
          raster.overlaps(polygon, middles: middles) { overlap in
            let to = overlap.row * width + overlap.column
            guard targetMask?[to] ?? true else { return }
            rows.add(to, overlap.area, middles ? overlap.middle : nil)
          }
        }
        rows.endRow()
      }
      return rows
    }
    return OverlapTable(bySource: parts, targetCount: target.count)
  }

  private func polygons(_ from: CurvilinearGeometry, _ to: CurvilinearGeometry) -> OverlapTable {
    let (sources, targets) = (
      CellCorners(from, threads: threads), CellCorners(to, threads: threads)
    )
    let tree = BoxTree(width: from.width, height: from.height, threads: threads) { row, column in
      sourceMask?[row * from.width + column] ?? true
        ? sources.box(row: row, column: column) : Box()
    }
    return byTarget { rows, row, column in
      guard let polygon = targets.polygon(row: row, column: column) else { return }
      let parts = polygon.convexParts
      let box = targets.box(row: row, column: column)
      var found: [(cell: Int, area: Double, middle: Vector)] = []
      tree.visit(box) { j, i in
        let cell = j * from.width + i
        guard sourceMask?[cell] ?? true, sources.box(row: j, column: i).touches(box),
          let other = sources.polygon(row: j, column: i)
        else { return false }
        var (area, middle) = (0.0, Vector.zero)
        for part in parts {
          let common = SphericalPolygon.overlap(other.corners, with: part)
          let size = SphericalPolygon.signedArea(common)
          guard size > 1e-17 else { continue }
          area += size
          if middles { middle += size * SphericalPolygon.middle(common) }
        }
        if area > 0 { found.append((cell, area, middle / area)) }
        return false
      }
      for one in found.sorted(by: { $0.cell < $1.cell }) {
        rows.add(one.cell, one.area, middles ? one.middle : nil)
      }
    }
  }
}

/// Overlaps of boxes of longitude and latitude: those along x times those along y.
private struct SeparableOverlaps: Sendable {
  private struct Part: Sendable {
    let index: Int
    let size: Double
    let middle: Double
  }

  private let columns: [[Part]]
  private let rows: [[Part]]
  private let width: Int
  private let middles: Bool

  init(_ from: RectilinearGeometry, _ to: RectilinearGeometry, middles: Bool) {
    width = from.longitudes.count
    self.middles = middles
    let distinct = MonotoneAxis(from.longitudes, period: 360, isCyclic: from.isCyclic).indices
    let sources = distinct.map { ($0, from.longitudeEdges($0)) }
    columns = Parallel.map(to.longitudes.count, threads: 1) { column in
      Self.around(to.longitudeEdges(column), sources)
    }
    let lines = from.latitudes.indices.map { index -> (Int, (Double, Double)) in
      let (south, north) = from.latitudeEdges(index)
      return (index, (BoxRaster.sine(south), BoxRaster.sine(north)))
    }
    rows = to.latitudes.indices.map { row in
      let (south, north) = to.latitudeEdges(row)
      return Self.between((BoxRaster.sine(south), BoxRaster.sine(north)), lines)
    }
  }

  private static func between(
    _ cell: (Double, Double), _ others: [(Int, (Double, Double))]
  ) -> [Part] {
    others.compactMap { index, edges in
      let (low, high) = (max(cell.0, edges.0), min(cell.1, edges.1))
      guard high - low > 1e-13 else { return nil }
      return Part(index: index, size: high - low, middle: 0.5 * (low + high))
    }
  }

  /// Overlaps of longitudes in degrees, sizes in radians; a cell may meet another on both ends.
  private static func around(
    _ cell: (Double, Double), _ others: [(Int, (west: Double, east: Double))]
  ) -> [Part] {
    others.flatMap { index, edges -> [Part] in
      let turns = ((cell.0 - edges.east) / 360).rounded(.down)
      return (0...2).compactMap { step -> Part? in
        let shift = 360 * (turns + Double(step))
        let (low, high) = (max(cell.0, edges.west + shift), min(cell.1, edges.east + shift))
        guard high - low > 1e-10 else { return nil }
        return Part(
          index: index, size: (high - low) * radiansPerDegree,
          middle: 0.5 * (low + high) * radiansPerDegree)
      }
    }
  }

  func add(
    to result: inout OverlapRows, row: Int, column: Int, where isValid: (Int) -> Bool
  ) {
    for y in rows[row] {
      let c = (max(0, 1 - y.middle * y.middle)).squareRoot()
      for x in columns[column] {
        let cell = y.index * width + x.index
        guard isValid(cell) else { continue }
        result.add(
          cell, x.size * y.size,
          middles ? Vector(c * cos(x.middle), c * sin(x.middle), y.middle) : nil)
      }
    }
  }
}
