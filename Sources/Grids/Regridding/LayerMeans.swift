// Room: Grids. Means over layers from means over other layers.

/// The edges of layers, each from its lower to its higher coordinate.
struct LayerEdges: Sendable {
  private(set) var edges: [(low: Double, high: Double)]

  /// The layers of an axis: its bounds, or halfway between levels, from the surface where depth
  /// begins near it.
  init(_ axis: VerticalAxis) throws(GridError) {
    if let bounds = axis.bounds, bounds.count == 2 * axis.count, bounds.allSatisfy(\.isFinite) {
      edges = axis.values.indices.map {
        (min(bounds[2 * $0], bounds[2 * $0 + 1]), max(bounds[2 * $0], bounds[2 * $0 + 1]))
      }
      return
    }
    let values = axis.values
    guard values.count > 1, values.allSatisfy(\.isFinite),
      zip(values, values.dropFirst()).allSatisfy({ $0 != $1 })
    else {
      throw GridError(
        .layout, variable: axis.name, "the layers' edges are not known; add bounds to the levels")
    }
    var middles = RectilinearGeometry.midpoints(values, period: nil)
    if axis.kind == .depth {
      for index in middles.indices where middles[index] * (values.max() ?? 0) < 0 {
        middles[index] = 0
      }
    }
    edges = values.indices.map {
      (min(middles[2 * $0], middles[2 * $0 + 1]), max(middles[2 * $0], middles[2 * $0 + 1]))
    }
  }

  mutating func convert(_ body: (Double) -> Double) {
    edges = edges.map {
      let (a, b) = (body($0.low), body($0.high))
      return (min(a, b), max(a, b))
    }
  }
}

/// Sparse weights from layers to layers.
struct LayerMeans: Sendable {
  private let links: [[(layer: Int, thickness: Double)]]
  private let sourceCount: Int
  private let threads: Int

  init(from source: LayerEdges, to target: LayerEdges, threads: Int) {
    sourceCount = source.edges.count
    self.threads = threads
    links = target.edges.map { wanted in
      source.edges.enumerated().compactMap { index, layer in
        let thickness = min(wanted.high, layer.high) - max(wanted.low, layer.low)
        return thickness > 1e-9 * (wanted.high - wanted.low) ? (index, thickness) : nil
      }
    }
  }

  /// The means over the parts of the target layers that valid source layers cover.
  func apply(_ values: [Float]) throws(GridError) -> [Float] {
    let (cells, rest) = values.count.quotientAndRemainder(dividingBy: max(1, sourceCount))
    guard sourceCount > 0, rest == 0 else {
      throw GridError(
        .misuse, "\(values.count) values are no whole number of cells of \(sourceCount) levels")
    }
    return Parallel.map(links.count, threads: threads) { index in
      (0..<cells).map { cell -> Float in
        var (sum, covered) = (0.0, 0.0)
        for link in links[index] {
          let value = values[link.layer * cells + cell]
          guard !value.isNaN else { continue }
          sum += link.thickness * Double(value)
          covered += link.thickness
        }
        return covered > 0 ? Float(sum / covered) : .nan
      }
    }.flatMap { $0 }
  }
}
