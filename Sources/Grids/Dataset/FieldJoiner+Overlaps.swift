// Room: Grids. Two files for the same values are refused; places without a file are noted.

extension FieldJoiner {
  /// Refuses two files for the same values; notes places for which there is none.
  mutating func refuseOverlaps(_ shape: [Int]) throws(GridError) {
    guard parts.count > 1 else { return }
    let divided = shape.indices.filter { axis in
      places.contains { $0[axis].count != shape[axis] }
    }
    var owner: [[Int]: Int] = [:]
    for number in parts.indices {
      var choice = [Int](repeating: 0, count: divided.count)
      // Of rows and columns, the first tells the tile.
      let counts = divided.map { $0 >= shape.count - 2 ? 1 : places[number][$0].count }
      guard counts.allSatisfy({ $0 > 0 }) else { continue }
      repeat {
        let key = divided.indices.map { places[number][divided[$0]][choice[$0]] }
        if let other = owner.updateValue(number, forKey: key) {
          throw overlap(other, number, key, divided, shape)
        }
      } while advance(&choice, counts)
    }
    let expected = divided.reduce(1) { total, axis in
      let firsts =
        axis >= shape.count - 2 ? Set(places.compactMap { $0[axis].first }).count : shape[axis]
      return total &* firsts
    }
    if owner.count < expected {
      notes.append(
        "\(expected - owner.count) of \(expected) parts lie in no file: their values are missing")
    }
  }

  private func overlap(
    _ a: Int, _ b: Int, _ key: [Int], _ divided: [Int], _ shape: [Int]
  ) -> GridError {
    let timeAxis = shape.count - 4
    if let time, time.times.indices.contains(0) {
      let place = divided.firstIndex(of: timeAxis).map { key[$0] } ?? 0
      let instant = time.times.indices.contains(place) ? time.times[place] : time.times[0]
      return GridError(
        .duplicateTime, variable: name,
        "time \(instant) is there in \(path(a)) and \(path(b)); leave one out")
    }
    return GridError(
      .mismatch, path: path(b), variable: name,
      "holds the same values as \(path(a)), and no coordinate tells them apart; leave one out")
  }
}
