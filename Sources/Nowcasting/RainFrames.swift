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
    grid = try dataset.grid(of: rain.variable)
    notes = rain.notes
    var read: [Int: Plane] = [:]
    var empty: Set<Int> = []
    var negative = 0
    // A frame in which nothing was seen is as good as missing: the choice is made anew without it.
    while true {
      do throws(NowcastError) {
        selection = try FrameSelection(
          times: times, referenceTime: options.referenceTime, excluding: empty,
          history: manifest.history, motion: manifest.motion)
      } catch {
        throw empty.isEmpty ? error : Self.nothingSeen(empty, times, sources, rain.variable.name)
      }
      let unread = selection.indices.filter { read[$0] == nil }
      if unread.isEmpty { break }
      for index in unread {
        let field = try dataset.rainRate(rain, at: index)
        var plane = Plane(rows: field.height, columns: field.width, values: field.values)
        negative += plane.removeNegatives()
        read[index] = plane
        if plane.validCount == 0 { empty.insert(index) }
      }
      // The reference time's own frame cannot be bridged, and only one other can.
      if let newest = selection.indices.first, empty.contains(newest) || empty.count > 1 {
        throw Self.nothingSeen(empty, times, sources, rain.variable.name)
      }
    }
    frames = zip(selection.indices, selection.ages).compactMap { index, age in
      read[index].map { AgedRain(rain: $0, age: age) }
    }
    self.times = selection.indices.reversed().map { times[$0] }
    files = []
    for index in selection.indices.reversed() {
      let name = URL(filePath: sources[index]).lastPathComponent
      if files.last != name { files.append(name) }
    }
    missing = empty.map { times[$0] }
    for time in selection.missing
    where missing.allSatisfy({ abs($0.since(time).inMinutes) > 0.5 * selection.step }) {
      missing.append(time)
    }
    missing.sort()
    if negative > 0 { notes.append("\(negative) negative rain rates were taken to be 0") }
  }

  private static func nothingSeen(
    _ empty: Set<Int>, _ times: [CFTime], _ sources: [String], _ variable: String
  ) -> NowcastError {
    let ordered = empty.sorted()
    let list = ordered.prefix(3).map { times[$0].iso8601 }.joined(separator: ", ")
    let rest = ordered.count > 3 ? " and \(ordered.count - 3) more" : ""
    return NowcastError(
      .nothingSeen,
      "\(sources[ordered.last ?? 0]): variable '\(variable)': every cell is missing at \(list)\(rest); "
        + "at most one frame before the reference time may be: give frames with data, or choose "
        + "another time with --reference-time")
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
