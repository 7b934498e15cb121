// Room: Grids. When a file's values hold, as ACDD says it.

internal import GridFiles

/// The times that a file covers.
struct TimeCoverage {
  private let time: FileTime
  private let times: [CFTime]

  init(_ time: FileTime, _ times: [CFTime]) {
    self.time = time
    self.times = times
  }

  /// Start, end, duration and resolution; nothing where there are no times.
  var attributes: NetCDFAttributes {
    guard let first = times.min(), let last = times.max() else { return [:] }
    return [
      "time_coverage_start": .text(first.iso8601), "time_coverage_end": .text(last.iso8601),
      "time_coverage_duration": .text(last.since(first).iso8601),
      "time_coverage_resolution": .text(resolution),
    ]
  }

  /// The step as an ISO 8601 duration where there is one step; months and years are seen as such.
  private var resolution: String {
    let sorted = times.sorted()
    let pairs = zip(sorted, sorted.dropFirst())
    let steps = Set(pairs.map { $1.since($0) })
    if let step = steps.first, steps.count == 1 { return step.iso8601 }
    guard !steps.isEmpty else {
      if let cell = time.cells?.first { return cell.end.since(cell.start).iso8601 }
      return "single time"
    }
    let months = Set(
      pairs.map { pair in
        let (a, b) = (pair.0.components, pair.1.components)
        return (b.year - a.year) * 12 + b.month - a.month
      })
    if months.count == 1, let count = months.first, count > 0 {
      return count % 12 == 0 ? "P\(count / 12)Y" : "P\(count)M"
    }
    return "irregular"
  }
}
