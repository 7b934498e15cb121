// Room: Nowcasting. A nowcast that is ready to be read, one lead time after the other.

public import Forecasting
public import Grids

/// The fields of one lead time, on the input's grid, row by row along y.
public struct NowcastField: Sendable {
  /// The time since the reference time.
  public let leadTime: Duration
  /// The time at which the fields hold.
  public let time: CFTime
  /// Rain rate in mm h-1; NaN where what arrives was not seen.
  public let rainfallRate: [Float]
  /// For each of the nowcast's thresholds, the probability that rain reaches it; NaN where missing,
  /// empty unless asked for.
  public let probabilities: [[Float]]
  /// What a reader must know about each cell.
  public let quality: [NowcastQuality]
}

/// One stage of the work and how long it took.
public struct NowcastStage: Sendable, Equatable {
  /// What was done: `read`, `motion`, `history`, `network`, `fields`, `write`.
  public var name: String
  /// Seconds of wall time.
  public var seconds: Double
}

/// A nowcast from one reference time: a sequence of fields, one a lead time, each made when its turn
/// comes.
///
/// Making a field blocks its thread for some milliseconds. Iterating twice makes the same fields
/// twice, bit by bit.
public struct Nowcast: AsyncSequence, Sendable {
  /// A lead time's fields.
  public typealias Element = NowcastField

  /// The model behind it.
  public let model: ModelPackage
  /// What was asked for.
  public let options: NowcastOptions
  /// The lead times, ascending.
  public let leadTimes: [Duration]
  /// The time from which it forecasts.
  public let referenceTime: CFTime
  /// The grid of its fields, that of the input.
  public let grid: HorizontalGrid
  /// The thresholds of its probabilities, in mm h-1.
  public let thresholds: [Float]
  /// The times of the frames that it was made from, ascending.
  public let inputTimes: [CFTime]
  /// The times of the history that had no frame, or one in which nothing was seen.
  public let missingTimes: [CFTime]
  /// The names of the files that the frames came from.
  public let inputFiles: [String]
  /// What a person should know: guesses about the input, ranges that were left.
  public let notes: [String]
  /// The stages behind it and their times.
  public let stages: [NowcastStage]
  /// The mean speed of the motion over the grid, in km h-1.
  public let meanSpeed: Double

  let motion: Motion
  let working: WorkingFrames
  let exceedance: Exceedance
  let quality: QualityMap

  init(
    model: ModelPackage, options: NowcastOptions, input: RainFrames, working: WorkingFrames,
    motion: Motion, moving: MovingFrame, exceedance: Exceedance, leadTimes: [Duration],
    stages: [NowcastStage]
  ) {
    self.model = model
    self.options = options
    self.leadTimes = leadTimes
    self.motion = motion
    self.working = working
    self.exceedance = exceedance
    self.stages = stages
    referenceTime = input.selection.referenceTime
    grid = input.grid
    thresholds = exceedance.thresholds
    inputTimes = input.times
    missingTimes = input.missing
    inputFiles = input.files
    meanSpeed = motion.meanSpeed * working.spacing * 60
    let range = TrainedRangeCheck(
      model.manifest.trainedRange, spacing: working.inputSpacing, step: input.selection.step,
      lead: leadTimes.last?.inMinutes ?? 0)
    quality = QualityMap(input, moving, working.factor, range)
    var notes = input.notes + range.notes
    if moving.isShort {
      let longest = model.manifest.history.agesMinutes.last ?? 0
      notes.append(
        "the history is shorter than the \(Duration.seconds(60 * longest).iso8601) that the model "
          + "sees; the oldest frame stands for what is older")
    }
    if !missingTimes.isEmpty {
      let times = missingTimes.map(\.iso8601).joined(separator: ", ")
      notes.append("the frame of \(times) is missing and was bridged from its neighbours")
    }
    self.notes = notes
  }

  /// Makes fields one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private var maker: FieldMaker

    fileprivate init(_ nowcast: Nowcast) { maker = FieldMaker(nowcast) }

    /// The next lead time's fields, or nil after the last.
    public mutating func next() async -> NowcastField? { maker.next() }
  }

  /// Starts with the first lead time.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// Walks from lead time to lead time: each path is the last one followed a step further back.
struct FieldMaker {
  private let nowcast: Nowcast
  private var path: Displacement
  private var minutes = 0.0
  private var index = 0

  init(_ nowcast: Nowcast) {
    self.nowcast = nowcast
    path = Advection.displacement(nowcast.motion, minutes: 0)
  }

  mutating func next() -> NowcastField? {
    guard index < nowcast.leadTimes.count else { return nil }
    let leadTime = nowcast.leadTimes[index]
    index += 1
    path = Advection.extended(
      path, along: nowcast.motion, by: leadTime.inMinutes - minutes,
      settings: nowcast.model.manifest.advection)
    minutes = leadTime.inMinutes
    let working = nowcast.exceedance.fields(
      at: minutes, along: path, withProbabilities: nowcast.options.probabilities)
    let fields = Resampling.refined(
      [working.rate] + working.probabilities, by: nowcast.working.factor,
      rows: nowcast.grid.height, columns: nowcast.grid.width)
    return NowcastField(
      leadTime: leadTime, time: nowcast.referenceTime.advanced(by: leadTime),
      rainfallRate: fields[0].values, probabilities: fields.dropFirst().map(\.values),
      quality: nowcast.quality.flags(of: fields[0], along: path))
  }
}
