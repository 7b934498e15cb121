// Room: Networks. The operator Pow.

internal import Tensors

/// The first operand to the power of the second, which may be of another type (since opset 12).
package struct PowOperator: BinaryOperator {
  package let legacy: LegacyBroadcast

  package init(_ node: NodeDescription) throws { legacy = try LegacyBroadcast(node) }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    guard a.elementType.isNumber, b.elementType.isNumber else {
      throw OperatorFault.invalid("cannot work on booleans")
    }
    return [
      TensorFacts(a.elementType, try a.shape.broadcast(with: legacy.aligned(a.shape, b.shape)))
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let aligned = try legacy.aligned(a.shape, b.shape)
    let walk = try BroadcastWalk([a.shape, aligned], to: a.shape.broadcast(with: aligned))
    if a.elementType == .float32, try a.shape.broadcast(with: aligned) == a.shape,
      let exponent = b.constant, exponent.count == 1, let function = Self.exact(exponent)
    {
      return Kernel(name: "vector") { arguments in
        try arguments.map(Float.self, to: Float.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress else { return }
          VectorMath.apply(function, 1, 0, x, y, count: source.count)
        }
      }
    }
    if a.elementType == b.elementType { return try a.elementType.computing(PowerBody(walk: walk)) }
    // Exact for every integer base that a double holds; the result is truncated to the base's type.
    return Kernel { arguments in
      let base = try ElementConversion.convert(arguments.input(0), to: .float64)
      let exponent = try ElementConversion.convert(arguments.input(1), to: .float64)
      let output = try arguments.output()
      let result = try Tensor(working: output.shape, .float64)
      let target = result.plannedDestination(of: Double.self)
      base.withElements(of: Double.self) { x in
        exponent.withElements(of: Double.self) { y in
          guard let x = x.baseAddress, let y = y.baseAddress, let z = target.baseAddress else {
            return
          }
          walk.combine(x, y, into: z) { Double.power($0, $1) }
        }
      }
      try ElementConversion.convert(result, into: output)
    }
  }

  /// The function that a power is, to the last bit.
  private static func exact(_ exponent: Tensor) -> UnaryFunction? {
    switch try? exponent.numericElements().first {
    case 2: .square
    case -1: .reciprocal
    default: nil
    }
  }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { T.power(a, b) }
}

private struct PowerBody: NumberBody {
  let walk: BroadcastWalk

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [walk] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { a in
        try arguments.input(1).withElements(of: T.self) { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else {
            return
          }
          walk.combine(x, y, into: z) { T.power($0, $1) }
        }
      }
    }
  }
}
