// Room: Grids. What values of a field are: of which cells, by which method.

public import GridFiles

/// One method by which values represent their cells, such as `time: mean (interval: 1 hour)`.
///
/// Source: CF 1.11 section 7.3.
public struct CellMethod: Sendable, Hashable, CustomStringConvertible {
  /// The axes that the method works on.
  public var axes: [String]
  /// The method, such as `mean`.
  public var method: String
  /// What stands behind the method: `where sea`, `within years`, `over days`.
  public var qualifier: String
  /// What stands in brackets.
  public var comment: String

  /// As CF writes it.
  public var description: String {
    let tail = [method, qualifier].filter { !$0.isEmpty }.joined(separator: " ")
    return axes.map { "\($0): " }.joined() + tail + (comment.isEmpty ? "" : " (\(comment))")
  }

  /// Reads `cell_methods`; what cannot be understood is left out.
  public static func parse(_ text: String) -> [CellMethod] {
    var methods: [CellMethod] = []
    var current = CellMethod(axes: [], method: "", qualifier: "", comment: "")
    for (word, isComment) in tokens(text) {
      if isComment {
        current.comment = word
      } else if word.hasSuffix(":") {
        if !current.method.isEmpty {
          methods.append(current)
          current = CellMethod(axes: [], method: "", qualifier: "", comment: "")
        }
        current.axes.append(String(word.dropLast()))
      } else if current.method.isEmpty {
        current.method = word
      } else {
        current.qualifier += (current.qualifier.isEmpty ? "" : " ") + word
      }
    }
    if !current.axes.isEmpty, !current.method.isEmpty { methods.append(current) }
    return methods
  }

  private static func tokens(_ text: String) -> [(String, Bool)] {
    var tokens: [(String, Bool)] = []
    var rest = Substring(text)
    while let open = rest.firstIndex(of: "(") {
      tokens += rest[..<open].description.words.map { ($0, false) }
      let inside = rest[rest.index(after: open)...]
      let close = inside.firstIndex(of: ")") ?? inside.endIndex
      tokens.append((String(inside[..<close]).trimmingBlanks, true))
      rest = close < inside.endIndex ? inside[inside.index(after: close)...] : ""
    }
    return tokens + rest.description.words.map { ($0, false) }
  }
}

/// What the codes of a field mean.
///
/// Source: CF 1.11 section 3.5.
public struct FieldFlags: Sendable, Equatable {
  /// The words, as many as values or masks.
  public var meanings: [String]
  /// The codes, where each stands alone.
  public var values: [Double]?
  /// The bits, where codes are put together.
  public var masks: [Double]?

  /// Reads the flags of a variable with these attributes; nil where there are none.
  public init?(_ attributes: NetCDFAttributes) {
    values = attributes.numbers("flag_values")
    masks = attributes.numbers("flag_masks") ?? attributes.numbers("flag_mask")
    meanings = (attributes.text("flag_meanings") ?? "").words
    guard !meanings.isEmpty, values != nil || masks != nil else { return nil }
  }

  /// The words that `code` stands for.
  public func words(for code: Double) -> [String] {
    guard let whole = Int(exactly: code) else { return [] }
    return meanings.indices.filter { index in
      let value = values.flatMap { index < $0.count ? Int(exactly: $0[index]) : nil }
      guard let mask = masks.flatMap({ index < $0.count ? Int(exactly: $0[index]) : nil }) else {
        return value == whole
      }
      return whole & mask == (value ?? mask)
    }.map { meanings[$0] }
  }
}
