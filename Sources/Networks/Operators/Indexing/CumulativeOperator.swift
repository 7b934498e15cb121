// Room: Networks. What running sums and products share.

internal import Tensors

/// A running combination along an axis that an input names.
package protocol CumulativeOperator: Operator {
  var direction: CumulativeDirection { get }
  func combine<T: Number>(_ a: T, _ b: T) -> T
  func identity<T: Number>(_: T.Type) -> T
}

/// The attributes of a running combination.
package struct CumulativeDirection: Sendable {
  let excludesOwn: Bool
  let reverse: Bool

  package init(_ node: NodeDescription) throws {
    excludesOwn = try node.flag("exclusive")
    reverse = try node.flag("reverse")
  }
}

extension CumulativeOperator {
  package var widening: Widening { [.halves, .integers] }
  package var valueInputs: [Int] { [1] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard let axis = try inputs.integer(1), input.elementType.isNumber else {
      throw OperatorFault.invalid("the axis is missing, or the elements are no numbers")
    }
    _ = try Checked.axis(axis, rank: input.shape.rank)
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let axis = try Checked.axis(inputs.integer(1) ?? 0, rank: shape.rank)
    return try inputs.required(0).elementType.computing(
      CumulativeBody(
        operation: self, outer: shape.dimensions[..<axis].reduce(1, *), count: shape[axis],
        inner: shape.dimensions[(axis + 1)...].reduce(1, *)))
  }
}

private struct CumulativeBody<Operation: CumulativeOperator>: NumberBody {
  let operation: Operation
  let outer: Int
  let count: Int
  let inner: Int

  func run<T: Number>(_: T.Type) throws -> Kernel {
    // A float's running value loses a little at every step: it is kept in double precision.
    T.elementType.isFloatingPoint
      ? kernel(T.self, running: Double.self, { $0.asDouble }, { T(number: $0) })
      : kernel(T.self, running: T.self, { $0 }, { $0 })
  }

  private func kernel<T: Number, Running: Number>(
    _: T.Type, running _: Running.Type, _ widen: @escaping @Sendable (T) -> Running,
    _ narrow: @escaping @Sendable (Running) -> T
  ) -> Kernel {
    // Columns in tiles, so that rows are read in order.
    let tile = 64
    let tiles = (inner + tile - 1) / tile
    return Kernel { [operation, outer, count, inner] arguments in
      let direction = operation.direction
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, count > 0 else { return }
        Parallel.items(outer * tiles, nanoseconds: Double(count * min(tile, inner)) * 2) { item in
          let start = item / tiles * count * inner + item % tiles * tile
          let columns = min(tile, inner - item % tiles * tile)
          withUnsafeTemporaryAllocation(of: Running.self, capacity: tile) { running in
            running.initialize(repeating: operation.identity(Running.self))
            for position in 0..<count {
              let row = start + (direction.reverse ? count - 1 - position : position) * inner
              for index in 0..<columns {
                let next = operation.combine(running[index], widen(x[row + index]))
                y[row + index] = narrow(direction.excludesOwn ? running[index] : next)
                running[index] = next
              }
            }
          }
        }
      }
    }
  }
}
