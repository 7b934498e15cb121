// Room: Grids. Cell methods in terms of the axes that an output has.

/// A field's cell methods, with the names that its axes have in the output.
struct WrittenCellMethods {
  /// The attribute, or nil where nothing is left of it.
  let text: String?
  /// What was left out, for a person.
  let notes: [String]

  /// Names that CF lets stand for themselves, beside dimensions and scalars.
  private static let general: Set<String> = ["area", "longitude", "latitude", "time"]

  /// `axes` are the names of the output's axes beside time and the horizontal ones.
  init(_ field: Field, on grid: HorizontalGrid, axes: [String]) {
    var renamed: [String: String] = [:]
    if let time = field.time { renamed[time.name] = "time" }
    if let own = field.horizontal {
      renamed[own.x.name] = leafName(grid.x.name)
      renamed[own.y.name] = leafName(grid.y.name)
    }
    let known = Self.general.union(axes).union(renamed.values)
    var (parts, notes): ([String], [String]) = ([], [])
    for var method in field.cellMethods {
      method.axes = method.axes.map { renamed[$0] ?? $0 }
      if let stranger = method.axes.first(where: { !known.contains($0) }) {
        notes.append(
          "cell method '\(method)' of '\(field.name)' was left out: the output has no axis "
            + "'\(stranger)'")
      } else {
        parts.append(method.description)
      }
    }
    text = parts.isEmpty ? nil : parts.joined(separator: " ")
    self.notes = notes
  }
}
