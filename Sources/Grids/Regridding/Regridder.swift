// Room: Grids. Takes values from one horizontal grid to another.

/// Values from one horizontal grid to another, by weights that are computed once.
///
/// ```swift
/// let regridder = try Regridder(from: source, to: target, method: .bilinear)
/// let layers = try regridder.apply(values)  // any number of layers, one after another
/// ```
///
/// A missing value is NaN. It is left out, and the others take its weight, as long as the valid
/// ones have the part of the weights that `RegridOptions.minimumValidFraction` asks for: masks may
/// differ between layers.
public final class Regridder: Sendable {
  /// Where the values come from.
  public let source: GridGeometry
  /// Where the values go.
  public let target: GridGeometry
  /// How they go.
  public let method: RegridMethod
  /// What was asked for.
  public let options: RegridOptions
  /// The sparse matrix.
  public let weights: RegridWeights
  /// What became of the folder of weights.
  public let cacheStatus: WeightCacheStatus

  /// Computes the weights between two grids.
  ///
  /// Throws: `GridError` with code `layout` for a grid without places on Earth, `misuse` for masks
  /// of another size.
  public convenience init(
    from source: HorizontalGrid, to target: HorizontalGrid, method: RegridMethod,
    options: RegridOptions = RegridOptions()
  ) throws(GridError) {
    try self.init(
      from: source.geometry(), to: target.geometry(), method: method, options: options)
  }

  /// Computes the weights between two geometries.
  ///
  /// Throws: `GridError` with code `misuse` for masks of another size than their grids.
  public init(
    from source: GridGeometry, to target: GridGeometry, method: RegridMethod,
    options: RegridOptions = RegridOptions()
  ) throws(GridError) {
    for (mask, geometry, name) in [
      (options.sourceMask, source, "source"), (options.targetMask, target, "target"),
    ] where mask != nil && mask?.count != geometry.count {
      throw GridError(
        .misuse,
        "the \(name) mask has \(mask?.count ?? 0) cells, its grid \(geometry.count)")
    }
    self.source = source
    self.target = target
    self.method = method
    self.options = options
    let maker = WeightMaker(source: source, target: target, method: method, options: options)
    if let folder = options.cacheFolder {
      let cache = WeightCache(
        folder: folder, source: source, target: target, method: method, options: options)
      (weights, cacheStatus) = try cache.weights { () throws(GridError) in try maker.make() }
    } else {
      weights = try maker.make()
      cacheStatus = .unused
    }
  }

  /// The number of target cells that no source cell reaches (beside those that were not asked for).
  public var unmappedCount: Int {
    guard let mask = options.targetMask else { return weights.unmappedCount }
    var count = 0
    for target in 0..<weights.targetCount
    where mask[target] && weights.starts[target] == weights.starts[target + 1] { count += 1 }
    return count
  }

  /// The layers on the target grid.
  ///
  /// - Parameter layers: `height × width` values of the source grid, or several such layers one
  ///   after another; NaN where missing.
  /// Throws: `GridError` with code `misuse` where the values are no whole number of layers.
  public func apply(_ layers: [Float]) throws(GridError) -> [Float] {
    let (count, rest) = layers.count.quotientAndRemainder(dividingBy: max(1, source.count))
    guard rest == 0 else {
      throw GridError(
        .misuse, "\(layers.count) values are no whole number of layers of \(source.count) cells")
    }
    let rule = MissingRule(
      minimum: options.minimum(for: method),
      renormalises: options.normalisation == .fraction || !method.isConservative)
    var planes = [layers]
    planes += gradients(layers, layerCount: count)
    var result = weights.apply(
      planes, layerCount: count, missing: rule, threads: options.threadCount)
    if options.extrapolation == .nearest {
      var extrapolation = NearestExtrapolation(
        source: source, target: target, wanted: options.targetMask,
        sourceMask: options.sourceMask, threads: options.threadCount)
      for layer in 0..<count { extrapolation.fill(&result, layer: layer, from: layers) }
    }
    return result
  }
}

extension Regridder {
  /// The layers of gradients that the weights' further terms multiply.
  private func gradients(_ layers: [Float], layerCount: Int) -> [[Float]] {
    switch method {
    case .nearest, .bilinear, .conservative: []
    case .bicubic:
      IndexGradients(
        width: source.width, height: source.height, isCyclic: source.isCyclic,
        threads: options.threadCount
      ).gradients(of: unmasked(layers), layerCount: layerCount)
    case .conservative2:
      SourceGradients(source, threads: options.threadCount)
        .gradients(of: unmasked(layers), layerCount: layerCount)
    }
  }

  /// The layers with NaN where the source mask says so, and in cells that are nowhere.
  private func unmasked(_ layers: [Float]) -> [Float] {
    var excluded: [Int] = []
    if let mask = options.sourceMask { excluded = mask.indices.filter { !mask[$0] } }
    if !source.isRectilinear {
      excluded += source.centres().longitudes.indices.filter {
        let place = source.centre(row: $0 / source.width, column: $0 % source.width)
        return !(place.longitude.isFinite && place.latitude.isFinite)
      }
    }
    if excluded.isEmpty { return layers }
    var layers = layers
    for start in stride(from: 0, to: layers.count, by: source.count) {
      for cell in excluded { layers[start + cell] = .nan }
    }
    return layers
  }
}

extension RegridMethod {
  /// Whether integrals are kept.
  public var isConservative: Bool { self == .conservative || self == .conservative2 }
}
