// Room: GridFiles. What the numbers of a flag variable mean, one by one or bit by bit.

/// The meanings of a variable's flags.
///
/// Source: CF 1.11 section 3.5.
public struct FlagMeanings: Sendable, Equatable {
  /// One flag.
  public struct Flag: Sendable, Equatable {
    /// The meaning, as in `flag_meanings`.
    public let meaning: String
    /// The bits that this flag looks at; nil where it is the whole number that counts.
    public let mask: Int64?
    /// The number that means this flag, after masking; nil where any bit of the mask does.
    public let value: Int64?

    /// Whether `number` has this flag.
    public func applies(to number: Int64) -> Bool {
      switch (mask, value) {
      case (let mask?, let value?): number & mask == value
      case (let mask?, nil): number & mask == mask
      case (nil, let value?): number == value
      case (nil, nil): false
      }
    }
  }

  /// The flags, in the order of the file.
  public let flags: [Flag]

  /// Whether several flags can apply at once.
  public var isBitField: Bool { flags.contains { $0.mask != nil } }

  /// Reads `flag_meanings`, `flag_values` and `flag_masks`; nil where they are not there, or do not fit.
  ///
  /// Edge cases: values may be numbers or text of numbers, separated by blanks or commas; more meanings
  /// than values are left out. Numbers above `Int64.max` count as their bits.
  public init?(_ variable: NetCDFVariable) { self.init(attributes: variable.attributes) }

  /// Reads the meanings from `attributes`.
  public init?(attributes: NetCDFAttributes) {
    let meanings: [String]
    switch attributes["flag_meanings"] {
    case .strings(let texts) where texts.count > 1: meanings = texts
    case let value?:
      meanings = (value.string ?? "").split { $0.isWhitespace || $0 == "," }.map(String.init)
    case nil: return nil
    }
    let values = FlagMeanings.numbers(attributes["flag_values"])
    let masks = FlagMeanings.numbers(attributes["flag_masks"] ?? attributes["flag_mask"])
    guard !meanings.isEmpty, values != nil || masks != nil else { return nil }
    let count = min(meanings.count, values?.count ?? .max, masks?.count ?? .max)
    flags = (0..<count).map {
      Flag(meaning: meanings[$0], mask: masks?[$0], value: values?[$0])
    }
  }

  /// The meanings of `number`: one for plain flags, any number for bit fields, none where it has none.
  public func meanings(of number: Int64) -> [String] {
    flags.filter { $0.applies(to: number) }.map(\.meaning)
  }

  private static func numbers(_ value: NetCDFValues?) -> [Int64]? {
    guard let value else { return nil }
    if case .uint64(let numbers) = value { return numbers.map { Int64(bitPattern: $0) } }
    if let integers = value.integers { return integers.map(Int64.init) }
    if let doubles = value.doubles {
      let whole = doubles.compactMap(Int64.init(exactly:))
      return whole.count == doubles.count ? whole : nil
    }
    let words = (value.string ?? "").split { $0.isWhitespace || $0 == "," }
    let whole = words.compactMap { word in
      Int64(word.last.map { "bBsSlL".contains($0) } ?? false ? word.dropLast() : word)
    }
    return whole.isEmpty || whole.count != words.count ? nil : whole
  }
}
