// Room: Nowcasting. Reading the chosen frames: rain rates on the input's own grid.

internal import Forecasting
internal import Foundation
internal import Grids

/// The rain behind a nowcast, as read.
struct RainFrames {
  /// The frames used, the newest first, in mm h-1 on the input's grid.
  var frames: [AgedRain]
  var grid: HorizontalGrid
  var selection: FrameSelection
  /// The names of the files behind the frames, the oldest first, each once.
  var files: [String]
  /// The times of the frames used, the oldest first.
  var times: [CFTime]
  /// Times of the history without a frame, or with one in which nothing was seen.
  var missing: [CFTime]
  /// What a person should know about the reading.
  var notes: [String]

  /// Reads the frames that `options` ask for.
  ///
  /// **Throws** `GridError` where files cannot be read, `NowcastError` where frames will not do.
  init(_ dataset: GridDataset, _ options: NowcastOptions, _ manifest: ModelManifest) throws {
    let rain = try dataset.precipitationVariable(
      named: options.variable, relation: options.reflectivityRelation)
    let times = try dataset.times(of: rain.variable)
    let sources = try dataset.sources(of: rain.variable)
    selection = try FrameSelection(
      times: times, referenceTime: options.referenceTime, history: manifest.history,
      motion: manifest.motion)
    grid = try dataset.grid(of: rain.variable)
    missing = selection.missing
    notes = rain.notes
    frames = []
    files = []
    self.times = []
    var negative = 0
    for (index, age) in zip(selection.indices, selection.ages) {
      let field = try dataset.rainRate(rain, at: index)
      var plane = Plane(rows: field.height, columns: field.width, values: field.values)
      negative += plane.removeNegatives()
      if plane.validCount == 0 {
        guard age > 0 else {
          throw NowcastError(
            .nothingSeen,
            "\(sources[index]): variable '\(rain.variable.name)': every cell is missing at the "
              + "reference time \(times[index]); choose another with --reference-time")
        }
        missing.append(times[index])
        continue
      }
      frames.append(AgedRain(rain: plane, age: age))
      self.times.insert(times[index], at: 0)
      let name = URL(filePath: sources[index]).lastPathComponent
      if files.first != name { files.insert(name, at: 0) }
    }
    missing.sort()
    guard missing.count <= 1, frames.count >= max(manifest.history.minimumFrames, 2) else {
      throw NowcastError(
        .nothingSeen,
        "variable '\(rain.variable.name)': nothing was seen at "
          + missing.map(\.iso8601).joined(separator: ", ")
          + "; at most one frame of the history may be missing")
    }
    if negative > 0 { notes.append("\(negative) negative rain rates were taken to be 0") }
  }
}

extension Plane {
  /// Makes negative values 0 and infinite ones missing; gives how many were negative.
  fileprivate mutating func removeNegatives() -> Int {
    var count = 0
    for index in values.indices {
      if values[index] < 0 {
        values[index] = 0
        count += 1
      } else if !values[index].isFinite {
        values[index] = .nan
      }
    }
    return count
  }
}
