// Room: Grids. What a journal of a file in the making holds: what the file is to be, and its times.

internal import GridFiles

/// What a journal's output is to be, one fact a line, so that a difference can be named.
struct JournalHeading {
  private let lines: [String]

  init(_ description: FieldFileDescription) {
    let grid = description.grid
    let digest = { (values: [Double]) in
      values.withUnsafeBytes { bytes in
        var digest = SHA256()
        digest.update(bytes)
        return String(digest.finalize().prefix(16))
      }
    }
    var lines = ["Squall journal 1", "format: \(description.storage.format.rawValue)"]
    lines.append("rows: \(grid.height) \(grid.y.name) \(digest(grid.y.values))")
    lines.append("columns: \(grid.width) \(grid.x.name) \(digest(grid.x.values))")
    lines.append("projection: \(grid.mapping?.projection ?? "none")")
    if let places = grid.latitude?.values.doubles { lines.append("latitudes: \(digest(places))") }
    if let places = grid.longitude?.values.doubles { lines.append("longitudes: \(digest(places))") }
    let references = description.time.referenceTimes.map(\.iso8601).joined(separator: " ")
    lines.append("reference time: \(references)")
    lines.append("times: \(description.time.count.map { "\($0)" } ?? "unlimited")")
    for axis in description.verticalAxes {
      lines.append("levels: \(axis.count) \(axis.name) \(digest(axis.values))")
    }
    for coordinate in description.coordinates {
      let values = coordinate.values.doubles ?? []
      lines.append("coordinate: \(coordinate.values.count) \(coordinate.name) \(digest(values))")
    }
    for variable in description.variables {
      let units = variable.attributes.text("units") ?? ""
      let precision = variable.precision ?? description.storage.precision
      let parts = [
        variable.name, variable.type.cdlName, units, variable.verticalAxis ?? "-",
        variable.extraDimensions.joined(separator: ","), "\(precision)",
      ]
      lines.append("variable: " + parts.joined(separator: " "))
    }
    for input in description.metadata.inputs {
      lines.append("input: \(input.name) \(input.sha256 ?? "")")
    }
    lines.append("source: \(description.metadata.source ?? "")")
    self.lines = lines.map { $0.replacing("\n", with: " ") }
  }

  var bytes: [UInt8] { Array(lines.joined(separator: "\n").utf8) }

  /// The first fact that differs, for a person.
  func difference(from old: [UInt8]) -> String? {
    let before = String(decoding: old, as: UTF8.self).split(separator: "\n").map(String.init)
    for (then, now) in zip(before, lines) where then != now { return "\(then), not \(now)" }
    return before.count == lines.count ? nil : "more or fewer variables or inputs"
  }
}

/// One time of a journal: when, and the values of all variables.
struct JournalPiece {
  private var seconds: Int64
  private var nanoseconds: Int32
  private var edges: [Int64]
  var values: [String: NetCDFValues]

  init(time: CFTime, cell: TimeBounds?, values: [String: NetCDFValues]) {
    seconds = time.seconds
    nanoseconds = time.nanoseconds
    edges =
      cell.map { [$0.start, $0.end].flatMap { [$0.seconds, Int64($0.nanoseconds)] } } ?? []
    self.values = values
  }

  private func instant(
    _ seconds: Int64, _ nanoseconds: Int64, _ description: FieldFileDescription
  ) -> CFTime? {
    CFTime(
      nanosecondsSinceEpoch: Int128(seconds) * 1_000_000_000 + Int128(nanoseconds),
      calendar: description.time.writtenUnits.calendar)
  }

  func time(_ description: FieldFileDescription) throws(GridError) -> CFTime {
    guard let time = instant(seconds, Int64(nanoseconds), description) else {
      throw GridError(.mismatch, "a journal has an impossible time; remove it to begin anew")
    }
    return time
  }

  func cell(_ description: FieldFileDescription) -> TimeBounds? {
    guard edges.count == 4, let start = instant(edges[0], edges[1], description),
      let end = instant(edges[2], edges[3], description)
    else { return nil }
    return TimeBounds(start: start, end: end)
  }

  /// The piece as bytes of this machine's order: a journal does not travel.
  ///
  /// Returns nil for texts, which no field has.
  var bytes: [UInt8]? {
    var coder = ByteCoder()
    coder.put(seconds)
    coder.put(Int64(nanoseconds))
    coder.put(Int64(edges.count))
    for edge in edges { coder.put(edge) }
    coder.put(Int64(values.count))
    for (name, array) in values.sorted(by: { $0.key < $1.key }) {
      coder.put(Array(name.utf8))
      coder.put(Int64(array.type.rawValue))
      guard array.append(to: &coder) else { return nil }
    }
    return coder.bytes
  }

  init?(bytes: [UInt8]) {
    var decoder = ByteCoder(bytes)
    guard let seconds = decoder.takeInt(), let nanoseconds = decoder.takeInt(),
      let edgeCount = decoder.takeInt(), edgeCount == 0 || edgeCount == 4
    else { return nil }
    self.seconds = seconds
    self.nanoseconds = Int32(clamping: nanoseconds)
    edges = []
    for _ in 0..<edgeCount {
      guard let edge = decoder.takeInt() else { return nil }
      edges.append(edge)
    }
    guard let count = decoder.takeInt(), (0...10_000).contains(count) else { return nil }
    values = [:]
    for _ in 0..<count {
      guard let name: [UInt8] = decoder.take(), let type = decoder.takeInt(),
        let known = NetCDFType(rawValue: Int32(clamping: type)),
        let array = NetCDFValues(taking: known, from: &decoder)
      else { return nil }
      values[String(decoding: name, as: UTF8.self)] = array
    }
  }
}

/// Numbers and arrays as bytes, one after the other.
struct ByteCoder {
  private(set) var bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  mutating func put(_ number: Int64) {
    withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
  }

  mutating func put<T: BitwiseCopyable>(_ values: [T]) {
    put(Int64(values.count))
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func takeInt() -> Int64? {
    guard bytes.count - place >= 8 else { return nil }
    defer { place += 8 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Int64.self) }
  }

  mutating func take<T: BitwiseCopyable>() -> [T]? {
    guard let count = takeInt(), count >= 0 else { return nil }
    let (size, overflow) = Int(count).multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard !overflow, size <= bytes.count - place else { return nil }
    defer { place += size }
    return [T](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[place..<place + size]))
      }
      initialized = Int(count)
    }
  }
}

extension NetCDFValues {
  fileprivate func append(to coder: inout ByteCoder) -> Bool {
    switch self {
    case .text, .strings: return false
    case .int8(let values): coder.put(values)
    case .uint8(let values): coder.put(values)
    case .int16(let values): coder.put(values)
    case .uint16(let values): coder.put(values)
    case .int32(let values): coder.put(values)
    case .uint32(let values): coder.put(values)
    case .int64(let values): coder.put(values)
    case .uint64(let values): coder.put(values)
    case .float(let values): coder.put(values)
    case .double(let values): coder.put(values)
    }
    return true
  }

  fileprivate init?(taking type: NetCDFType, from coder: inout ByteCoder) {
    let values: NetCDFValues? =
      switch type {
      case .int8: coder.take().map(NetCDFValues.int8)
      case .uint8: coder.take().map(NetCDFValues.uint8)
      case .int16: coder.take().map(NetCDFValues.int16)
      case .uint16: coder.take().map(NetCDFValues.uint16)
      case .int32: coder.take().map(NetCDFValues.int32)
      case .uint32: coder.take().map(NetCDFValues.uint32)
      case .int64: coder.take().map(NetCDFValues.int64)
      case .uint64: coder.take().map(NetCDFValues.uint64)
      case .float: coder.take().map(NetCDFValues.float)
      case .double: coder.take().map(NetCDFValues.double)
      case .char, .string, .userDefined: nil
      }
    guard let values else { return nil }
    self = values
  }
}
