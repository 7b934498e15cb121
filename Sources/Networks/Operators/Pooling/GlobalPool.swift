// Room: Networks. What the pools over whole planes share.

internal import Tensors

/// A pool over all spatial dimensions at once.
package protocol GlobalPool: Operator {
  /// The pooled value of a plane.
  func pooled<T: Real>(_ plane: UnsafeBufferPointer<T>) -> T
}

extension GlobalPool {
  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    let ones = [Int](repeating: 1, count: input.shape.rank - 2)
    return [try TensorFacts(input.elementType, checking: input.shape.dimensions[..<2] + ones)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let (planes, length) = (shape[0] * shape[1], shape.dimensions[2...].reduce(1, *))
    func make<T: Real>(_: T.Type) -> Kernel {
      Kernel { [self] arguments in
        try arguments.map(T.self, to: T.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress else { return }
          Parallel.items(planes, nanoseconds: Double(length) * 0.3) { plane in
            y[plane] = pooled(UnsafeBufferPointer(start: x + plane * length, count: length))
          }
        }
      }
    }
    switch try inputs.required(0).elementType {
    case .float32: return make(Float.self)
    case .float64: return make(Double.self)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}
