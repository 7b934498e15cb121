// Room: Grids. Coordinates of several files put in one order.

/// Coordinates of several files in the order in which they first appear.
struct OrderedEntries {
  private var numbers: [Double] = []
  private var texts: [String] = []
  private var times: [CFTime] = []

  /// Where the entries of one file stand, or nil where they cannot be told apart.
  mutating func add(_ values: DiscreteAxis.Values) -> [Int]? {
    switch values {
    case .none: nil
    case .numbers(let values): values.contains(where: \.isNaN) ? nil : Self.add(values, &numbers)
    case .texts(let values): Self.add(values, &texts)
    case .times(let values): Self.add(values, &times)
    }
  }

  private static func add<T: Equatable>(_ values: [T], _ all: inout [T]) -> [Int] {
    values.map { value in
      if let found = all.firstIndex(of: value) { return found }
      all.append(value)
      return all.count - 1
    }
  }

  func values(like example: DiscreteAxis.Values) -> DiscreteAxis.Values {
    switch example {
    case .none, .numbers: .numbers(numbers)
    case .texts: .texts(texts)
    case .times: .times(times)
    }
  }
}
