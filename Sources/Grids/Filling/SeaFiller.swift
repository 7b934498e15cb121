// Room: Grids. Fills values that are missing where a model has sea.

internal import Foundation

/// Fills missing values of layers on one grid, under a mask of the cells that need a value.
///
/// ```swift
/// let filler = SeaFiller(geometry, method: .diffusion())
/// let report = try filler.fill(&layer, where: modelSea)
/// ```
public struct SeaFiller: Sendable {
  /// Where a missing cell's value comes from.
  public enum Method: Sendable, Equatable {
    /// The nearest cell on the sphere that has a value; equally near ones: the first.
    case nearest
    /// The mean of its neighbours, which are filled too: the solution of Laplace's equation between
    /// the values that are there. Sweeps until no cell changes by more than `tolerance` of the
    /// range of the values, `sweeps` at most.
    case diffusion(tolerance: Double = 1e-5, sweeps: Int = 5000)
  }

  /// The grid.
  public let geometry: GridGeometry
  /// Where values come from.
  public let method: Method
  /// Missing cells further than this from any value stay missing; nil for no limit. Kilometres.
  public let maximumKilometres: Double?
  private let threads: Int
  private let centres: [Vector]

  /// Makes a filler for layers on `geometry`.
  public init(
    _ geometry: GridGeometry, method: Method = .nearest, maximumKilometres: Double? = nil,
    threads: Int? = nil
  ) {
    self.geometry = geometry
    self.method = method
    self.maximumKilometres = maximumKilometres
    self.threads = max(1, threads ?? Parallel.processorCount)
    centres = geometry.centreVectors(threads: self.threads)
  }

  /// Fills the missing cells of layers that `mask` wants, and says what was done.
  ///
  /// - Parameters:
  ///   - layers: `height × width` values, or several such layers one after another, NaN where
  ///     missing. Values outside the mask are used and stay as they are.
  ///   - mask: the cells that need a value (true): one layer, or as many as there are layers; nil
  ///     for all.
  ///
  /// Edge cases: a layer without any value stays as it is and is reported as remaining.
  /// Throws: `GridError` with code `misuse` where sizes do not agree.
  @discardableResult
  public func fill(
    _ layers: inout [Float], where mask: [Bool]? = nil
  ) throws(GridError) -> FillReport {
    let count = geometry.count
    guard count > 0, layers.count % count == 0,
      mask == nil || mask?.count == count || mask?.count == layers.count
    else {
      throw GridError(
        .misuse,
        "\(layers.count) values and a mask of \(mask?.count ?? 0) do not fit a grid of \(count) cells"
      )
    }
    var report = FillReport()
    for start in stride(from: 0, to: layers.count, by: count) {
      var layer = Array(layers[start..<start + count])
      let offset = mask?.count == count ? 0 : start
      let wanted = (0..<count).filter { layer[$0].isNaN && (mask?[offset + $0] ?? true) }
      guard !wanted.isEmpty else { continue }
      report = report + fill(&layer, wanted)
      layers.replaceSubrange(start..<start + count, with: layer)
    }
    return report
  }

  private func fill(_ layer: inout [Float], _ wanted: [Int]) -> FillReport {
    let valid = layer.map { !$0.isNaN }
    guard valid.contains(true) else { return FillReport(remaining: wanted.count) }
    let tree = PointTree(
      centres, width: geometry.width, height: geometry.height, isValid: valid, threads: threads)
    let found = Parallel.mapRanges(wanted.count, of: 1024, threads: threads) { range in
      wanted[range].map { tree.nearest(to: centres[$0]) }
    }.flatMap { $0 }
    var report = FillReport()
    var cells: [Int] = []
    for (cell, nearest) in zip(wanted, found) {
      guard let nearest else { continue }
      // The angle over a chord.
      let distance =
        2 * asin(min(1, nearest.distance.squareRoot() / 2)) * GridGeometry.earthRadius / 1000
      if let maximumKilometres, distance > maximumKilometres { continue }
      layer[cell] = layer[nearest.element]
      report.farthestKilometres = max(report.farthestKilometres, distance)
      cells.append(cell)
    }
    report.filled = cells.count
    report.remaining = wanted.count - cells.count
    if case .diffusion(let tolerance, let sweeps) = method {
      Diffusion(geometry).relax(&layer, cells, tolerance: tolerance, sweeps: sweeps)
    }
    return report
  }
}

/// Laplace's equation on the cells that are filled.
private struct Diffusion {
  private let width: Int
  private let height: Int
  private let isCyclic: Bool

  init(_ geometry: GridGeometry) {
    width = geometry.width
    height = geometry.height
    isCyclic = geometry.isCyclic
  }

  /// Successive over-relaxation, in the order of the cells, so that the result is always the same.
  ///
  /// Starts from the nearest values. Cells without a value around them are no neighbours.
  /// Source: Young (1954).
  func relax(_ layer: inout [Float], _ cells: [Int], tolerance: Double, sweeps: Int) {
    var values = layer.map(Double.init)
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), high > low else { return }
    let enough = max(0, tolerance) * (high - low)
    let neighbours = cells.map { self.neighbours($0, values) }
    let size = Double(max(2, min(width, height, cells.count)))
    let factor = 2 / (1 + sin(.pi / size))
    for _ in 0..<max(0, sweeps) {
      var change = 0.0
      for (index, cell) in cells.enumerated() {
        let around = neighbours[index]
        guard around[4] > 0 else { continue }
        var sum = 0.0
        for side in 0..<around[4] { sum += values[around[side]] }
        let step = factor * (sum / Double(around[4]) - values[cell])
        values[cell] += step
        change = max(change, abs(step))
      }
      if change <= enough { break }
    }
    for cell in cells { layer[cell] = Float(min(high, max(low, values[cell]))) }
  }

  /// The cells around one that have values, and in the fifth place how many they are.
  private func neighbours(_ cell: Int, _ values: [Double]) -> SIMD8<Int> {
    let (row, column) = (cell / width, cell % width)
    var result = SIMD8<Int>()
    func add(_ other: Int) {
      guard !values[other].isNaN else { return }
      result[result[4]] = other
      result[4] += 1
    }
    if column > 0 { add(cell - 1) } else if isCyclic { add(cell + width - 1) }
    if column + 1 < width { add(cell + 1) } else if isCyclic { add(cell - width + 1) }
    if row > 0 { add(cell - width) }
    if row + 1 < height { add(cell + width) }
    return result
  }
}
