// Room: GridFiles. The attributes of a variable or a file, in the order in which they were written.

/// Named values in order, found by name.
public struct NetCDFAttributes: Sendable, Equatable {
  /// One attribute.
  public struct Element: Sendable, Equatable {
    /// The attribute's name.
    public var name: String
    /// The attribute's value.
    public var value: NetCDFValues
  }

  /// The attributes in order.
  public private(set) var elements: [Element] = []

  /// No attributes.
  public init() {}

  /// Attributes in order; the first of equal names is the one that is found.
  init(_ elements: [Element]) { self.elements = elements }

  /// The value named `name`; assigning replaces in place or appends, assigning nil removes.
  public subscript(name: String) -> NetCDFValues? {
    get { elements.first { $0.name == name }?.value }
    set {
      let index = elements.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): elements[index].value = value
      case (let index?, nil): elements.remove(at: index)
      case (nil, let value?): elements.append(Element(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// The names in order.
  public var names: [String] { elements.map(\.name) }

  /// The text of an attribute, without surrounding blanks; nil where it is absent or not text.
  public func text(_ name: String) -> String? {
    guard let text = self[name]?.string else { return nil }
    return text.trimmingBlanks
  }

  /// The numbers of an attribute; nil where it is absent or not numeric.
  public func numbers(_ name: String) -> [Double]? { self[name]?.doubles }

  /// The only number of an attribute; nil where it is absent, not numeric or a vector.
  ///
  /// Edge cases: text that spells a number counts as one, since many writers quote `scale_factor`.
  public func number(_ name: String) -> Double? {
    guard let value = self[name] else { return nil }
    if let numbers = value.doubles { return numbers.count == 1 ? numbers[0] : nil }
    return value.string.flatMap { Double($0.trimmingBlanks) }
  }

  /// These attributes with one more, or another value for one.
  public func adding(_ name: String, _ value: NetCDFValues) -> NetCDFAttributes {
    var result = self
    result[name] = value
    return result
  }

  /// These attributes without those named `names`.
  public func removing(_ names: [String]) -> NetCDFAttributes {
    NetCDFAttributes(elements.filter { !names.contains($0.name) })
  }

  /// These attributes with those of `other` added, which win where names agree.
  public func merging(_ other: NetCDFAttributes) -> NetCDFAttributes {
    var result = self
    for element in other.elements { result[element.name] = element.value }
    return result
  }
}

extension NetCDFAttributes: ExpressibleByDictionaryLiteral {
  /// Attributes in the order of the literal.
  public init(dictionaryLiteral elements: (String, NetCDFValues)...) {
    for (name, value) in elements { self[name] = value }
  }
}

extension NetCDFAttributes: Sequence {
  /// Iterates over the attributes in order.
  public func makeIterator() -> IndexingIterator<[Element]> { elements.makeIterator() }
}

extension String {
  /// Without blanks, line ends and NUL at both ends.
  package var trimmingBlanks: String {
    let isBlank: (Character) -> Bool = { $0.isWhitespace || $0 == "\0" }
    let head = drop(while: isBlank)
    guard let last = head.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(head[...last])
  }
}
