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
    Kernel { [operation, outer, count, inner] arguments in
      let direction = operation.direction
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, count > 0 else { return }
        Parallel.items(outer, nanoseconds: Double(count * inner)) { step in
          let start = step * count * inner
          for position in 0..<count {
            let place = direction.reverse ? count - 1 - position : position
            let before = direction.reverse ? place + 1 : place - 1
            let row = start + place * inner
            let previous = start + before * inner
            for index in 0..<inner {
              if position == 0 {
                y[row + index] =
                  direction.excludesOwn ? operation.identity(T.self) : x[row + index]
              } else {
                y[row + index] = operation.combine(
                  y[previous + index],
                  direction.excludesOwn ? x[previous + index] : x[row + index])
              }
            }
          }
        }
      }
    }
  }
}
