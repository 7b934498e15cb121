// Room: Grids. Gives target cells that a method cannot reach the nearest valid source cell's value.

/// Fills what is missing after a regridding from the nearest source cells that have values.
struct NearestExtrapolation {
  let source: GridGeometry
  let target: GridGeometry
  let wanted: [Bool]?
  let sourceMask: [Bool]?
  let threads: Int
  private var mask: [Bool] = []
  private var links: [(target: Int, source: Int)] = []

  init(
    source: GridGeometry, target: GridGeometry, wanted: [Bool]?, sourceMask: [Bool]?, threads: Int
  ) {
    self.source = source
    self.target = target
    self.wanted = wanted
    self.sourceMask = sourceMask
    self.threads = threads
  }

  /// Fills the missing cells of one layer; layers with the same missing cells share one search.
  mutating func fill(_ result: inout [Float], layer: Int, from values: [Float]) {
    let (first, offset) = (layer * target.count, layer * source.count)
    var valid = [Bool](repeating: true, count: source.count)
    for cell in valid.indices {
      valid[cell] = !values[offset + cell].isNaN && (sourceMask?[cell] ?? true)
    }
    if valid != mask {
      mask = valid
      let missing = (0..<target.count).filter {
        result[first + $0].isNaN && (wanted?[$0] ?? true)
      }
      links = search(missing)
    }
    for link in links { result[first + link.target] = values[offset + link.source] }
  }

  private func search(_ missing: [Int]) -> [(target: Int, source: Int)] {
    guard !missing.isEmpty else { return [] }
    let search = NearestSearch(
      source, mask: mask.allSatisfy { $0 } ? nil : mask, threads: threads)
    return Parallel.mapRanges(missing.count, of: 1024, threads: threads) { range in
      missing[range].compactMap { cell -> (target: Int, source: Int)? in
        let place = target.centre(row: cell / target.width, column: cell % target.width)
        return search.nearest(longitude: place.longitude, latitude: place.latitude)
          .map { (cell, $0) }
      }
    }.flatMap { $0 }
  }
}
