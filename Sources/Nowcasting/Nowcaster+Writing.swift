// Room: Nowcasting. A nowcast as a CF NetCDF file, one lead time on disk before the next is made.

internal import Forecasting
public import Foundation
public import Grids

/// What a finished nowcast was made of and how long it took.
public struct NowcastReport: Sendable {
  /// The file that was written.
  public let output: URL
  /// The time from which it forecasts.
  public let referenceTime: CFTime
  /// Its lead times.
  public let leadTimes: [Duration]
  /// The times of the frames that it was made from.
  public let inputTimes: [CFTime]
  /// The times of the history that had no frame and were bridged.
  public let missingTimes: [CFTime]
  /// What a person should know.
  public let notes: [String]
  /// The stages of the work and their times, in order.
  public let stages: [NowcastStage]
  /// Rows and columns of the grid.
  public let gridSize: (height: Int, width: Int)
  /// The mean speed of the motion, in km h-1.
  public let meanSpeed: Double
  /// The largest rain rate of each lead time, in mm h-1; NaN where all is missing.
  public let maximumRates: [Float]
}

extension Nowcaster {
  /// Makes a nowcast and writes it to `url`, whole or not at all.
  ///
  /// Each lead time is on disk before the next one is made; `progress` hears how many are done and
  /// of how many. The same input gives the same bytes: the file holds no clock time unless `metadata`
  /// has one; that is also where creator, licence and the like come from.
  /// **Throws** `GridError` where files cannot be read or written, `NowcastError` where frames will
  /// not do, `CancellationError` when the task is cancelled.
  @discardableResult
  public func nowcast(
    _ dataset: GridDataset, options: NowcastOptions = NowcastOptions(), writingTo url: URL,
    metadata: FileMetadata = FileMetadata(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> NowcastReport {
    let nowcast = try prepare(dataset, options: options)
    let writer = try FieldWriter(
      path: url.path(percentEncoded: false), description: nowcast.fileDescription(metadata))
    let clock = ContinuousClock()
    var (making, writing) = (Duration.zero, Duration.zero)
    var maximumRates: [Float] = []
    do {
      var maker = FieldMaker(nowcast)
      var start = clock.now
      progress(0, nowcast.leadTimes.count)
      while let field = maker.next() {
        try Task.checkCancellation()
        let made = clock.now
        try writer.append(leadTime: field.leadTime, values: nowcast.values(of: field))
        maximumRates.append(field.maximumRate)
        progress(maximumRates.count, nowcast.leadTimes.count)
        making += made - start
        start = clock.now
        writing += start - made
      }
      try writer.commit()
      writing += clock.now - start
    } catch {
      writer.abandon()
      throw error
    }
    return NowcastReport(
      output: url, referenceTime: nowcast.referenceTime, leadTimes: nowcast.leadTimes,
      inputTimes: nowcast.inputTimes, missingTimes: nowcast.missingTimes, notes: nowcast.notes,
      stages: nowcast.stages + [
        NowcastStage(name: "fields", seconds: making.inSeconds),
        NowcastStage(name: "write", seconds: writing.inSeconds),
      ],
      gridSize: (nowcast.grid.height, nowcast.grid.width), meanSpeed: nowcast.meanSpeed,
      maximumRates: maximumRates)
  }
}

extension NowcastField {
  fileprivate var maximumRate: Float {
    var largest = Float.nan
    for rate in rainfallRate where !(rate <= largest) && rate == rate { largest = rate }
    return largest
  }
}
