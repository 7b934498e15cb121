// Room: Grids. Leaves masked cells out of weights.

extension RegridWeights {
  /// The weights without masked source cells and without rows of masked target cells.
  ///
  /// A row keeps its sum: the valid source cells take over the weight of the others, where they
  /// have at least `minimum` of it; else the row is emptied.
  func masked(source: [Bool]?, target: [Bool]?, minimum: Double) -> RegridWeights {
    if source == nil, target == nil { return self }
    var starts = [0]
    starts.reserveCapacity(targetCount + 1)
    var (cells, values) = (self.cells, self.values)
    var end = 0
    for row in 0..<targetCount {
      defer { starts.append(end) }
      let links = self.starts[row]..<self.starts[row + 1]
      guard target?[row] ?? true else { continue }
      var factor = 1.0
      if let source {
        var (all, valid) = (0.0, 0.0)
        for link in links {
          all += self.values[link * terms]
          if source[Int(self.cells[link])] { valid += self.values[link * terms] }
        }
        guard valid > 1e-9, valid >= (minimum - validSlack) * all else { continue }
        factor = all / valid
      }
      for link in links where source?[Int(self.cells[link])] ?? true {
        cells[end] = self.cells[link]
        for term in 0..<terms {
          let weight = self.values[link * terms + term]
          values[end * terms + term] = factor == 1 ? weight : weight * factor
        }
        end += 1
      }
    }
    cells.removeLast(cells.count - end)
    values.removeLast(values.count - end * terms)
    return RegridWeights(
      sourceCount: sourceCount, terms: terms, starts: starts, cells: cells, values: values,
      coverage: coverage)
  }
}
