// Room: Grids. How times follow each other, said as people say it: every month, every day, with gaps.

/// The rhythm of a series of times, in months where they follow the calendar.
public struct TimeSteps: Sendable {
  /// Months between neighbours, where times follow the calendar; else nil.
  public let months: Int?
  /// The even step, where there is one.
  public let spacing: FrameSpacing
  /// Months that lack, as `2016-03`.
  public let missingMonths: [String]

  /// Examines `times`, which are in order and differ.
  public init(_ times: [CFTime]) {
    spacing = FrameSpacing(times)
    let dates = times.map(\.components)
    let numbers = dates.map { $0.year * 12 + $0.month - 1 }
    let steps = zip(numbers, numbers.dropFirst()).map { $1 - $0 }
    guard let least = steps.min(), least > 0, times.count > 2,
      steps.allSatisfy({ $0 % least == 0 && $0 / least <= FrameSpacing.longestGap }),
      // Within a month, the same day or its middle.
      let first = dates.map(\.day).min(), let last = dates.map(\.day).max(),
      last - first <= 3,
      zip(times, times.dropFirst()).allSatisfy({ $1.since($0) >= .seconds(27 * 86400) })
    else {
      months = nil
      missingMonths = []
      return
    }
    months = least
    missingMonths = zip(numbers, numbers.dropFirst()).flatMap { before, after in
      stride(from: before + least, to: after, by: least).map { number in
        let (year, month) = floorDivide(number, 12)
        return TimeSteps.name(year: year, month: month + 1)
      }
    }
  }

  private static func name(year: Int, month: Int) -> String {
    let digits = "\(abs(year))"
    let padding = String(repeating: "0", count: max(0, 4 - digits.count))
    return "\(year < 0 ? "-" : "")\(padding)\(digits)-\(month < 10 ? "0" : "")\(month)"
  }

  /// One line, such as `every month, 1 missing: 2016-03`.
  public var summary: String {
    guard let months else { return spacing.summary }
    var text =
      switch months {
      case 1: "every month"
      case 12: "every year"
      case let count where count % 12 == 0: "every \(count / 12) years"
      default: "every \(months) months"
      }
    if !missingMonths.isEmpty {
      let shown = missingMonths.prefix(3).joined(separator: ", ")
      text += ", \(missingMonths.count) missing: \(shown)\(missingMonths.count > 3 ? ", …" : "")"
    }
    return text
  }
}
