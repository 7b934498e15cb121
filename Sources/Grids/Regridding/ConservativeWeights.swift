// Room: Grids. Conservative weights from the overlaps of cells.

internal import Foundation

/// Makes first- and second-order conservative weights.
///
/// Source: Jones (1999), "First- and second-order conservative remapping schemes for grids in
/// spherical coordinates"; Kritsikis et al. (2017) for second order on any polygons.
struct ConservativeWeights: Sendable {
  let source: GridGeometry
  let target: GridGeometry
  let options: RegridOptions
  let isSecondOrder: Bool

  func make() -> RegridWeights {
    let threads = options.threadCount
    let table = OverlapMaker(
      source: source, target: target, sourceMask: sourceMask(), targetMask: options.targetMask,
      middles: isSecondOrder, threads: threads
    ).make()
    let targetAreas = target.areas(radius: 1, threads: threads)
    let minimum = options.minimum(for: isSecondOrder ? .conservative2 : .conservative)
    let displacements = isSecondOrder ? Displacements(source, table, threads: threads) : nil
    let terms = isSecondOrder ? 3 : 1
    let parts = Parallel.mapRanges(table.targetCount, of: 8192, threads: threads) { range in
      var rows = WeightRows()
      for row in range {
        let links = table.starts[row]..<table.starts[row + 1]
        var covered = 0.0
        for link in links { covered += table.areas[link] }
        let whole = targetAreas[row]
        let coverage = whole > 0 ? min(1, covered / whole) : 0
        guard covered > 0, coverage > 1e-9, coverage >= minimum - validSlack else {
          rows.endRow(coverage: 0)
          continue
        }
        let divisor = options.normalisation == .fraction ? covered : whole
        for link in links {
          let weight = table.areas[link] / divisor
          if let displacements {
            let (east, north) = displacements.of(link, in: table)
            rows.add(Int(table.sources[link]), [weight, weight * east, weight * north])
          } else {
            rows.add(Int(table.sources[link]), weight)
          }
        }
        rows.endRow(coverage: coverage)
      }
      return rows
    }
    return RegridWeights(
      sourceCount: source.count, terms: terms, parts: parts, hasCoverage: true)
  }

  /// The cells that count: those asked for, less those that repeat others.
  private func sourceMask() -> [Bool]? {
    guard case .curvilinear(let grid) = source.shape else { return options.sourceMask }
    let repeated = grid.repeatedCells()
    if repeated.isEmpty { return options.sourceMask }
    var mask = options.sourceMask ?? [Bool](repeating: true, count: source.count)
    for cell in repeated { mask[cell] = false }
    return mask
  }
}

/// How far the middle of an overlap lies from the middle of its source cell.
private struct Displacements: Sendable {
  private let middles: [Vector]
  private let source: GridGeometry

  init(_ source: GridGeometry, _ table: OverlapTable, threads: Int) {
    self.source = source
    let covered = table.coveredSources(source.count)
    let areas = source.areas(radius: 1, threads: threads)
    // Where targets cover the whole cell, the middle of what they cover is its middle exactly as
    // the overlaps see it, and second order keeps integrals as first order does.
    var middles = covered.middles
    for cell in middles.indices where covered.areas[cell] > 0 {
      if abs(covered.areas[cell] - areas[cell]) > 1e-6 * areas[cell] {
        middles[cell] = source.middle(of: cell)
      }
    }
    self.middles = middles
  }

  /// Along east and north at the source cell's centre, in radians.
  func of(_ link: Int, in table: OverlapTable) -> (east: Double, north: Double) {
    let cell = Int(table.sources[link])
    let centre = source.centre(row: cell / source.width, column: cell % source.width)
    let frame = TangentFrame(longitude: centre.longitude, latitude: centre.latitude)
    let difference = table.middles[link] - middles[cell]
    let (east, north) = (difference.dot(frame.east), difference.dot(frame.north))
    return east.isFinite && north.isFinite ? (east, north) : (0, 0)
  }
}

/// East and north at a place.
struct TangentFrame: Sendable {
  let east: Vector
  let north: Vector

  init(longitude: Double, latitude: Double) {
    let (lon, lat) = (longitude * radiansPerDegree, latitude * radiansPerDegree)
    east = Vector(-sin(lon), cos(lon), 0)
    north = Vector(-sin(lat) * cos(lon), -sin(lat) * sin(lon), cos(lat))
  }
}

extension GridGeometry {
  /// The middle of a cell's area.
  fileprivate func middle(of cell: Int) -> Vector {
    let (row, column) = (cell / width, cell % width)
    if case .rectilinear(let geometry) = shape {
      let (west, east) = geometry.longitudeEdges(column)
      let (south, north) = geometry.latitudeEdges(row)
      let s = 0.5 * (BoxRaster.sine(south) + BoxRaster.sine(north))
      let (c, lambda) = ((1 - s * s).squareRoot(), 0.5 * (west + east) * radiansPerDegree)
      return Vector(c * cos(lambda), c * sin(lambda), s)
    }
    return SphericalPolygon.middle(
      corners(row: row, column: column).map {
        Vector(longitude: $0.longitude, latitude: $0.latitude)
      })
  }
}
