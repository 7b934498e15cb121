// Room: Networks. What the operators on bits share.

internal import Tensors

/// An operator of two broadcast integers' bits.
package protocol BitwiseOperator: Operator {
  func combine<Bits: FixedWidthInteger>(_ a: Bits, _ b: Bits) -> Bits
}

extension BitwiseOperator {
  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let type = try inputs.requireSameType([0, 1])
    guard type.isInteger else { throw OperatorFault.invalid("cannot work on \(type.rawValue)") }
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    return [TensorFacts(type, try a.shape.broadcast(with: b.shape))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let walk = try BroadcastWalk([a.shape, b.shape], to: a.shape.broadcast(with: b.shape))
    let type = a.elementType
    return Kernel { [self] arguments in
      let target = try arguments.output().plannedBytes
      try arguments.input(0).withBytes { a in
        try arguments.input(1).withBytes { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress else {
            return
          }
          switch type {
          case .int8: run(Int8.self, walk, x, y, z)
          case .int16: run(Int16.self, walk, x, y, z)
          case .int32: run(Int32.self, walk, x, y, z)
          case .int64: run(Int64.self, walk, x, y, z)
          case .uint8: run(UInt8.self, walk, x, y, z)
          case .uint16: run(UInt16.self, walk, x, y, z)
          case .uint32: run(UInt32.self, walk, x, y, z)
          default: run(UInt64.self, walk, x, y, z)
          }
        }
      }
    }
  }

  private func run<Bits: FixedWidthInteger & BitwiseCopyable>(
    _: Bits.Type, _ walk: BroadcastWalk, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
    _ target: UnsafeMutableRawPointer
  ) {
    walk.combine(
      a.assumingMemoryBound(to: Bits.self), b.assumingMemoryBound(to: Bits.self),
      into: target.assumingMemoryBound(to: Bits.self)
    ) { combine($0, $1) }
  }
}
