// Room: Forecasting. Reading a manifest: YAML with the place of every mistake.

internal import Foundation
internal import Yams

/// One mapping, list or value of a manifest, which knows where it stands in the file.
///
/// Keys that nobody asked for are mistakes (a misspelt `thresholds` must not silently mean "the
/// default"), so every mapping says which keys it knows.
struct ManifestNode {
  let node: Node
  /// Dotted path from the top, for messages: `nowcast.history_minutes`.
  let path: String
  let file: String

  /// The top of a manifest file.
  static func load(_ text: String, file: String) throws(ForecastError) -> ManifestNode {
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw ForecastError(.invalidManifest, "\(file) is empty; it must describe the model")
      }
      return ManifestNode(node: node, path: "", file: file)
    } catch let error as ForecastError {
      throw error
    } catch {
      let line = String(describing: error).split(separator: "\n").joined(separator: " ")
      throw ForecastError(.invalidManifest, "\(file) is not YAML: \(line)")
    }
  }

  /// An error at this place of the file.
  func error(_ what: String) -> ForecastError {
    let line = node.mark.map { " line \($0.line)" } ?? ""
    let place = path.isEmpty ? "" : " \(path):"
    return ForecastError(.invalidManifest, "\(file)\(line):\(place) \(what)")
  }

  // MARK: Mappings

  /// Checks that this is a mapping whose keys are all among `known`.
  func mapping(_ known: [String]) throws(ForecastError) {
    guard let mapping = node.mapping else { throw error("must be a mapping with keys") }
    for key in mapping.keys {
      guard let name = key.string, known.contains(name) else {
        throw error(
          "unknown key '\(key.string ?? "?")'; known here: \(known.joined(separator: ", "))")
      }
    }
  }

  /// The value under `key`, or nil where the key is absent or null.
  func optional(_ key: String) -> ManifestNode? {
    guard let child = node.mapping?[Node(key)], child.null == nil else { return nil }
    return ManifestNode(node: child, path: path.isEmpty ? key : "\(path).\(key)", file: file)
  }

  /// The value under `key`, which must be there.
  func required(_ key: String) throws(ForecastError) -> ManifestNode {
    guard let child = optional(key) else { throw error("key '\(key)' is missing") }
    return child
  }

  // MARK: Values

  /// The entries of a list.
  func list() throws(ForecastError) -> [ManifestNode] {
    guard let sequence = node.sequence else { throw error("must be a list") }
    return sequence.enumerated().map {
      ManifestNode(node: $0.element, path: "\(path)[\($0.offset)]", file: file)
    }
  }

  /// Text.
  func string() throws(ForecastError) -> String {
    guard let value = node.scalar?.string, !value.isEmpty else { throw error("must be text") }
    return value
  }

  /// A finite number.
  func number() throws(ForecastError) -> Double {
    guard let text = node.scalar?.string, let value = Double(text), value.isFinite else {
      throw error("must be a number")
    }
    return value
  }

  /// A whole number within `range`.
  func integer(_ range: ClosedRange<Int>) throws(ForecastError) -> Int {
    guard let text = node.scalar?.string, let value = Int(text), range.contains(value) else {
      throw error("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A list of finite numbers, not empty.
  func numbers() throws(ForecastError) -> [Double] {
    var values: [Double] = []
    for entry in try list() { values.append(try entry.number()) }
    guard !values.isEmpty else { throw error("must not be empty") }
    return values
  }

  /// A list of finite numbers, each larger than the one before.
  func increasingNumbers() throws(ForecastError) -> [Double] {
    let values = try numbers()
    guard zip(values, values.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw error("each number must be larger than the one before")
    }
    return values
  }

  /// A list of texts.
  func strings() throws(ForecastError) -> [String] {
    var values: [String] = []
    for entry in try list() { values.append(try entry.string()) }
    return values
  }

  // MARK: Special values

  /// A number above 0.
  func positive() throws(ForecastError) -> Double {
    let value = try number()
    guard value > 0 else { throw error("must be above 0") }
    return value
  }

  /// A number of minutes that a nowcast can be about: above 0, a day at most.
  func minutes(from lowest: Double = 0.01) throws(ForecastError) -> Double {
    let value = try number()
    guard value >= lowest, value <= Self.longestMinutes else {
      throw error("must be a number of minutes from \(lowest) to \(Self.longestMinutes)")
    }
    return value
  }

  /// A list of minutes, each larger than the one before, a day at most.
  func increasingMinutes() throws(ForecastError) -> [Double] {
    let values = try increasingNumbers()
    guard values.count <= 256, (values.last ?? 0) <= Self.longestMinutes else {
      throw error("must be at most 256 numbers, none above \(Self.longestMinutes) minutes")
    }
    return values
  }

  private static let longestMinutes = 1440.0

  /// Two numbers, the smaller first, both above `limit`.
  func range(above limit: Double) throws(ForecastError) -> ClosedRange<Double> {
    let values = try numbers()
    guard values.count == 2, values[0] <= values[1], values[0] > limit else {
      throw error("must be two numbers above \(limit), the smaller first")
    }
    return values[0]...values[1]
  }

  /// One of an enumeration's words.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ type: Choice.Type
  ) throws(ForecastError) -> Choice {
    guard let choice = Choice(rawValue: try string()) else {
      throw error("must be \(Choice.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    return choice
  }

  /// The name of a file in the package's own folder.
  func fileName() throws(ForecastError) -> String {
    let name = try string()
    guard !name.contains("/"), name != "..", name != "." else {
      throw error("must be the name of a file in the package's folder")
    }
    return name
  }

  /// A SHA-256 digest in hexadecimal digits.
  func sha256() throws(ForecastError) -> String {
    let digits = try string().lowercased()
    guard digits.count == 64, digits.allSatisfy(\.isHexDigit) else {
      throw error("must be the 64 hexadecimal digits of a SHA-256")
    }
    return digits
  }
}
