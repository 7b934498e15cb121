// Room: Nowcasting. The room's front door: frames in, the next hours' fields out.

public import Forecasting
public import Grids
public import Networks

/// Makes nowcasts with one model; safe to use from several tasks at once.
///
/// ```swift
/// let nowcaster = try Nowcaster(model: ModelPackage(contentsOf: folder))
/// for await field in try nowcaster.prepare(GridDataset(contentsOf: files)) {
///   print(field.leadTime, field.rainfallRate.max() ?? 0)
/// }
/// ```
public final class Nowcaster: Sendable {
  /// The model behind the nowcasts.
  public let model: ModelPackage

  private let network: CompiledNetwork
  private let tiling: Tiling

  /// The fewest rows and columns of a working grid: less has no motion to speak of.
  private static let smallestGrid = 16

  /// Compiles the model's network, which may take `memoryLimit` bytes where that is given, to be
  /// computed as exactly as `precision` says.
  ///
  /// **Throws** `ForecastError.unusableNetwork`.
  public convenience init(
    model: ModelPackage, memoryLimit: Int? = nil, precision: CompiledNetwork.Precision = .full
  ) throws(ForecastError) {
    try self.init(
      model: model, tiling: Tiling(), memoryLimit: memoryLimit, precision: precision)
  }

  /// Compiles the model's network, to be run on pieces of the grid as `tiling` says.
  package init(
    model: ModelPackage, tiling: Tiling, memoryLimit: Int? = nil,
    precision: CompiledNetwork.Precision = .full
  ) throws(ForecastError) {
    self.model = model
    self.tiling = tiling
    var options = CompiledNetwork.Options(memoryLimit: memoryLimit)
    options.precision = precision
    network = try model.compile(options: options)
  }

  /// Reads the frames, finds their motion and runs the network; the fields are made one by one as
  /// they are asked for.
  ///
  /// Blocks its thread for as long as that takes, a second or so.
  /// **Throws** `GridError` where files cannot be read, `NowcastError` where frames will not do.
  public func prepare(
    _ dataset: GridDataset, options: NowcastOptions = NowcastOptions()
  ) throws -> Nowcast {
    let manifest = model.manifest
    let clock = ContinuousClock()
    var stages: [NowcastStage] = []
    func timed<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
      let start = clock.now
      defer { stages.append(NowcastStage(name: name, seconds: (clock.now - start).inSeconds)) }
      return try body()
    }

    let leadTimes = try options.leadTimes(manifest.output)
    let input = try timed("read") { try RainFrames(dataset, options, manifest) }
    let working = try WorkingFrames(input, manifest.grid, smallest: Self.smallestGrid)
    let motion = timed("motion") {
      MotionEstimator.motion(
        of: working.frames.reversed().map(\.rain),
        minutes: working.frames.reversed().map { -$0.age },
        settings: manifest.motion)
    }
    let moving = timed("history") {
      MovingFrame(
        working.frames, motion: motion, history: manifest.history, advection: manifest.advection)
    }
    let needed = manifest.output.leadsMinutes.count {
      $0 < (leadTimes.last?.inMinutes ?? 0) - 1e-9
    }
    let exceedance = try timed("network") {
      try NetworkFeed(
        network: network, manifest: manifest, spacing: working.spacing, tiling: tiling
      )
      .exceedance(moving, leadCount: min(needed + 1, manifest.output.leadsMinutes.count))
    }
    return Nowcast(
      model: model, options: options, input: input, working: working, motion: motion,
      moving: moving, exceedance: exceedance, leadTimes: leadTimes, stages: stages)
  }
}

/// The frames on the network's working grid.
struct WorkingFrames: Sendable {
  /// The newest first, mm h-1.
  let frames: [AgedRain]
  /// Input cells along each side of a working cell.
  let factor: Int
  /// The working grid's spacing in kilometres.
  let spacing: Double
  /// The input grid's spacing in kilometres.
  let inputSpacing: Double

  init(_ input: RainFrames, _ rule: WorkingGrid, smallest: Int) throws(NowcastError) {
    guard let distance = input.grid.spacingKilometres, distance.x > 0, distance.y > 0,
      distance.x.isFinite, distance.y.isFinite
    else {
      throw NowcastError(
        .grid,
        "nothing says how far apart the cells are along '\(input.grid.x.name)' and "
          + "'\(input.grid.y.name)'; give the coordinates units of length or of degrees")
    }
    // Cells that are not square are as large as the square of the same area.
    inputSpacing = (distance.x * distance.y).squareRoot()
    factor = rule.coarsening(ofSpacing: inputSpacing)
    spacing = inputSpacing * Double(factor)
    let factor = factor
    frames = input.frames.map {
      AgedRain(rain: Resampling.coarsened($0.rain, by: factor), age: $0.age)
    }
    guard frames.allSatisfy({ min($0.rain.rows, $0.rain.columns) >= smallest }) else {
      let needed = smallest * factor
      throw NowcastError(
        .grid,
        "the grid of \(input.grid.height) × \(input.grid.width) cells is too small for a nowcast; "
          + "give at least \(needed) × \(needed)")
    }
  }
}
