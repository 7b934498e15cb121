// Room: Networks. Shapes as expressions of the lengths that a network leaves open.

internal import Tensors

/// The length of a dimension in terms of the network's open lengths.
package enum SymbolicLength: Sendable, Hashable, CustomStringConvertible {
  case fixed(Int)
  /// As in `height*2` or `(width + 1)/2`, where a division leaves its rest.
  case expression(String)
  case unknown

  package var description: String {
    switch self {
    case .fixed(let length): String(length)
    case .expression(let text): text
    case .unknown: "?"
    }
  }
}

/// The shapes of a graph's values in terms of its open lengths.
///
/// Operators have one rule for shapes, the concrete one; a second, symbolic one could only agree with
/// it or be wrong. So the concrete rules are asked what comes out for several lengths of each symbol,
/// and the answers are read back as expressions, each of which holds for every length tried. Where
/// a network does not take every length, multiples of 2, 4, … are tried, and `granularity` says so.
package struct SymbolicShapes: Sendable {
  /// The names of the open lengths: the file's, or `input.axis` where it gives none.
  package let symbols: [String]
  /// The lengths are meant as multiples of this.
  package let granularity: Int
  private let shapes: [ValueID: [SymbolicLength]]

  /// The shape of a value; nil where even its rank depends on the data.
  package subscript(value: ValueID) -> [SymbolicLength]? { shapes[value] }

  private typealias Probe = [String: Int]

  package init(_ graph: Graph) {
    let symbols = Self.symbols(of: graph)
    var tables: [FactTable] = []
    var probes: [Probe] = []
    var granularity = 1
    for grain in [1, 2, 4, 8, 16, 32, 64] {
      probes = Self.probes(symbols, grain: grain)
      granularity = grain
      tables = probes.compactMap { Self.facts(of: graph, $0) }
      if tables.count == probes.count { break }
    }
    self.symbols = symbols
    self.granularity = granularity
    guard tables.count == probes.count else {
      shapes = [:]
      return
    }
    var reader = LengthReader(symbols: symbols, probes: probes)
    // Expressions of one symbol first: those of several are products and sums of them.
    for several in [false, true] {
      for value in graph.names.indices {
        for lengths in Self.lengths(value, tables) ?? [] { reader.read(lengths, several: several) }
      }
    }
    var shapes: [ValueID: [SymbolicLength]] = [:]
    for value in graph.names.indices {
      shapes[value] = Self.lengths(value, tables)?.map { reader.known($0) }
    }
    self.shapes = shapes
  }

  private static func symbols(of graph: Graph) -> [String] {
    var result: [String] = []
    for input in graph.inputs {
      for (axis, dimension) in (input.declared.dimensions ?? []).enumerated() {
        let name = symbol(dimension, axis, of: input)
        if let name, !result.contains(name) { result.append(name) }
      }
    }
    return result
  }

  /// The name of an open length.
  package static func symbol(
    _ dimension: ValueDescription.Dimension, _ axis: Int, of input: GraphInput
  ) -> String? {
    switch dimension {
    case .fixed: nil
    case .symbol(let name): name
    case .unknown: "\(input.declared.name).\(axis)"
    }
  }

  /// One symbol changed at a time, then all at once.
  private static func probes(_ symbols: [String], grain: Int) -> [Probe] {
    var base: Probe = [:]
    for (index, symbol) in symbols.enumerated() { base[symbol] = grain * (67 + 10 * index) }
    var result = [base]
    for symbol in symbols {
      for change in [1, 2, 3, 5, 8, 15, 32, 60] {
        result.append(base.merging([symbol: base[symbol, default: 0] + grain * change]) { $1 })
      }
    }
    for change in [7, 24] { result.append(base.mapValues { $0 + grain * change }) }
    return result
  }

  /// What is known when the open lengths are these; nil where an operator does not take them.
  private static func facts(of graph: Graph, _ probe: Probe) -> FactTable? {
    var known: [ValueID: TensorFacts] = [:]
    for input in graph.inputs where input.declared.kind == .tensor {
      guard let dimensions = input.declared.dimensions else { continue }
      let lengths = dimensions.enumerated().map { axis, dimension -> Int in
        if case .fixed(let length) = dimension { return length }
        return symbol(dimension, axis, of: input).flatMap { probe[$0] } ?? 1
      }
      known[input.value] = try? TensorFacts(
        input.declared.elementType ?? .float32, checking: lengths)
    }
    var table = FactTable(graph, inputs: known, limits: MemoryLimits(bytes: .max))
    for node in graph.nodes {
      guard (try? table.visit(node)) != nil else { return nil }
    }
    return table
  }

  /// Each dimension's length in every probe; nil where the rank is not known or differs.
  private static func lengths(_ value: ValueID, _ tables: [FactTable]) -> [[Int]]? {
    let shapes = tables.compactMap { $0.facts[value]?.shape.dimensions }
    guard shapes.count == tables.count, let rank = shapes.first?.count,
      shapes.allSatisfy({ $0.count == rank })
    else { return nil }
    return (0..<rank).map { axis in shapes.map { $0[axis] } }
  }
}

/// Reads expressions from the lengths that one dimension had in all probes.
private struct LengthReader {
  let symbols: [String]
  let probes: [[String: Int]]
  private var found: [[Int]: SymbolicLength] = [:]
  /// By symbol: expressions of it alone, with their values, shortest first.
  private var single: [String: [(text: String, values: [Int])]] = [:]

  init(symbols: [String], probes: [[String: Int]]) {
    (self.symbols, self.probes) = (symbols, probes)
    for symbol in symbols {
      single[symbol] = [(symbol, probes.map { $0[symbol] ?? 0 })]
    }
  }

  func known(_ lengths: [Int]) -> SymbolicLength { found[lengths] ?? .unknown }

  mutating func read(_ lengths: [Int], several: Bool) {
    guard found[lengths] == nil else { return }
    guard let first = lengths.first, lengths.contains(where: { $0 != first }) else {
      found[lengths] = .fixed(lengths.first ?? 0)
      return
    }
    let own = symbols.filter { symbol in
      probes.indices.contains { index in
        lengths[index] != first && isAlone(symbol, in: index)
      }
    }
    if own.count == 1, let text = expression(lengths, of: own[0]) {
      found[lengths] = .expression(text)
      if single[own[0], default: []].count < 12 {
        single[own[0], default: []].append((text, lengths))
      }
    } else if several, own.count > 1, let text = combination(lengths, of: own) {
      found[lengths] = .expression(text)
    }
  }

  /// Whether in this probe only `symbol` differs from the first.
  private func isAlone(_ symbol: String, in index: Int) -> Bool {
    symbols.allSatisfy { ($0 == symbol) == (probes[index][$0] != probes[0][$0]) }
  }

  /// `(p symbol + a) / q` with the smallest q that fits every probe.
  private func expression(_ lengths: [Int], of symbol: String) -> String? {
    let points = probes.indices.map { (probes[$0][symbol] ?? 0, lengths[$0]) }
    guard let low = points.min(by: { $0.0 < $1.0 }), let high = points.max(by: { $0.0 < $1.0 }),
      high.0 > low.0
    else { return nil }
    let slope = Double(high.1 - low.1) / Double(high.0 - low.0)
    for q in 1...64 {
      for p in Set([(slope * Double(q)).rounded(.down), (slope * Double(q)).rounded(.up)]) {
        guard p != 0, abs(p) < 1e6 else { continue }
        let p = Int(p)
        var range = (Int.min, Int.max)
        for (x, y) in points {
          let (least, overflow) = q.multipliedReportingOverflow(by: y)
          guard !overflow, abs(least) < 1 << 50 else { return nil }
          range = (max(range.0, least - p * x), min(range.1, least - p * x + q - 1))
        }
        guard range.0 <= range.1 else { continue }
        // Of the constants that all probes allow, the one nearest to 0.
        return text(symbol, p, range.0 > 0 ? range.0 : range.1 < 0 ? range.1 : 0, q)
      }
    }
    return nil
  }

  private func text(_ symbol: String, _ p: Int, _ a: Int, _ q: Int) -> String {
    var text = p == 1 ? symbol : p == -1 ? "-\(symbol)" : "\(symbol)*\(p)"
    if a != 0 { text += a > 0 ? " + \(a)" : " - \(-a)" }
    guard q > 1 else { return text }
    return a != 0 || p != 1 ? "(\(text))/\(q)" : "\(text)/\(q)"
  }

  /// A multiple of a product, or a sum with a constant, of one expression for each symbol.
  private func combination(_ lengths: [Int], of own: [String]) -> String? {
    guard own.count <= 3 else { return nil }
    var choices: [[(text: String, values: [Int])]] = [[]]
    for symbol in own {
      choices = choices.flatMap { start in (single[symbol] ?? []).map { start + [$0] } }
    }
    for choice in choices {
      let texts = choice.map { $0.text.contains(" ") ? "(\($0.text))" : $0.text }
      let products = probes.indices.map { index in
        choice.reduce(1.0) { $0 * Double($1.values[index]) }
      }
      let ratio = Double(lengths[0]) / products[0]
      if ratio.isFinite, ratio > 0,
        zip(lengths, products).allSatisfy({ abs(Double($0) - ratio * $1) < 1e-6 * Double($0) })
      {
        let product = texts.joined(separator: "*")
        if ratio == 1 { return product }
        if ratio == ratio.rounded() { return "\(product)*\(Int(ratio))" }
        let inverse = (1 / ratio).rounded()
        if abs(1 / ratio - inverse) < 1e-9 { return "\(product)/\(Int(inverse))" }
      }
      let sums = probes.indices.map { index in choice.reduce(0) { $0 + $1.values[index] } }
      let rest = lengths[0] - sums[0]
      if zip(lengths, sums).allSatisfy({ $0 - $1 == rest }) {
        let sum = texts.joined(separator: " + ")
        return rest == 0 ? sum : "\(sum) \(rest > 0 ? "+" : "-") \(abs(rest))"
      }
    }
    return nil
  }
}
