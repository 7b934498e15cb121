// Room: Grids. Heights, depths or pressures of every level of a field whose levels follow a formula.

internal import GridFiles

extension GridDataset {
  /// Where the levels of `field` are at one time: pressures in the units of the formula's terms, or
  /// heights above the datum (negative in the sea).
  ///
  /// Shapes and units: `[level, y, x]`; NaN where a term is missing.
  /// Throws: `GridError` with code `layout` where the field's levels follow no formula, or a term lies on
  /// another grid; `noVariable` where a term's variable lacks.
  /// Source: CF 1.11 appendix D.
  public func physicalLevels(of field: Field, time: Int = 0) throws(GridError) -> [Float] {
    guard let axis = field.vertical, let formula = axis.formula else {
      throw GridError(
        .layout, path: paths[0], variable: field.name,
        "has no levels that follow a formula of CF appendix D")
    }
    let (count, cells) = (axis.count, field.height * field.width)
    var columns: [String: [Float]] = [:]
    var fixed: [String: [Double]] = [:]
    for (term, name) in formula.terms {
      let values = try self.term(name, of: field, time)
      switch values {
      case .levels(let values): fixed[term] = values
      case .cells(let values): columns[term] = values
      }
    }
    var result = [Float](repeating: .nan, count: count * cells)
    var column = fixed
    for cell in 0..<cells {
      for (term, values) in columns { column[term] = [Double(values[cell])] }
      let levels = try formula.levels(count, column: column)
      for level in 0..<count { result[level * cells + cell] = Float(levels[level]) }
    }
    return result
  }

  private enum Term {
    /// One number, or one a level.
    case levels([Double])
    /// One a cell.
    case cells([Float])
  }

  private func term(_ name: String, of field: Field, _ time: Int) throws(GridError) -> Term {
    let found = try self.field(name)
    guard found.horizontal != nil else {
      var found = found
      if found.levelCount == field.source.shape[field.others.count + 1], found.levelCount > 1 {
        found = try found.taking(field.selection[field.others.count + 1], along: .level)
      }
      return .levels(try found.volume().map(Double.init))
    }
    guard let placed = found.placed(like: field) else {
      throw GridError(
        .layout, path: paths[0], variable: name,
        "lies on another grid than '\(field.name)', whose levels it makes; bring them to one grid")
    }
    var index = 0
    if placed.timeCount > 1, field.times.indices.contains(time) {
      guard let same = placed.times.firstIndex(of: field.times[time]) else {
        throw GridError(
          .time, path: paths[0], variable: name,
          "has no value at \(field.times[time]), which the levels of '\(field.name)' need")
      }
      index = same
    }
    return .cells(try placed.layer(time: index))
  }
}
