// Test support: writes NetCDF-3 files byte by byte, so that tests can break them in known places.

/// A NetCDF-3 file in the making.
///
/// Source: "NetCDF Classic Format Specification", appendix B of the NetCDF user's guide.
public struct ClassicFile: Sendable {
  /// Numbers or text as NetCDF-3 stores them, big-endian.
  public enum Values: Sendable {
    case bytes([Int8])
    case text(String)
    case shorts([Int16])
    case ints([Int32])
    case floats([Float])
    case doubles([Double])

    var tag: UInt32 {
      switch self {
      case .bytes: 1
      case .text: 2
      case .shorts: 3
      case .ints: 4
      case .floats: 5
      case .doubles: 6
      }
    }

    var count: Int {
      switch self {
      case .bytes(let values): values.count
      case .text(let text): text.utf8.count
      case .shorts(let values): values.count
      case .ints(let values): values.count
      case .floats(let values): values.count
      case .doubles(let values): values.count
      }
    }

    var encoded: [UInt8] {
      switch self {
      case .bytes(let values): values.map { UInt8(bitPattern: $0) }
      case .text(let text): Array(text.utf8)
      case .shorts(let values): values.flatMap { bigEndian(UInt16(bitPattern: $0)) }
      case .ints(let values): values.flatMap { bigEndian(UInt32(bitPattern: $0)) }
      case .floats(let values): values.flatMap { bigEndian($0.bitPattern) }
      case .doubles(let values): values.flatMap { bigEndian($0.bitPattern) }
      }
    }
  }

  struct Variable: Sendable {
    var name: String
    var dimensions: [Int]
    var attributes: [(String, Values)]
    var values: Values
  }

  private var dimensions: [(name: String, length: Int)] = []
  private var attributes: [(String, Values)] = []
  private var variables: [Variable] = []
  private let version: Int

  /// Starts a file of the classic format (1), with 64-bit offsets (2) or 64-bit sizes (5).
  public init(version: Int = 1) { self.version = version }

  /// Adds a dimension; length 0 makes it the record dimension.
  public mutating func addDimension(_ name: String, _ length: Int) {
    dimensions.append((name, length))
  }

  /// Adds an attribute of the file.
  public mutating func addAttribute(_ name: String, _ values: Values) {
    attributes.append((name, values))
  }

  /// Adds a variable with all its values, of all records where it has any.
  public mutating func addVariable(
    _ name: String, _ dimensions: [String], _ values: Values,
    attributes: [(String, Values)] = []
  ) {
    let identifiers = dimensions.compactMap { name in
      self.dimensions.firstIndex { $0.name == name }
    }
    variables.append(
      Variable(name: name, dimensions: identifiers, attributes: attributes, values: values))
  }

  /// The file's bytes.
  public var bytes: [UInt8] {
    // Offsets have a fixed width, so a first pass with zeros has the header's final length.
    let length = header(begins: variables.map { _ in 0 }).count
    var begins: [Int] = []
    var position = length
    for variable in variables where !isRecord(variable) {
      begins.append(position)
      position += padded(variable.values.encoded.count)
    }
    let recordStart = position
    var stride = 0
    var recordBegins: [Int] = []
    let records = variables.filter(isRecord)
    for variable in records {
      recordBegins.append(recordStart + stride)
      let size = recordBytes(variable).first?.count ?? 0
      stride += records.count == 1 ? size : padded(size)
    }
    var fixed = begins.makeIterator()
    var recorded = recordBegins.makeIterator()
    let all = variables.map { (isRecord($0) ? recorded.next() : fixed.next()) ?? 0 }
    var bytes = header(begins: all)
    for variable in variables where !isRecord(variable) {
      bytes += variable.values.encoded.paddedToFour
    }
    for record in 0..<recordCount {
      for variable in records {
        let part = recordBytes(variable)[record]
        bytes += records.count == 1 ? part : part.paddedToFour
      }
    }
    return bytes
  }

  private func isRecord(_ variable: Variable) -> Bool {
    variable.dimensions.first.map { dimensions[$0].length == 0 } ?? false
  }

  private var recordCount: Int {
    variables.filter(isRecord).map { variable in
      variable.values.count / elements(variable)
    }.max() ?? 0
  }

  /// Elements of a variable in a record, or all of them.
  private func elements(_ variable: Variable) -> Int {
    variable.dimensions.map { dimensions[$0].length }.filter { $0 > 0 }.reduce(1, *)
  }

  private func recordBytes(_ variable: Variable) -> [[UInt8]] {
    let bytes = variable.values.encoded
    let size = bytes.count / max(recordCount, 1)
    return (0..<recordCount).map { Array(bytes[$0 * size..<($0 + 1) * size]) }
  }

  private func header(begins: [Int]) -> [UInt8] {
    var bytes: [UInt8] = Array("CDF".utf8) + [UInt8(version)]
    bytes += count(recordCount)
    bytes += dimensions.isEmpty ? absent : bigEndian(UInt32(10)) + count(dimensions.count)
    for dimension in dimensions { bytes += name(dimension.name) + count(dimension.length) }
    bytes += list(attributes)
    bytes += variables.isEmpty ? absent : bigEndian(UInt32(11)) + count(variables.count)
    for (variable, begin) in zip(variables, begins) {
      bytes += name(variable.name) + count(variable.dimensions.count)
      for dimension in variable.dimensions { bytes += count(dimension) }
      bytes += list(variable.attributes) + bigEndian(variable.values.tag)
      let size =
        isRecord(variable)
        ? recordBytes(variable).first?.count ?? 0
        : variable.values.encoded.count
      bytes += count(padded(size))
      bytes += version == 1 ? bigEndian(UInt32(begin)) : bigEndian(UInt64(begin))
    }
    return bytes
  }

  private var absent: [UInt8] { bigEndian(UInt32(0)) + count(0) }

  private func list(_ attributes: [(String, Values)]) -> [UInt8] {
    if attributes.isEmpty { return absent }
    return bigEndian(UInt32(12)) + count(attributes.count)
      + attributes.flatMap { attribute in
        name(attribute.0) + bigEndian(attribute.1.tag) + count(attribute.1.count)
          + attribute.1.encoded.paddedToFour
      }
  }

  private func name(_ name: String) -> [UInt8] {
    count(name.utf8.count) + Array(name.utf8).paddedToFour
  }

  private func count(_ count: Int) -> [UInt8] {
    version == 5 ? bigEndian(UInt64(count)) : bigEndian(UInt32(count))
  }
}

private func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

private func padded(_ count: Int) -> Int { (count + 3) & ~3 }

extension [UInt8] {
  fileprivate var paddedToFour: [UInt8] {
    self + [UInt8](repeating: 0, count: padded(count) - count)
  }
}
