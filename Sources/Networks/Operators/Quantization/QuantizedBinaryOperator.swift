// Room: Networks. Arithmetic of two broadcast quantised operands.

package import Tensors

/// An operator that combines two quantised operands element by element.
///
/// Inputs: A, its scale and zero point, B, its scale and zero point, the result's scale and zero
/// point.
package protocol QuantizedBinaryOperator: Operator {
  var operation: QuantizedOperation { get }
  /// The results that an activation leaves, in quanta.
  var bounds: ClosedRange<Int32>? { get }
}

extension QuantizedBinaryOperator {
  package var widening: Widening { .none }
  package var bounds: ClosedRange<Int32>? { nil }

  /// The result has the type of its zero point, or A's.
  private func resultType(_ inputs: Operands) throws -> ElementType {
    try inputs[7]?.elementType ?? inputs.required(0).elementType
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(7...8)
    try inputs.requireBytes(0, 2, 3, 5, 7)
    try inputs.requireSingle(1, 2, 4, 5, 6, 7)
    let (a, b) = (try inputs.required(0), try inputs.required(3))
    return [TensorFacts(try resultType(inputs), try a.shape.broadcast(with: b.shape))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (a, b) = (try inputs.required(0), try inputs.required(3))
    let walk = try BroadcastWalk([a.shape, b.shape], to: a.shape.broadcast(with: b.shape))
    let type = try resultType(inputs)
    return Kernel { [operation, bounds] arguments in
      func quantized(_ type: ElementType, _ index: Int) throws -> QuantizedType {
        try QuantizedType(
          type, scale: arguments.optionalInput(index), zero: arguments.optionalInput(index + 1))
      }
      let (left, right) = (try quantized(a.elementType, 1), try quantized(b.elementType, 4))
      let result = try quantized(type, 6)
      var last = result.requantization([1])
      if let bounds { (last.low, last.high) = (bounds.lowerBound, bounds.upperBound) }
      let limits = last
      guard let target = try arguments.output().plannedBytes.baseAddress else { return }
      let z = target.assumingMemoryBound(to: UInt8.self)
      _ = try arguments.input(0).withRawBytes { x in
        try arguments.input(3).withRawBytes { y in
          Parallel.elements(walk.count, nanosecondsPerElement: 0.5) { range in
            walk.forEachPiece(in: range) { start, count, offsets in
              operation.run(
                .init(
                  bytes: x + offsets[0], step: walk.rowStrides[0], isSigned: left.isSigned,
                  scale: left.scale, zero: left.zero),
                .init(
                  bytes: y + offsets[1], step: walk.rowStrides[1], isSigned: right.isSigned,
                  scale: right.scale, zero: right.zero),
                count: count, scale: result.scale, limits, to: z + start)
            }
          }
        }
      }
    }
  }
}

/// What a pass makes of arithmetic between quantisations.
struct QuantizedArithmetic: QuantizedBinaryOperator {
  let operation: QuantizedOperation
  let bounds: ClosedRange<Int32>?

  init(_ node: NodeDescription) throws {
    throw OperatorFault.unsupported("arithmetic without a kind")
  }

  init(_ operation: QuantizedOperation, bounds: ClosedRange<Int32>?) {
    (self.operation, self.bounds) = (operation, bounds)
  }
}
