// Room: SquallCommand. How results are laid out for people: labels on the left, facts on the right.

internal import Foundation

/// Lines of text with a column of labels.
struct Page {
  private(set) var lines: [String] = []

  /// Adds a fact under a label.
  mutating func add(_ label: String, _ text: String) {
    let label = label.padding(toLength: max(12, label.count + 1), withPad: " ", startingAt: 0)
    lines.append(label + Console.oneLine(text))
  }

  /// Adds a line below the last fact.
  mutating func more(_ text: String) {
    add("", text)
  }

  /// Adds rows as aligned columns, indented below a heading.
  mutating func table(_ heading: String, _ rows: [[String]]) {
    lines.append(heading)
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    for row in rows {
      let cells = row.enumerated().map { column, cell in
        column == row.count - 1
          ? cell : cell.padding(toLength: widths[column], withPad: " ", startingAt: 0)
      }
      lines.append("  " + Console.oneLine(cells.joined(separator: "  ")))
    }
  }

  var text: String { lines.joined(separator: "\n") }

  /// Bytes in the unit that leaves one to three digits before the point: `1.5 MB`.
  static func bytes(_ count: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 || value >= 99.5
      ? "\(Int(value.rounded())) \(units[unit])"
      : "\(String(format: "%.1f", value)) \(units[unit])"
  }

  /// An integer with its thousands set apart: `1,234,567`.
  static func count(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// Seconds with three significant digits: `0.123 s`, `12.3 s`.
  static func seconds(_ value: Double) -> String {
    String(format: value < 0.9995 ? "%.3f s" : value < 9.995 ? "%.2f s" : "%.1f s", value)
  }
}
