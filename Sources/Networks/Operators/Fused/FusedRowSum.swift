// Room: Networks. The sum of rows gathered from tables: the ends of a graph's edges, say.

internal import Tensors

/// `act(sum over k of table_k[…, indices_k, :])`: what is left of a product with joined, gathered rows
/// when the tables have been multiplied before the gathering.
///
/// **Shapes**: inputs in pairs: float32 table `[outer…, N, columns]`, indices of as many elements as
/// there are rows; the result is `[outer…, rows…, columns]`. Negative indices count from the end.
struct FusedRowSum: FusedOperator {
  /// The result's shape, and how many of its first dimensions the tables have too.
  private let result: Shape
  private let outer: Int
  private let activation: Activation

  init(result: Shape, outer: Int, activation: Activation) {
    self.result = result
    self.outer = outer
    self.activation = activation
  }

  private var columns: Int { result[result.rank - 1] }
  private var outerCount: Int { result.dimensions[..<outer].reduce(1, *) }
  private var rows: Int { result.dimensions[outer..<result.rank - 1].reduce(1, *) }

  func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    guard inputs.count >= 2, inputs.count % 2 == 0 else {
      throw OperatorFault.invalid("\(inputs.count) inputs are no pairs of tables and indices")
    }
    for table in stride(from: 0, to: inputs.count, by: 2) {
      let shape = try inputs.required(table).shape
      try inputs.requireType(table, .float32)
      try inputs.requireType(table + 1, .int32, .int64)
      guard shape.rank == outer + 2, shape[shape.rank - 1] == columns,
        shape.dimensions[..<outer] == result.dimensions[..<outer],
        try inputs.required(table + 1).shape.count == rows
      else {
        throw OperatorFault.invalid(
          "was planned for the result \(result), not for the table \(shape)")
      }
    }
    return [TensorFacts(.float32, result)]
  }

  func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let tables = stride(from: 0, to: inputs.count, by: 2)
    let lengths = try tables.map { try inputs.required($0).shape[outer] }
    // Constant indices are looked at once.
    let known = try zip(tables, lengths).map { table, length in
      try inputs[table + 1]?.constant.map { try IndexedElements.places($0, length: length) }
    }
    let (columns, rows, outerCount, activation) = (columns, rows, outerCount, activation)
    return Kernel(name: "rows") { arguments in
      let places = try zip(tables, zip(lengths, known)).map { table, facts in
        try facts.1
          ?? IndexedElements.places(arguments.input(table + 1), length: facts.0)
      }
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let output = target.baseAddress, !target.isEmpty else { return }
      try arguments.withInputs(Array(tables)) { bases in
        for step in 0..<outerCount {
          let sources = bases.indices.map {
            GatheredRows.Source(
              rows: bases[$0].assumingMemoryBound(to: Float.self) + step * lengths[$0] * columns,
              places: places[$0])
          }
          GatheredRows.sum(
            sources, count: rows, width: columns, activation: activation,
            to: output + step * rows * columns)
        }
      }
    }
  }
}
