// Room: Grids. Finding a variable by what people call it.

extension GridDataset {
  /// The variable that `words` mean: its name, in capitals or not; its standard name or an alias of
  /// it; or its long name.
  ///
  /// Throws: `GridError` with code `noVariable` listing what there is, or `ambiguousVariable`.
  public func variable(called words: String) throws(GridError) -> GridVariable {
    if let found = variables.first(where: { $0.name == words }) { return found }
    let wanted = words.lowercased()
    let names = StandardNameAliases.same(as: wanted)
    let ways: [(GridVariable) -> Bool] = [
      { $0.name.lowercased() == wanted },
      { $0.standardName.map { names.contains($0.lowercased()) } ?? false },
      { $0.longName?.lowercased() == wanted },
      { $0.longName?.lowercased().contains(wanted) ?? false },
    ]
    for matches in ways {
      let found = variables.filter { !$0.isSupport && matches($0) }
      if found.count == 1 { return found[0] }
      if found.count > 1 {
        // The one on a grid, where there is one.
        let gridded = found.filter(\.isGridded)
        if gridded.count == 1 { return gridded[0] }
        throw GridError(
          .ambiguousVariable, path: paths[0],
          "'\(words)' could be " + found.map { "'\($0.name)'" }.joined(separator: " or ")
            + "; name one")
      }
    }
    return try variable(words)
  }
}

/// Standard names that were renamed, with what they are called now.
///
/// Source: CF standard name table, aliases.
enum StandardNameAliases {
  private static let groups: [Set<String>] = [
    ["sea_surface_height_above_mean_sea_level", "sea_surface_height_above_sea_level"],
    ["air_pressure_at_mean_sea_level", "air_pressure_at_sea_level"],
    ["sea_surface_wave_significant_height", "significant_height_of_wind_and_swell_waves"],
    ["sea_surface_swell_wave_significant_height", "significant_height_of_swell_waves"],
    ["sea_surface_wind_wave_significant_height", "significant_height_of_wind_waves"],
    ["sea_surface_height_above_geoid", "sea_surface_elevation"],
  ]

  static func same(as name: String) -> Set<String> {
    groups.first { $0.contains(name) } ?? [name]
  }
}
