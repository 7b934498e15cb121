// Room: Nowcasting. What may be asked of a nowcast.

internal import Forecasting
public import Grids

/// What is asked of a nowcast.
public struct NowcastOptions: Sendable {
  /// The variable that is the rain; nil finds it by its CF name and units.
  public var variable: String?
  /// The time from which to forecast; nil takes the newest frame's. Later frames are not read.
  public var referenceTime: CFTime?
  /// How far to forecast.
  public var leadTime: Duration
  /// The time between forecast fields.
  public var step: Duration
  /// Whether to give the probabilities of reaching the model's thresholds too.
  public var probabilities: Bool
  /// The relation that turns reflectivity into rain; nil refuses reflectivity.
  public var reflectivityRelation: ReflectivityRelation?

  /// Options; by default ninety minutes in steps of ten from the newest frame.
  public init(
    variable: String? = nil, referenceTime: CFTime? = nil, leadTime: Duration = .seconds(90 * 60),
    step: Duration = .seconds(10 * 60), probabilities: Bool = false,
    reflectivityRelation: ReflectivityRelation? = nil
  ) {
    self.variable = variable
    self.referenceTime = referenceTime
    self.leadTime = leadTime
    self.step = step
    self.probabilities = probabilities
    self.reflectivityRelation = reflectivityRelation
  }

  /// The lead times asked for, checked against what the model answers.
  ///
  /// **Throws** `NowcastError.option`.
  func leadTimes(_ output: ExceedanceOutput) throws(NowcastError) -> [Duration] {
    let longest = output.leadsMinutes.last ?? 0
    guard step >= .seconds(1) else {
      throw NowcastError(
        .option, "a step of \(step.iso8601) between lead times is too short; give at least PT1S")
    }
    guard leadTime >= step else {
      throw NowcastError(
        .option,
        "the lead time \(leadTime.iso8601) is shorter than the step \(step.iso8601); give a longer "
          + "lead time or a shorter step")
    }
    guard leadTime.inMinutes <= longest + 1e-9 else {
      throw NowcastError(
        .option,
        "the lead time \(leadTime.iso8601) is beyond the model's last, "
          + "\(Duration.seconds(longest * 60).iso8601); give one up to that")
    }
    let count = Int((leadTime / step).rounded(.down))
    guard count <= 10_000 else {
      throw NowcastError(
        .option, "a step of \(step.iso8601) makes \(count) lead times; give a longer step")
    }
    guard step * count == leadTime else {
      throw NowcastError(
        .option,
        "the lead time \(leadTime.iso8601) is no multiple of the step \(step.iso8601); give one "
          + "that is")
    }
    return (1...count).map { step * $0 }
  }
}
