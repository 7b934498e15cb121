// Room: Grids. What a file of a dataset declares, kept after the file itself is closed.

internal import GridFiles

/// The metadata of one file, and what its variables are to each other.
final class FileHeader: Sendable {
  /// The file's number in its dataset.
  let number: Int
  let path: String
  let format: NetCDFFormat
  let dimensions: [NetCDFDimension]
  let variables: [NetCDFVariable]
  let attributes: NetCDFAttributes
  /// Whether the file holds points, stations, profiles or tracks instead of grids (CF chapter 9).
  let isDiscreteSampling: Bool
  /// Variables that others name as their bounds.
  let boundsNames: Set<String>
  /// Variables that others name as their coordinates.
  let coordinateNames: Set<String>

  private let places: [String: Int]

  init(_ file: NetCDFFile, number: Int) {
    self.number = number
    path = file.path
    format = file.format
    dimensions = file.dimensions
    variables = file.variables
    attributes = file.attributes
    let kind = file.attributes.text("featureType") ?? file.attributes.text("CF:featureType") ?? ""
    isDiscreteSampling =
      ["point", "timeseries", "trajectory", "profile", "timeseriesprofile", "trajectoryprofile"]
      .contains(kind.lowercased()) || file.variables.contains { $0.attributes["cf_role"] != nil }
    places = Dictionary(
      file.variables.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    var bounds: Set<String> = []
    var coordinates: Set<String> = []
    for variable in file.variables {
      for key in ["bounds", "climatology", "edges"] {
        if let name = variable.attributes.text(key), !name.isEmpty { bounds.insert(name) }
      }
      coordinates.formUnion((variable.attributes.text("coordinates") ?? "").words)
    }
    boundsNames = bounds
    coordinateNames = coordinates
  }

  func variable(_ name: String) -> NetCDFVariable? {
    places[name].map { variables[$0] }
  }

  /// The variable called `name` by a variable of group `prefix`: searched there, then towards the root.
  func variable(_ name: String, seenFrom prefix: String) -> NetCDFVariable? {
    if name.hasPrefix("/") { return variable(String(name.dropFirst())) }
    var prefix = prefix
    while true {
      if let found = variable(prefix + name) { return found }
      if prefix.isEmpty { return nil }
      let parent = prefix.dropLast()
      prefix = parent.lastIndex(of: "/").map { String(parent[...$0]) } ?? ""
    }
  }

  /// The coordinate variable of a dimension: the one-dimensional variable of the same name, or one
  /// whose name differs in nothing but capitals.
  func coordinateVariable(of dimension: NetCDFDimension) -> NetCDFVariable? {
    if let found = variable(dimension.name) {
      return found.dimensions == [dimension] ? found : nil
    }
    let name = dimension.name.lowercased()
    return variables.first { $0.dimensions == [dimension] && $0.name.lowercased() == name }
  }

  /// The variables that `variable` lists as its coordinates, and the names of those that lack.
  func listedCoordinates(
    of variable: NetCDFVariable
  ) -> (found: [NetCDFVariable], absent: [String]) {
    var found: [NetCDFVariable] = []
    var absent: [String] = []
    for name in (variable.attributes.text("coordinates") ?? "").words {
      if let coordinate = self.variable(name, seenFrom: variable.groupPrefix) {
        found.append(coordinate)
      } else {
        absent.append(name)
      }
    }
    return (found, absent)
  }
}

extension String {
  /// The parts between blanks.
  var words: [String] { split(whereSeparator: \.isWhitespace).map(String.init) }
}
