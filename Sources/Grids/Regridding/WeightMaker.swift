// Room: Grids. Chooses how weights are made, and makes them in parts on several threads.

/// Makes the weights of one regridding.
struct WeightMaker: Sendable {
  let source: GridGeometry
  let target: GridGeometry
  let method: RegridMethod
  let options: RegridOptions

  /// Target cells that a thread takes at once.
  private static let cellsAtOnce = 8192

  func make() throws(GridError) -> RegridWeights {
    guard source.count > 0, source.count <= Int(Int32.max), target.count > 0 else {
      throw GridError(.layout, "a grid of \(source.count) cells cannot be regridded")
    }
    switch method {
    case .nearest: return nearest()
    case .bilinear, .bicubic: return bilinear(isCubic: method == .bicubic)
    case .conservative, .conservative2:
      return ConservativeWeights(
        source: source, target: target, options: options,
        isSecondOrder: method == .conservative2
      ).make()
    }
  }

  /// Joins the rows that `body` makes for parts of the target grid, less those not asked for.
  private func collect(
    terms: Int = 1, _ body: @Sendable (Range<Int>) -> WeightRows
  ) -> RegridWeights {
    let parts = Parallel.mapRanges(
      target.count, of: Self.cellsAtOnce, threads: options.threadCount, body)
    return RegridWeights(
      sourceCount: source.count, terms: terms, parts: parts, hasCoverage: false
    ).masked(
      source: method == .nearest ? nil : options.sourceMask,
      target: options.targetMask, minimum: options.minimum(for: method))
  }

  private func nearest() -> RegridWeights {
    let search = NearestSearch(source, mask: options.sourceMask, threads: options.threadCount)
    let maker = NearestWeights(
      search: search, source: source, target: target,
      reachesOutside: options.extrapolation == .nearest)
    return collect { maker.rows($0) }
  }

  private func bilinear(isCubic: Bool) -> RegridWeights {
    let terms = isCubic ? 4 : 1
    switch source.shape {
    case .rectilinear(let geometry):
      let maker = RectilinearBilinear(geometry, target, pole: options.pole, isCubic: isCubic)
      return collect(terms: terms) { maker.rows($0) }
    case .curvilinear(let geometry):
      let maker = CurvilinearBilinear(
        mesh: CentreMesh(geometry, threads: options.threadCount),
        target: target, isCubic: isCubic)
      return collect(terms: terms) { maker.rows($0) }
    }
  }
}
