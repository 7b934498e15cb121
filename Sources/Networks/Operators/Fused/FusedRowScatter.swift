// Room: Networks. Scattering whole rows: what graph networks sum their messages by.

internal import Tensors

/// `ScatterElements` whose index is the same all along a row: rows of updates are combined with rows
/// of the data, each index being read once.
///
/// **Shapes**: data `[outer…, N, row…]`, indices that broadcast to `[outer…, E]`, updates
/// `[outer…, E, row…]`. Updates meet in their order, whatever the number of threads.
package struct FusedRowScatter: FusedOperator {
  private let reduction: ScatterReduction
  private let axis: Int
  /// How far apart the index tensor's elements lie along the outer dimensions and the axis.
  private let indexStrides: [Int]
  private let updates: Shape

  init(_ reduction: ScatterReduction, axis: Int, indexStrides: [Int], updates: Shape) {
    self.reduction = reduction
    self.axis = axis
    self.indexStrides = indexStrides
    self.updates = updates
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let data = try inputs.required(0)
    guard try inputs.required(2).shape == updates else {
      throw OperatorFault.invalid("was planned for updates of the shape \(updates)")
    }
    return [TensorFacts(data.elementType, data.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let data = try inputs.required(0)
    let body = RowScatterBody(
      reduction: reduction, outer: Array(updates.dimensions[..<axis]), count: updates[axis],
      length: data.shape[axis], row: data.shape.dimensions[(axis + 1)...].reduce(1, *),
      indexStrides: indexStrides)
    return try data.elementType.computing(body)
  }
}

private struct RowScatterBody: NumberBody {
  let reduction: ScatterReduction
  let outer: [Int]
  /// Rows of updates, rows of data, and elements a row, for each of the outer places.
  let count: Int, length: Int, row: Int
  let indexStrides: [Int]

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel(name: "rows") { arguments in
      let places = try IndexedElements.places(arguments.input(1), length: length)
      let output = try arguments.output()
      try ElementConversion.convert(arguments.input(0), into: output)
      let target = output.plannedDestination(of: T.self)
      try arguments.input(2).withElements(of: T.self) { updates in
        guard let from = updates.baseAddress, let to = target.baseAddress else { return }
        var position = [Int](repeating: 0, count: outer.count)
        for place in 0..<outer.reduce(1, *) {
          let start = zip(position, indexStrides).reduce(0) { $0 + $1.0 * $1.1 }
          scatter(
            places, from: start, from + place * count * row, to + place * length * row)
          for axis in outer.indices.reversed() {
            position[axis] += 1
            if position[axis] < outer[axis] { break }
            position[axis] = 0
          }
        }
      }
    }
  }

  /// Each tile owns some rows of the data, looks at all indices, and takes those that are its own.
  private func scatter<T: Number>(
    _ places: [Int], from start: Int, _ updates: UnsafePointer<T>, _ data: UnsafeMutablePointer<T>
  ) {
    let step = indexStrides[outer.count]
    let isSmall = count * row < 1 << 15
    let tiles = isSmall ? 1 : min(8, max(length, 1))
    places.withUnsafeBufferPointer { places in
      Parallel.items(tiles, nanoseconds: Double(count) * (1 + Double(row) * 0.2)) { tile in
        let (lower, upper) = (tile * length / tiles, (tile + 1) * length / tiles)
        for index in 0..<count {
          let place = places[start &+ index &* step]
          guard place >= lower, place < upper else { continue }
          reduction.combine(data + place &* row, updates + index &* row, count: row)
        }
      }
    }
  }
}
