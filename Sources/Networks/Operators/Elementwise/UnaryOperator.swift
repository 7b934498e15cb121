// Room: Networks. What operators that map each element by itself share.

package import Tensors

/// An operator that maps every element by itself: floating-point types, and where it says so
/// integers. In place where memory allows.
package protocol UnaryOperator: Operator {
  /// The result for one element.
  func value<T: Real>(_ x: T) -> T

  /// The vector kernel for float32, where there is one.
  var vectorFunction: VectorFunction? { get }

  /// Rough cost of an element, to decide whether threads pay.
  var nanosecondsPerElement: Double { get }
}

/// A vector kernel with its parameters.
package struct VectorFunction: Sendable, Hashable {
  package var function: UnaryFunction
  package var p: Float
  package var q: Float

  package init(_ function: UnaryFunction, _ p: Float = 1, _ q: Float = 0) {
    self.function = function
    self.p = p
    self.q = q
  }
}

/// A unary operator that also maps integers.
package protocol IntegerUnaryOperator: UnaryOperator {
  func value(_ x: Int64) -> Int64
  func value(_ x: UInt64) -> UInt64
}

extension UnaryOperator {
  package var inPlaceInputs: [Int] { [0] }
  package var nanosecondsPerElement: Double { 3 }
  package var vectorFunction: VectorFunction? { nil }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inferUnary(inputs, integers: false)
  }

  func inferUnary(_ inputs: Operands, integers: Bool) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.elementType.isFloatingPoint || (integers && input.elementType.isInteger) else {
      throw OperatorFault.invalid("cannot work on \(input.elementType.rawValue) elements")
    }
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try prepareReal(try inputs.required(0).elementType)
  }

  @inline(__always)
  func prepareReal(_ type: ElementType) throws -> Kernel {
    switch type {
    case .float32:
      if let vector = vectorFunction {
        return Kernel(name: "vector") { arguments in
          try arguments.map(Float.self, to: Float.self) { source, target in
            guard let x = source.baseAddress, let y = target.baseAddress else { return }
            VectorMath.apply(vector.function, vector.p, vector.q, x, y, count: source.count)
          }
        }
      }
      return Kernel { [self] arguments in
        try arguments.map(Float.self, to: Float.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress else { return }
          Parallel.elements(source.count, nanosecondsPerElement: nanosecondsPerElement) { range in
            for index in range { y[index] = value(x[index]) }
          }
        }
      }
    case .float64:
      return Kernel { [self] arguments in
        try arguments.map(Double.self, to: Double.self) { source, target in
          for index in source.indices { target[index] = value(source[index]) }
        }
      }
    default: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}

extension IntegerUnaryOperator {
  package var widening: Widening { [.halves, .integers] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inferUnary(inputs, integers: true)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    switch try inputs.required(0).elementType {
    case .int64:
      return Kernel { [self] arguments in
        try arguments.map(Int64.self, to: Int64.self) { source, target in
          for index in source.indices { target[index] = value(source[index]) }
        }
      }
    case .uint64:
      return Kernel { [self] arguments in
        try arguments.map(UInt64.self, to: UInt64.self) { source, target in
          for index in source.indices { target[index] = value(source[index]) }
        }
      }
    case let type: return try prepareReal(type)
    }
  }
}
