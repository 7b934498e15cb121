// Room: Networks. What the pools over whole planes share.

package import Tensors

/// A pool over all spatial dimensions at once.
package protocol GlobalPool: Operator {
  /// The vector kernels' name for it, where there is one.
  var reduction: Reduction? { get }
  /// The pooled value of a plane.
  func pooled<T: Real>(_ plane: UnsafeBufferPointer<T>) -> T
}

extension GlobalPool {
  package var reduction: Reduction? { nil }

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
    case .float32:
      guard let reduction, length > 0 else { return make(Float.self) }
      return .reducingPlanes(planes, of: length, reduction)
    case .float64: return make(Double.self)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}

extension Kernel {
  /// A kernel that makes one float of each plane of `length` floats.
  static func reducingPlanes(_ planes: Int, of length: Int, _ reduction: Reduction) -> Kernel {
    let work = FloatReduction(outer: planes, length: length, inner: 1)
    return Kernel(name: "vector") { arguments in
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress else { return }
        work.run(reduction, x, y)
      }
    }
  }
}
