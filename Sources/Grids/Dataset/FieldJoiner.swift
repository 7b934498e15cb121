// Room: Grids. Joins what many files hold of one variable along time, level, members or neighbouring
// tiles, and says what does not fit.

internal import GridFiles

/// Makes one array of the parts of a variable.
struct FieldJoiner {
  let set: FileSet
  let name: String
  private(set) var parts: [FieldPart]
  var notes: [String] = []

  private(set) var others: [DiscreteAxis] = []
  private(set) var time: TimeAxis?
  private(set) var vertical: VerticalAxis?
  private(set) var grid: HorizontalGrid?
  /// For each part, where its elements stand along each axis.
  var places: [[[Int]]] = []

  init(_ set: FileSet, _ name: String, _ parts: [FieldPart]) {
    self.set = set
    self.name = name
    self.parts = parts
  }

  /// Joins all parts and gives the array they make.
  mutating func join() throws(GridError) -> FieldSource {
    dropRepeatedConstants()
    let conversions = try unitConversions()
    try promoteScalars()
    places = parts.map { _ in [] }
    try joinOthers()
    try joinTimes()
    try joinLevels()
    try joinGrids()
    let shape =
      others.map(\.count) + [
        time?.count ?? 1, vertical?.count ?? 1, grid?.height ?? 1, grid?.width ?? 1,
      ]
    try refuseOverlaps(shape)
    let pieces = parts.indices.map { number in
      FieldPiece(
        file: parts[number].file, variable: parts[number].variable,
        dimensions: parts[number].dimensions,
        places: zip(places[number], shape).map { FieldPiece.Places($0, of: $1) },
        conversion: conversions[number])
    }
    return FieldSource(set: set, shape: shape, pieces: pieces)
  }

  func path(_ part: Int) -> String { set.paths[parts[part].file] }

  /// What holds always and everywhere, such as a mask, is the same in all files: the first will do.
  private mutating func dropRepeatedConstants() {
    guard parts.count > 1, let first = parts.first, first.time == nil else { return }
    parts =
      [first]
      + parts.dropFirst().filter { part in
        part.time != nil || part.vertical != first.vertical || part.others != first.others
          || part.scalars != first.scalars
          || (part.grid.flatMap { a in first.grid.map { a.difference(from: $0) != nil } } ?? false)
      }
  }

  // MARK: Units

  private func unitConversions() throws(GridError) -> [UnitConversion?] {
    guard let first = parts.first else { return [] }
    let units = first.variable.unitsText
    var conversions: [UnitConversion?] = []
    for (number, part) in parts.enumerated() {
      let own = part.variable.unitsText
      guard own != units else {
        conversions.append(nil)
        continue
      }
      guard let from = try? PhysicalUnit(own), let to = try? PhysicalUnit(units), !own.isEmpty,
        !units.isEmpty, let conversion = try? from.conversion(to: to)
      else {
        throw GridError(
          .mismatch, path: path(number), variable: name,
          "has units '\(own)', but '\(units)' in \(path(0)); give files of one kind")
      }
      conversions.append(conversion.isIdentity ? nil : conversion)
    }
    return conversions
  }

  // MARK: Other axes

  /// A scalar coordinate that differs from file to file becomes an axis: members always, the others
  /// where files would hold the same times otherwise.
  private mutating func promoteScalars() throws(GridError) {
    guard parts.count > 1, let first = parts.first else { return }
    let names = first.scalars.filter { scalar in
      let values = parts.compactMap { $0.scalars.first { $0.name == scalar.name }?.value }
      guard values.count == parts.count, values.contains(where: { $0 != scalar.value }) else {
        return false
      }
      return AxisRole(standardName: scalar.attributes.text("standard_name") ?? "") == .member
        || AxisRole(dimensionName: scalar.name) == .member || repeatsTimes
    }.map(\.name)
    for name in names {
      for number in parts.indices {
        guard let place = parts[number].scalars.firstIndex(where: { $0.name == name }) else {
          continue
        }
        let scalar = parts[number].scalars.remove(at: place)
        let role = AxisRole(standardName: scalar.attributes.text("standard_name") ?? "")
        parts[number].others.insert(
          DiscreteAxis(
            name: scalar.name,
            kind: role == .member || AxisRole(dimensionName: scalar.name) == .member
              ? .member : role == .reference ? .referenceTime : .other,
            values: scalar.value, units: scalar.units, attributes: scalar.attributes), at: 0)
        parts[number].promoted += 1
      }
      notes.append("files joined along '\(name)', which differs from file to file")
    }
  }

  private var repeatsTimes: Bool {
    var seen: Set<CFTime> = []
    for part in parts {
      guard let times = part.time?.times else { return true }
      for time in times where !seen.insert(time).inserted { return true }
    }
    return false
  }

  private mutating func joinOthers() throws(GridError) {
    guard let first = parts.first else { return }
    for (number, part) in parts.enumerated()
    where part.others.map(\.name) != first.others.map(\.name) {
      throw GridError(
        .mismatch, path: path(number), variable: name,
        "has the dimensions \(part.variable.dimensions.map(\.name)), but "
          + "\(first.variable.dimensions.map(\.name)) in \(path(0)); give files of one kind")
    }
    for axis in first.others.indices { try joinOther(axis) }
  }

  private mutating func joinOther(_ index: Int) throws(GridError) {
    var joined = parts[0].others[index]
    if parts.allSatisfy({ $0.others[index].values == joined.values }) {
      for number in parts.indices { places[number].append(Array(0..<joined.count)) }
      others.append(joined)
      return
    }
    var entries = OrderedEntries()
    for number in parts.indices {
      guard let found = entries.add(parts[number].others[index].values) else {
        throw GridError(
          .mismatch, path: path(number), variable: name,
          "has other entries along '\(joined.name)' than \(path(0)), and no coordinates that "
            + "tell which; add coordinates")
      }
      places[number].append(found)
    }
    joined.values = entries.values(like: joined.values)
    joined.bounds = nil
    others.append(joined)
  }

  // MARK: Times

  private mutating func joinTimes() throws(GridError) {
    guard let first = parts.first?.time else {
      if let number = parts.firstIndex(where: { $0.time != nil }) {
        throw GridError(
          .mismatch, path: path(number), variable: name,
          "has times, but none in \(path(0)); give files of one kind")
      }
      for number in parts.indices { places[number].append([0]) }
      return
    }
    try refuseOtherCalendars(first)
    var all: [(time: CFTime, bounds: TimeBounds?)] = []
    var isSorted = true
    for (number, part) in parts.enumerated() {
      guard let axis = part.time else {
        throw GridError(
          .mismatch, path: path(number), variable: name,
          "has no times, but has in \(path(0)); give files of one kind")
      }
      for (index, time) in axis.times.enumerated() {
        if let last = all.last, time < last.time { isSorted = false }
        all.append((time, axis.bounds?[index]))
      }
    }
    if !isSorted { all.sort { $0.time < $1.time } }
    var axis = first
    var place: [CFTime: Int] = [:]
    axis.times = []
    var bounds: [TimeBounds] = []
    for entry in all where place[entry.time] == nil {
      place[entry.time] = axis.times.count
      axis.times.append(entry.time)
      if let period = entry.bounds { bounds.append(period) }
    }
    axis.bounds = bounds.count == axis.times.count ? bounds : nil
    for number in parts.indices {
      let found = parts[number].time?.times.compactMap { place[$0] } ?? []
      if let twice = firstRepeated(found) {
        throw GridError(
          .duplicateTime, variable: name,
          "time \(axis.times[twice]) is there twice in \(path(number)); leave one out")
      }
      places[number].append(found)
    }
    if !isSorted, parts.count == 1 || axis.times.count == all.count {
      notes.append("frames were not in the order of time and have been sorted")
    }
    time = axis
  }

  private func firstRepeated(_ places: [Int]) -> Int? {
    var seen: Set<Int> = []
    return places.first { !seen.insert($0).inserted }
  }

  private func refuseOtherCalendars(_ first: TimeAxis) throws(GridError) {
    for (number, part) in parts.enumerated() {
      guard let calendar = part.time?.calendar, calendar != first.calendar,
        !(calendar.isReal && first.calendar.isReal)
      else { continue }
      throw GridError(
        .mismatch, path: path(number), variable: name,
        "counts time in the \(calendar.rawValue) calendar, but \(path(0)) in the "
          + "\(first.calendar.rawValue) one; give files of one calendar")
    }
  }

  // MARK: Levels

  private mutating func joinLevels() throws(GridError) {
    guard let first = parts.first?.vertical else {
      for number in parts.indices {
        guard parts[number].vertical == nil else {
          throw GridError(
            .mismatch, path: path(number), variable: name,
            "has levels, but none in \(path(0)); give files of one kind")
        }
        places[number].append([0])
      }
      return
    }
    var axis = first
    if parts.allSatisfy({ $0.vertical?.values == first.values && $0.vertical?.units == first.units }
    ) {
      for number in parts.indices { places[number].append(Array(0..<first.count)) }
      vertical = axis
      return
    }
    let values = try levelsInOneUnit(first)
    let all = Set(values.joined())
    let isFalling = values.contains { $0.count > 1 && $0[0] > $0[1] }
    axis.values = all.sorted(by: isFalling ? (>) : (<))
    axis.bounds = nil
    axis.boundsName = nil
    let place = Dictionary(
      axis.values.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    for number in parts.indices {
      places[number].append(values[number].compactMap { place[$0] })
    }
    vertical = axis
  }

  private func levelsInOneUnit(_ first: VerticalAxis) throws(GridError) -> [[Double]] {
    var result: [[Double]] = []
    for (number, part) in parts.enumerated() {
      guard let axis = part.vertical, axis.values.allSatisfy(\.isFinite) else {
        throw GridError(
          .mismatch, path: path(number), variable: name,
          "has no levels that could be joined with those of \(path(0)); give files of one kind")
      }
      if axis.units == first.units {
        result.append(axis.values)
      } else if let from = try? PhysicalUnit(axis.units), let to = try? PhysicalUnit(first.units),
        let conversion = try? from.conversion(to: to)
      {
        result.append(axis.values.map { conversion($0) })
      } else {
        throw GridError(
          .mismatch, path: path(number), variable: axis.name,
          "has units '\(axis.units)', but '\(first.units)' in \(path(0)); give files of one kind")
      }
    }
    return result
  }

  // MARK: Grids

  private mutating func joinGrids() throws(GridError) {
    guard var joined = parts.first?.grid else {
      for number in parts.indices { places[number] += [[0], [0]] }
      return
    }
    var differing: [(number: Int, difference: String)] = []
    for (number, part) in parts.enumerated() {
      guard let grid = part.grid else {
        throw GridError(
          .mismatch, path: path(number), variable: name,
          "lies on no grid, but does in \(path(0)); give files of one kind")
      }
      if let difference = grid.difference(from: joined) ?? cellDifference(grid, joined) {
        differing.append((number, difference))
      }
    }
    if differing.isEmpty {
      for number in parts.indices {
        places[number] += [Array(0..<joined.height), Array(0..<joined.width)]
      }
      grid = joined
      return
    }
    let grids = parts.compactMap(\.grid)
    guard let tiling = GridTiling(grids) else {
      throw GridError(
        .mismatch, path: path(differing[0].number), variable: name,
        "lies on another grid than in \(path(0)): \(differing[0].difference); "
          + "give files on one grid")
    }
    for number in parts.indices { places[number] += [tiling.rows[number], tiling.columns[number]] }
    joined.x = tiling.x
    joined.y = tiling.y
    notes.append("tiles joined to one grid of \(joined.height) × \(joined.width) cells")
    grid = joined
  }

  private func cellDifference(_ a: HorizontalGrid, _ b: HorizontalGrid) -> String? {
    guard a.kind == .curvilinear, a.latitude != b.latitude || a.longitude != b.longitude else {
      return nil
    }
    return "other latitudes or longitudes of cells"
  }
}
