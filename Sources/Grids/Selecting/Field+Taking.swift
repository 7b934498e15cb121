// Room: Grids. Fields made of parts of fields: by index, along any axis. Nothing is read.

internal import GridFiles

extension Field {
  /// An axis of a field.
  public enum Axis: Sendable, Hashable {
    /// One of the other axes, by its place among them.
    case other(Int)
    case time, level, y, x
  }

  /// The place of `axis` in the canonical order.
  func place(of axis: Axis) -> Int {
    switch axis {
    case .other(let index): index
    case .time: others.count
    case .level: others.count + 1
    case .y: others.count + 2
    case .x: others.count + 3
    }
  }

  /// The field with the elements at `indices` along `axis`, in that order; an index may repeat.
  ///
  /// Throws: `GridError` with code `misuse` where there is no such element or none is asked for.
  public func taking(_ indices: [Int], along axis: Axis) throws(GridError) -> Field {
    let place = place(of: axis)
    guard shape.indices.contains(place), !indices.isEmpty,
      indices.allSatisfy({ (0..<shape[place]).contains($0) })
    else {
      throw GridError(
        .misuse, variable: name, "has no such elements along axis \(axis): \(indices.prefix(5))")
    }
    var field = self
    field.selection[place] = indices.map { selection[place][$0] }
    field.mask = mask?.taking(indices, along: axis)
    switch axis {
    case .other(let index): field.others[index] = others[index].taking(indices)
    case .time: field.time = time?.taking(indices)
    case .level: field.vertical = vertical?.taking(indices)
    case .y: field.horizontal = horizontal?.taking(rows: indices, columns: nil)
    case .x: field.horizontal = horizontal?.taking(rows: nil, columns: indices)
    }
    return field
  }

  /// The field with rows from north to south, or from south to north.
  ///
  /// Edge cases: for projected axes, by the axis; curvilinear rows stay as they are.
  public func ordered(northUp: Bool) throws(GridError) -> Field {
    guard let grid = horizontal, grid.kind != .curvilinear, grid.kind != .index, height > 1,
      grid.y.isAscending == northUp
    else { return self }
    return try taking(Array((0..<height).reversed()), along: .y)
  }

  /// The field with levels in the order of rising or falling coordinates.
  public func ordered(levelsAscending: Bool) throws(GridError) -> Field {
    guard let vertical, vertical.count > 1,
      (vertical.values[0] < vertical.values[1]) != levelsAscending
    else { return self }
    return try taking(Array((0..<levelCount).reversed()), along: .level)
  }
}

/// Which cells of a field are inside what was asked for.
struct CellMask: Sendable {
  var rows: Int
  var columns: Int
  var isInside: [Bool]

  func taking(_ indices: [Int], along axis: Field.Axis) -> CellMask {
    switch axis {
    case .y:
      CellMask(
        rows: indices.count, columns: columns,
        isInside: indices.flatMap { isInside[$0 * columns..<($0 + 1) * columns] })
    case .x:
      CellMask(
        rows: rows, columns: indices.count,
        isInside: (0..<rows).flatMap { row in indices.map { isInside[row * columns + $0] } })
    default: self
    }
  }

  /// Marks what lies outside as missing in `values`, layers of a window of the grid.
  func apply(to values: inout [Float], rows: Range<Int>, columns: Range<Int>) {
    let size = rows.count * columns.count
    guard size > 0 else { return }
    for layer in 0..<values.count / size {
      for row in rows {
        let first = layer * size + (row - rows.lowerBound) * columns.count
        for column in columns where !isInside[row * self.columns + column] {
          values[first + column - columns.lowerBound] = .nan
        }
      }
    }
  }
}

extension DiscreteAxis {
  func taking(_ indices: [Int]) -> DiscreteAxis {
    var axis = self
    switch values {
    case .none: axis.values = .numbers(indices.map(Double.init))
    case .numbers(let values): axis.values = .numbers(indices.map { values[$0] })
    case .texts(let values): axis.values = .texts(indices.map { values[$0] })
    case .times(let values): axis.values = .times(indices.map { values[$0] })
    }
    axis.bounds = bounds.map { pairs(of: $0, indices) }
    return axis
  }
}

extension TimeAxis {
  func taking(_ indices: [Int]) -> TimeAxis {
    var axis = self
    axis.times = indices.map { times[$0] }
    axis.bounds = bounds.map { bounds in indices.map { bounds[$0] } }
    return axis
  }
}

extension VerticalAxis {
  func taking(_ indices: [Int]) -> VerticalAxis {
    var axis = self
    axis.values = indices.map { values[$0] }
    axis.bounds = bounds.map { pairs(of: $0, indices) }
    return axis
  }
}

extension HorizontalAxis {
  func taking(_ indices: [Int]) -> HorizontalAxis {
    var axis = self
    axis.values = indices.map { values[$0] }
    axis.bounds = bounds.map { pairs(of: $0, indices) }
    return axis
  }
}

extension HorizontalGrid {
  /// The grid with these rows and columns, nil for all.
  func taking(rows: [Int]?, columns: [Int]?) -> HorizontalGrid {
    var grid = self
    if let rows { grid.y = y.taking(rows) }
    if let columns { grid.x = x.taking(columns) }
    let rows = rows ?? Array(0..<height)
    let columns = columns ?? Array(0..<width)
    grid.latitude = latitude?.taking(rows, columns, of: width)
    grid.longitude = longitude?.taking(rows, columns, of: width)
    return grid
  }
}

extension AuxiliaryCoordinate {
  fileprivate func taking(_ rows: [Int], _ columns: [Int], of width: Int) -> AuxiliaryCoordinate {
    var coordinate = self
    let cells = rows.flatMap { row in columns.map { row * width + $0 } }
    if case .float(let stored) = values {
      coordinate.values = .float(cells.map { stored[$0] })
    } else if let stored = values.doubles {
      coordinate.values = .double(cells.map { stored[$0] })
    }
    if let bounds, values.count > 0, bounds.count % values.count == 0 {
      let corners = bounds.count / values.count
      coordinate.bounds = cells.flatMap { bounds[$0 * corners..<($0 + 1) * corners] }
    }
    return coordinate
  }
}

private func pairs(of bounds: [Double], _ indices: [Int]) -> [Double] {
  guard let last = indices.max(), bounds.count > 2 * last + 1 else { return [] }
  return indices.flatMap { [bounds[2 * $0], bounds[2 * $0 + 1]] }
}
