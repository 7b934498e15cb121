// Room: Grids. Cells for which a file has no place, though it writes numbers there.

internal import GridFiles

extension AuxiliaryCoordinate {
  /// Makes places that are exactly 0° north, 0° east missing where several cells claim them, as models
  /// write where they leave out land; gives how many those are.
  static func removeZeros(
    _ latitude: inout AuxiliaryCoordinate?, _ longitude: inout AuxiliaryCoordinate?
  ) -> Int {
    guard let latitudes = latitude?.values.doubles, let longitudes = longitude?.values.doubles,
      latitudes.count == longitudes.count
    else { return 0 }
    let zeros = latitudes.indices.filter { latitudes[$0] == 0 && longitudes[$0] == 0 }
    // A single cell may lie there.
    guard zeros.count > 1 else { return 0 }
    latitude?.removePlaces(zeros)
    longitude?.removePlaces(zeros)
    return zeros.count
  }

  private mutating func removePlaces(_ cells: [Int]) {
    if case .float(var stored) = values {
      for cell in cells { stored[cell] = .nan }
      values = .float(stored)
    } else if var stored = values.doubles {
      for cell in cells { stored[cell] = .nan }
      values = .double(stored)
    }
    guard var corners = bounds, values.count > 0, corners.count % values.count == 0 else { return }
    let count = corners.count / values.count
    for cell in cells {
      for corner in 0..<count { corners[cell * count + corner] = .nan }
    }
    bounds = corners
  }
}
