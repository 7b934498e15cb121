// Room: Forecasting. What a model package's manifest says, as values.

/// Everything that `model.yaml` says: how to feed the network and how to read its answer.
///
/// The manifest is the contract between the Python that trained a network and the program that runs
/// it: each number in it is one that training used.
public struct ModelManifest: Sendable {
  /// The package's name, as its folder is called.
  public let name: String
  /// Its version.
  public let version: String
  /// One line that says what the model does.
  public let title: String
  /// The licence of the weights.
  public let licence: String?
  /// What the forecasts are made with: history in, and which form of answer.
  public let kind: Kind
  /// The network's file, relative to the package.
  public let networkFile: String
  /// The SHA-256 that the network's file must have, in hexadecimal digits.
  public let networkSHA256: String?
  /// The grid that the network works on.
  public let grid: WorkingGrid
  /// The past frames that it sees.
  public let history: FrameHistory
  /// Its input.
  public let input: NetworkInput
  /// Its output.
  public let output: ExceedanceOutput
  /// How the motion of rain is found.
  public let motion: MotionSettings
  /// How content is carried along the motion.
  public let advection: AdvectionSettings
  /// What the training data covered.
  public let trainedRange: TrainedRange
  /// Papers and data behind the model.
  public let references: [String]

  /// What a model is for.
  public enum Kind: String, Sendable, CaseIterable {
    /// A few frames of rain in, the next hours' exceedance probabilities out.
    case nowcast
  }
}

/// The grid that a network works on.
public struct WorkingGrid: Sendable, Equatable {
  /// The spacings in kilometres that the network is meant for.
  public let spacingKilometres: ClosedRange<Double>
  /// Finer input than this is coarsened by a whole factor.
  public let coarsenBelowKilometres: Double
  /// The spacing that coarsening aims at.
  public let coarsenToKilometres: Double
  /// Rows and columns are padded to a multiple of this.
  public let multiple: Int

  /// How many input cells make a working cell along each axis.
  ///
  /// **Edge cases**: 1 where the input is not finer than `coarsenBelowKilometres`.
  public func coarsening(ofSpacing kilometres: Double) -> Int {
    guard kilometres > 0, kilometres < coarsenBelowKilometres else { return 1 }
    // Cells of a metre would make one cell of a whole file: no such grid is a rain field.
    return Int(min(max((coarsenToKilometres / kilometres).rounded(), 1), 1000))
  }
}

/// The past frames that a network sees.
public struct FrameHistory: Sendable, Equatable {
  /// How old each slot is at the reference time, in minutes, the newest first.
  public let agesMinutes: [Double]
  /// The fewest frames that make a history.
  public let minimumFrames: Int
  /// The longest time between neighbouring frames, in minutes, that is bridged.
  public let maximumGapMinutes: Double
}

/// A network's input tensor, `[batch, channel, y, x]`, float32.
public struct NetworkInput: Sendable, Equatable {
  /// The tensor's name in the network.
  public let name: String
  /// What each channel holds.
  public let channels: [InputChannel]
}

/// What one channel of a network's input holds.
public enum InputChannel: Sendable, Equatable {
  /// Rain of one slot of the history, transformed.
  case rain(slot: Int, RainTransform)
  /// 1 where the newest slot was seen, else 0.
  case seenNow
  /// 1 where every slot was seen, else 0.
  case seenAlways
  /// The base-2 logarithm of the working grid's spacing in kilometres, everywhere.
  case log2Spacing
}

/// How a rain rate in mm h-1 becomes a number that a network sees.
public struct RainTransform: Sendable, Equatable {
  /// The curve.
  public enum Curve: String, Sendable, CaseIterable {
    /// log(1 + scale · rain) / divisor.
    case log1p
    /// scale · rain / divisor.
    case linear
  }

  /// The curve.
  public let curve: Curve
  /// Rain is multiplied by this first.
  public let scale: Double
  /// Rain above this, in mm h-1, counts as this.
  public let maximum: Double
  /// The result is divided by this.
  public let divisor: Double
  /// What stands where rain is missing.
  public let missing: Double
}

/// An answer in probabilities, `[batch, lead, threshold, y, x]`, float32: how likely rain reaches
/// each threshold, at cells that move with the rain.
public struct ExceedanceOutput: Sendable, Equatable {
  /// The tensor's name in the network.
  public let name: String
  /// The lead times that the network answers for, in minutes.
  public let leadsMinutes: [Double]
  /// The thresholds in mm h-1.
  public let thresholds: [Double]
  /// The probability at which each threshold counts as reached by the deterministic rate, for each
  /// lead and threshold.
  public let cuts: [[Double]]
}

/// How the motion of rain is found from past frames.
public struct MotionSettings: Sendable, Equatable {
  /// Rain below this, in mm h-1, is as good as none.
  public let floor: Double
  /// Rain above this counts as this.
  public let cap: Double
  /// The most frames used.
  public let maximumFrames: Int
  /// Frames closer than this, in minutes, to one already used are passed over.
  public let minimumStepMinutes: Double
  /// Frames older than this, in minutes, are not used.
  public let maximumAgeMinutes: Double
  /// The pyramid level at which refinement ends.
  public let finestLevel: Int
  /// The coarsest pyramid level.
  public let coarsestLevel: Int
  /// Refinements on each level.
  public let iterations: Int
  /// The radius of the window in cells of a level.
  public let windowRadius: Int
  /// The difference of log-rain at which a pair is believed half.
  public let residualScale: Double
  /// How strongly windows without structure keep their motion.
  public let damping: Double
  /// The fastest motion believed, in working cells a minute.
  public let maximumSpeed: Double

  /// Settings from their numbers.
  public init(
    floor: Double = 0.2, cap: Double = 100, maximumFrames: Int = 4,
    minimumStepMinutes: Double = 9.5, maximumAgeMinutes: Double = 40, finestLevel: Int = 2,
    coarsestLevel: Int = 5, iterations: Int = 3, windowRadius: Int = 5,
    residualScale: Double = 1, damping: Double = 0.02, maximumSpeed: Double = 2.5
  ) {
    self.floor = floor
    self.cap = cap
    self.maximumFrames = maximumFrames
    self.minimumStepMinutes = minimumStepMinutes
    self.maximumAgeMinutes = maximumAgeMinutes
    self.finestLevel = finestLevel
    self.coarsestLevel = coarsestLevel
    self.iterations = iterations
    self.windowRadius = windowRadius
    self.residualScale = residualScale
    self.damping = damping
    self.maximumSpeed = maximumSpeed
  }
}

/// How content is carried along the motion.
public struct AdvectionSettings: Sendable, Equatable {
  /// The longest piece of a trajectory that is taken in one step, in minutes.
  public let stepMinutes: Double
  /// Fixed-point iterations of each step.
  public let iterations: Int

  /// Settings from their numbers.
  public init(stepMinutes: Double = 5, iterations: Int = 3) {
    self.stepMinutes = stepMinutes
    self.iterations = iterations
  }
}

/// What a model's training data covered; outside it a forecast is made, and flagged.
public struct TrainedRange: Sendable, Equatable {
  /// Rain rates in mm h-1.
  public let rainfallRate: ClosedRange<Double>
  /// Spacings of the input grid in kilometres.
  public let spacingKilometres: ClosedRange<Double>
  /// Time between frames in minutes.
  public let stepMinutes: ClosedRange<Double>
  /// Lead times in minutes.
  public let leadMinutes: ClosedRange<Double>
}
