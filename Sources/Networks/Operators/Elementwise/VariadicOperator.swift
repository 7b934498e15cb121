// Room: Networks. What operators of any number of broadcast operands share.

package import Tensors

/// An operator that combines its operands, however many, one after another.
package protocol VariadicOperator: Operator {
  func combine<T: Number>(_ a: T, _ b: T) -> T
  /// The vector kernel for two float32 operands, where nothing is left to finish.
  var vectorOperation: BinaryOperation? { get }
  /// Applied to the combination of `count` operands.
  func finish<T: Number>(_ value: T, count: Int) -> T
}

extension VariadicOperator {
  package var widening: Widening { [.halves, .integers] }
  package var vectorOperation: BinaryOperation? { nil }
  package func finish<T: Number>(_ value: T, count: Int) -> T { value }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType(Array(0..<inputs.count))
    guard type.isNumber else { throw OperatorFault.invalid("cannot work on booleans") }
    let shapes = try (0..<inputs.count).map { try inputs.required($0).shape }
    return [TensorFacts(type, try Shape.broadcast(shapes))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try (0..<inputs.count).map { try inputs.required($0).shape }
    let target = try Shape.broadcast(shapes)
    if shapes.count == 2, let vector = vectorOperation,
      try inputs.required(0).elementType == .float32
    {
      return VectorPairs.kernel(vector, try BroadcastWalk(shapes, to: target))
    }
    let walks = try shapes.map { try BroadcastWalk([target, $0], to: target) }
    return try inputs.required(0).elementType.computing(
      VariadicBody(operation: self, walks: walks))
  }
}

private struct VariadicBody<Operation: VariadicOperator>: NumberBody {
  let operation: Operation
  let walks: [BroadcastWalk]

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [operation, walks] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      guard let z = target.baseAddress, !target.isEmpty else { return }
      for (index, walk) in walks.enumerated() {
        try arguments.input(index).withElements(of: T.self) { source in
          guard let x = source.baseAddress else { return }
          if index == 0 {
            walk.combine(UnsafePointer(z), x, into: z) { _, value in value }
          } else {
            walk.combine(UnsafePointer(z), x, into: z) { operation.combine($0, $1) }
          }
        }
      }
      for index in target.indices {
        target[index] = operation.finish(target[index], count: walks.count)
      }
    }
  }
}
