// Room: Networks. What ArgMax and ArgMin share.

internal import Tensors

/// The place of the best element along an axis.
package protocol ArgReduction: Operator {
  var choice: ArgChoice { get }
  func isBetter<T: Number>(_ a: T, than b: T) -> Bool
}

/// The attributes of ArgMax and ArgMin.
package struct ArgChoice: Sendable {
  let axis: Int
  let keeps: Bool
  let takesLast: Bool

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 0)
    keeps = try node.flag("keepdims", default: true)
    takesLast = try node.flag("select_last_index")
  }
}

extension ArgReduction {
  package var widening: Widening { [.halves, .integers] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let shape = try inputs.required(0).shape
    let place = try Checked.axis(choice.axis, rank: shape.rank)
    guard shape[place] > 0 else { throw OperatorFault.invalid("axis \(choice.axis) is empty") }
    var lengths = shape.dimensions
    if choice.keeps { lengths[place] = 1 } else { lengths.remove(at: place) }
    return [try TensorFacts(.int64, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let place = try Checked.axis(choice.axis, rank: shape.rank)
    return try inputs.required(0).elementType.computing(
      ArgBody(
        operation: self, outer: shape.dimensions[..<place].reduce(1, *), count: shape[place],
        inner: shape.dimensions[(place + 1)...].reduce(1, *)))
  }
}

private struct ArgBody<Operation: ArgReduction>: NumberBody {
  let operation: Operation
  let outer: Int
  let count: Int
  let inner: Int

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [operation, outer, count, inner] arguments in
      let takesLast = operation.choice.takesLast
      try arguments.map(T.self, to: Int64.self) { source, target in
        for item in 0..<outer * inner {
          let start = item / inner * count * inner + item % inner
          var (best, place) = (source[start], 0)
          for index in 1..<max(count, 1) {
            let value = source[start + index * inner]
            if operation.isBetter(value, than: best) || takesLast && value == best {
              (best, place) = (value, index)
            }
          }
          target[item] = Int64(place)
        }
      }
    }
  }
}
