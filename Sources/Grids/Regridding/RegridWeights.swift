// Room: Grids. A regridding as a sparse matrix: which source cells make up a target cell.

/// The sparse matrix from source to target cells, row by row (CSR).
///
/// The value of target cell t is the sum over its links l of `values[l × terms] × source[cells[l]]`;
/// further terms multiply the gradients of the source.
public struct RegridWeights: Sendable, Equatable {
  /// Source cells.
  public let sourceCount: Int
  /// Target cells.
  public let targetCount: Int
  /// Numbers a link: 1, or 3 with gradients east and north, or 4 with those along x, y and both.
  public let terms: Int
  /// Where the links of each target cell begin; one more than there are target cells.
  public let starts: [Int]
  /// The source cell of each link.
  public let cells: [Int32]
  /// The weights of each link.
  public let values: [Double]
  /// The part of each target cell that source cells cover; empty where that is all or nothing.
  public let coverage: [Double]

  /// The number of links.
  public var linkCount: Int { cells.count }

  /// The number of target cells that no source cell reaches.
  public var unmappedCount: Int {
    var count = 0
    for target in 0..<targetCount where starts[target] == starts[target + 1] { count += 1 }
    return count
  }

  /// Joins rows that were made in parts, in order.
  init(sourceCount: Int, terms: Int, parts: [WeightRows], hasCoverage: Bool) {
    self.sourceCount = sourceCount
    self.terms = terms
    var starts = [0]
    var cells: [Int32] = []
    var values: [Double] = []
    var coverage: [Double] = []
    starts.reserveCapacity(parts.reduce(1) { $0 + $1.counts.count })
    cells.reserveCapacity(parts.reduce(0) { $0 + $1.cells.count })
    values.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
    var total = 0
    for part in parts {
      for count in part.counts {
        total += Int(count)
        starts.append(total)
      }
      cells += part.cells
      values += part.values
      if hasCoverage { coverage += part.coverage }
    }
    targetCount = starts.count - 1
    self.starts = starts
    self.cells = cells
    self.values = values
    self.coverage = coverage
  }

  init(
    sourceCount: Int, terms: Int, starts: [Int], cells: [Int32], values: [Double],
    coverage: [Double]
  ) {
    self.sourceCount = sourceCount
    targetCount = starts.count - 1
    self.terms = terms
    self.starts = starts
    self.cells = cells
    self.values = values
    self.coverage = coverage
  }
}

/// Some rows of the matrix, being made.
struct WeightRows: Sendable {
  private(set) var counts: [Int32] = []
  private(set) var cells: [Int32] = []
  private(set) var values: [Double] = []
  private(set) var coverage: [Double] = []
  private var begun = 0

  /// Adds a link with one weight to the row being made; a weight of 0 is none.
  @inline(__always)
  mutating func add(_ cell: Int, _ weight: Double) {
    if weight == 0 { return }
    cells.append(Int32(truncatingIfNeeded: cell))
    values.append(weight)
  }

  /// Adds a link with several weights.
  @inline(__always)
  mutating func add(_ cell: Int, _ weights: [Double]) {
    cells.append(Int32(truncatingIfNeeded: cell))
    values += weights
  }

  /// Takes back the links of the row being made.
  mutating func clearRow(terms: Int = 1) {
    cells.removeLast(cells.count - begun)
    values.removeLast(values.count - begun * terms)
  }

  /// The number of links in the row being made.
  var linksInRow: Int { cells.count - begun }

  /// Ends the row being made.
  @inline(__always)
  mutating func endRow(coverage fraction: Double? = nil) {
    counts.append(Int32(truncatingIfNeeded: cells.count - begun))
    begun = cells.count
    if let fraction { coverage.append(fraction) }
  }
}

/// Weights that missing cells may have beyond what is allowed: coordinates in single precision put
/// a place that coincides with a centre a little beside it.
let validSlack = 1e-4
