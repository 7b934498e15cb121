// Room: Grids. Forecasts of many reference times: one run of them, ordered along its valid times.

internal import GridFiles

extension Field {
  /// For a field over reference times and forecast periods, one run with the valid times as its time
  /// axis.
  ///
  /// Throws: `GridError` with code `layout` where the field has no such two axes, `misuse` where there
  /// is no such run.
  public func run(_ index: Int) throws(GridError) -> Field {
    guard time == nil, let reference = others.firstIndex(where: { $0.kind == .referenceTime }),
      let period = others.firstIndex(where: { $0.kind == .forecastPeriod }),
      case .times(let references) = others[reference].values,
      case .numbers(let counts) = others[period].values
    else {
      throw GridError(
        .layout, variable: name, "has no axes of reference times and of forecast periods")
    }
    guard references.indices.contains(index) else {
      throw GridError(
        .misuse, variable: name, "has \(references.count) runs, asked for number \(index)")
    }
    let units = others[period].units
    guard let unit = CFTimeUnits.nanoseconds(in: units, .standard) else {
      throw GridError(
        .units, variable: name,
        "'\(units)' of '\(others[period].name)' is not a unit of time; use hours or seconds")
    }
    let times = counts.map { count -> CFTime in
      let nanoseconds = (count * Double(unit)).rounded()
      let step = nanoseconds.magnitude < 9e18 ? Int64(nanoseconds) : 0
      return references[index].advanced(by: .nanoseconds(step))
    }
    var field = try taking([index], along: .other(reference))
    field.time = TimeAxis(
      name: others[period].name, times: times, attributes: ["standard_name": "time"])
    field.moveToTime(period)
    return field
  }

  /// Makes the other axis at `place` the time axis.
  private mutating func moveToTime(_ place: Int) {
    let timePlace = others.count
    var order = Array(source.shape.indices)
    order[timePlace] = place
    order.remove(at: place)
    source = source.permuted(order)
    selection = order.map { selection[$0] }
    others.remove(at: place)
  }
}

extension FieldSource {
  /// The same values with the axes `order`, which leaves out one of length 1.
  fileprivate func permuted(_ order: [Int]) -> FieldSource {
    FieldSource(
      set: set, shape: order.map { shape[$0] },
      pieces: pieces.map { piece in
        var piece = piece
        piece.dimensions = order.map { piece.dimensions[$0] }
        piece.places = order.map { piece.places[$0] }
        return piece
      })
  }
}
