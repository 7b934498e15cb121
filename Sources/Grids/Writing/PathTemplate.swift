// Room: Grids. Names of output files made from what they hold.

/// A path with places for values: `out/{reference_time:%Y%m%dT%H%MZ}/{model}_{lead_time}.nc`.
///
/// A place is a name in braces, with a form after a colon where the value has forms. Times take the
/// letters of `strftime` `%Y %m %d %H %M %S %j %y %%`, and are `%Y%m%dT%H%M%SZ` without them; durations
/// take `h`, `min`, `s` or `d` with a width in front, such as `03h`, and are ISO 8601 without; whole
/// numbers take a width, such as `03`. `{{` and `}}` stand for braces.
///
/// Values cannot lead out of the folder that the template names: whatever is not a letter, a digit or one of
/// `._+=@-` becomes `_` in them, and a value never begins with a dot.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
  /// What stands in a place.
  public enum Value: Sendable, Hashable {
    case text(String)
    case number(Int)
    case time(CFTime)
    case duration(Duration)
  }

  private enum Part: Sendable, Hashable {
    case text(String)
    case place(name: String, form: String)
  }

  /// The template as written.
  public let description: String
  private let parts: [Part]

  /// The names of the places.
  public var names: [String] {
    parts.compactMap { part in
      if case .place(let name, _) = part { name } else { nil }
    }
  }

  /// Reads a template.
  ///
  /// **Throws** `GridError` with code `misuse` for braces that do not pair, or a place without a name.
  public init(_ text: String) throws(GridError) {
    description = text
    var parts: [Part] = []
    var plain = ""
    var rest = Substring(text)
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        rest.removeFirst()
        plain.append(character)
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw GridError(.misuse, "path template '\(text)': a '{' has no '}'; write '{{' for one")
        }
        let inside = rest[..<end].split(
          separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        rest = rest[rest.index(after: end)...]
        guard let name = inside.first, !name.isEmpty, !name.contains("{") else {
          throw GridError(.misuse, "path template '\(text)': a place has no name")
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        plain = ""
        parts.append(.place(name: String(name), form: inside.count > 1 ? String(inside[1]) : ""))
      } else if character == "}" {
        throw GridError(.misuse, "path template '\(text)': a '}' has no '{'; write '}}' for one")
      } else {
        plain.append(character)
      }
    }
    if !plain.isEmpty { parts.append(.text(plain)) }
    self.parts = parts
  }

  /// The path with `values` in their places.
  ///
  /// **Throws** `GridError` with code `misuse` for a place without a value, a form that its value does
  /// not have, or an empty value.
  public func path(_ values: [String: Value]) throws(GridError) -> String {
    var result = ""
    for part in parts {
      switch part {
      case .text(let text): result += text
      case .place(let name, let form):
        guard let value = values[name] else {
          throw GridError(
            .misuse,
            "path template '\(description)': no '\(name)' here; there are "
              + values.keys.sorted().joined(separator: ", "))
        }
        guard let text = PathTemplate.text(value, form) else {
          throw GridError(
            .misuse, "path template '\(description)': '\(name)' has no form '\(form)'")
        }
        let safe = PathTemplate.safe(text)
        guard !safe.isEmpty else {
          throw GridError(.misuse, "path template '\(description)': '\(name)' is empty here")
        }
        result += safe
      }
    }
    return result
  }

  private static func safe(_ text: String) -> String {
    var result = ""
    for character in text {
      let isSafe =
        character.isLetter || character.isNumber || "._+=@-".contains(character)
      result.append(isSafe ? character : "_")
    }
    if result.first == "." {
      result.replaceSubrange(result.startIndex...result.startIndex, with: "_")
    }
    return result
  }

  private static func text(_ value: Value, _ form: String) -> String? {
    switch value {
    case .text(let text): return form.isEmpty ? text : nil
    case .number(let number):
      if form.isEmpty { return "\(number)" }
      guard let width = Int(form), (0...20).contains(width) else { return nil }
      return padded(number, width)
    case .time(let time): return text(time, form.isEmpty ? "%Y%m%dT%H%M%SZ" : form)
    case .duration(let duration): return text(duration, form)
    }
  }

  private static func text(_ duration: Duration, _ form: String) -> String? {
    if form.isEmpty { return duration.iso8601 }
    let units: [(String, Int64)] = [("min", 60), ("h", 3600), ("s", 1), ("d", 86400)]
    guard let (unit, seconds) = units.first(where: { form.hasSuffix($0.0) }) else { return nil }
    let digits = form.dropLast(unit.count)
    guard let width = digits.isEmpty ? 0 : Int(digits), (0...20).contains(width) else { return nil }
    let (whole, attoseconds) = duration.components
    // A form that would round hides one file behind another.
    guard attoseconds == 0, whole % seconds == 0 else { return nil }
    return padded(Int(whole / seconds), width)
  }

  private static func text(_ time: CFTime, _ form: String) -> String? {
    let parts = time.components
    var result = ""
    var rest = Substring(form)
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      switch rest.popFirst() {
      case "Y": result += padded(parts.year, 4)
      case "y": result += padded((parts.year % 100 + 100) % 100, 2)
      case "m": result += padded(parts.month, 2)
      case "d": result += padded(parts.day, 2)
      case "H": result += padded(parts.hour, 2)
      case "M": result += padded(parts.minute, 2)
      case "S": result += padded(parts.second, 2)
      case "j":
        let calendar = time.calendar
        guard let first = calendar.dayNumber(year: parts.year, month: 1, day: 1),
          let day = calendar.dayNumber(year: parts.year, month: parts.month, day: parts.day)
        else { return nil }
        result += padded(day - first + 1, 3)
      case "%": result.append("%")
      default: return nil
      }
    }
    return result
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number.magnitude)
    let zeros = String(repeating: "0", count: max(0, width - digits.count))
    return (number < 0 ? "-" : "") + zeros + digits
  }
}
