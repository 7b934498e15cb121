// Room: Grids. The fields of files that share a grid.

internal import GridFiles

/// Fields on one grid, for a description of files.
public struct FieldGroup: Sendable {
  /// The names of the fields.
  public var variables: [String]
  /// The field with the most levels, times and other entries.
  public var example: Field

  /// Lines for a person, each with the label of its fact; no label where it continues the last one.
  public var facts: [(label: String, text: String)] {
    var facts: [(String, String)] = []
    if let grid = example.horizontal {
      for (number, line) in GridFacts.lines(grid).enumerated() {
        facts.append((number == 0 ? "grid" : "", line))
      }
    }
    for axis in example.others { facts.append(("axis", GridFacts.text(axis))) }
    if let vertical = example.vertical { facts.append(("levels", GridFacts.text(vertical))) }
    if let time = example.time {
      facts.append(("times", GridFacts.text(time)))
    } else if example.timeProblem == nil, example.horizontal != nil {
      facts.append(("times", "none: the values hold always"))
    }
    for scalar in example.scalars {
      facts.append(("at", "\(scalar.name) \(scalar.label)"))
    }
    return facts
  }

  /// The groups of `fields`, in the order in which they first appear.
  static func groups(of fields: [Field]) -> [FieldGroup] {
    var groups: [FieldGroup] = []
    for field in fields {
      let place = groups.firstIndex { group in
        let other = group.example
        switch (field.horizontal, other.horizontal) {
        case (nil, nil):
          return field.others.map(\.name) == other.others.map(\.name)
            && field.vertical?.name == other.vertical?.name
        case (let a?, let b?):
          return a.x.name == b.x.name && a.y.name == b.y.name && a.difference(from: b) == nil
            && a.latitude?.name == b.latitude?.name
        default: return false
        }
      }
      guard let place else {
        groups.append(FieldGroup(variables: [field.name], example: field))
        continue
      }
      groups[place].variables.append(field.name)
      if field.shape.dropLast(2).reduce(1, { $0 &* $1 })
        > groups[place].example.shape.dropLast(2).reduce(1, { $0 &* $1 })
      {
        groups[place].example = field
      }
    }
    return groups
  }
}
