// Room: Grids. How frames follow each other: evenly, with gaps, or otherwise.

/// How a series of times is spaced.
public struct FrameSpacing: Sendable, Equatable {
  /// The usual step: the commonest one, the shortest of those equally common; nil for one time.
  public var step: Duration?
  /// Times that lack, where every step is a multiple of the usual one.
  public var missing: [CFTime]
  /// Pairs of neighbours whose distance is no multiple of the usual step.
  public var irregular: [(before: CFTime, after: CFTime)]

  /// Whether all steps are the same.
  public var isEven: Bool { missing.isEmpty && irregular.isEmpty }

  /// The most missing times that are listed; beyond it a gap counts as irregular.
  static let longestGap = 1000

  /// Examines `times`, which are in order and differ.
  public init(_ times: [CFTime]) {
    let pairs = zip(times, times.dropFirst())
    var counts: [Duration: Int] = [:]
    for (before, after) in pairs { counts[after.since(before), default: 0] += 1 }
    let usual = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    step = usual
    missing = []
    irregular = []
    guard let usual, usual > .zero else { return }
    for (before, after) in pairs where after.since(before) != usual {
      let steps = after.since(before) / usual
      let whole = steps.rounded()
      guard whole >= 2, whole <= Double(FrameSpacing.longestGap),
        before.advanced(by: usual * Int(whole)) == after
      else {
        irregular.append((before, after))
        continue
      }
      for index in 1..<Int(whole) { missing.append(before.advanced(by: usual * index)) }
    }
  }

  /// One line for a person, such as `every PT10M, 2 missing: 2020-10-31T04:10:00Z, …`.
  public var summary: String {
    guard let step else { return "one time" }
    var text = "every \(step.iso8601)"
    if !missing.isEmpty {
      let shown = missing.prefix(3).map(\.iso8601).joined(separator: ", ")
      text += ", \(missing.count) missing: \(shown)\(missing.count > 3 ? ", …" : "")"
    }
    if let first = irregular.first {
      text += ", uneven: \(first.after.since(first.before).iso8601) after \(first.before)"
      if irregular.count > 1 { text += " and \(irregular.count - 1) more" }
    }
    return text
  }

  /// Whether both say the same.
  public static func == (a: FrameSpacing, b: FrameSpacing) -> Bool {
    a.step == b.step && a.missing == b.missing
      && a.irregular.elementsEqual(b.irregular) { $0 == $1 }
  }
}
