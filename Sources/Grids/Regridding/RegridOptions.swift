// Room: Grids. What a regridding is asked to do.

/// How values on one grid become values on another.
public enum RegridMethod: String, Sendable, CaseIterable {
  /// The value of the cell whose centre is nearest on the sphere; equally near ones: the first.
  case nearest
  /// Bilinear between the four centres around a place, in longitude and latitude.
  case bilinear
  /// Bicubic between four centres, from their values and their gradients along the grid's own two
  /// directions (as CDO's `remapbic`).
  case bicubic
  /// The mean over the area of the target cell: first-order conservative.
  case conservative
  /// As conservative, with gradients inside source cells: second order.
  case conservative2
}

/// How a regridding treats masks, edges and missing values.
public struct RegridOptions: Sendable, Equatable {
  /// What a conservative mean is divided by.
  public enum Normalisation: String, Sendable {
    /// By the part of the target cell that valid source cells cover: a mean of what is there.
    case fraction
    /// By the whole target cell: a flux, whose integral is kept.
    case destination
  }

  /// What target cells get that the method cannot reach.
  public enum Extrapolation: String, Sendable {
    /// They are missing.
    case none
    /// The value of the nearest valid source cell.
    case nearest
  }

  /// What stands beyond the last row of a cyclic grid that ends less than a row from a pole.
  public enum Pole: String, Sendable {
    /// A pole whose value is the mean of the last row (as ESMF and xESMF do).
    case average
    /// The four nearest centres, weighted by inverse distance (as CDO and SCRIP do).
    case nearestFour
    /// Nothing.
    case none
  }

  /// What a conservative mean is divided by.
  public var normalisation: Normalisation
  /// What target cells get that the method cannot reach.
  public var extrapolation: Extrapolation
  /// What stands between the last row and the pole, for bilinear and bicubic.
  public var pole: Pole
  /// The part of its weights, 0 to 1, that a target cell needs in valid source cells. Nil: any for
  /// nearest and conservative, all for the others.
  public var minimumValidFraction: Double?
  /// Source cells that hold values (true), or nil for all. Values of other cells are never used.
  public var sourceMask: [Bool]?
  /// Target cells that are wanted (true), or nil for all. The others are missing.
  public var targetMask: [Bool]?
  /// The folder in which weights are kept for the next time, or nil.
  public var cacheFolder: String?
  /// The number of threads; nil for as many as there are processors. Results do not depend on it.
  public var threads: Int?

  /// Makes options.
  public init(
    normalisation: Normalisation = .fraction, extrapolation: Extrapolation = .none,
    pole: Pole = .average, minimumValidFraction: Double? = nil, sourceMask: [Bool]? = nil,
    targetMask: [Bool]? = nil, cacheFolder: String? = nil, threads: Int? = nil
  ) {
    self.normalisation = normalisation
    self.extrapolation = extrapolation
    self.pole = pole
    self.minimumValidFraction = minimumValidFraction
    self.sourceMask = sourceMask
    self.targetMask = targetMask
    self.cacheFolder = cacheFolder
    self.threads = threads
  }

  var threadCount: Int { max(1, threads ?? Parallel.processorCount) }

  /// The valid part that `method` needs.
  func minimum(for method: RegridMethod) -> Double {
    if let minimumValidFraction { return min(1, max(0, minimumValidFraction)) }
    switch method {
    case .nearest, .conservative, .conservative2: return 0
    case .bilinear, .bicubic: return 1
    }
  }
}
