// Room: Networks. The operator PRelu.

internal import Tensors

/// `x` where it is not negative, else `slope · x`; the slope broadcasts to x, in opsets before 7 a
/// vector of slopes along the channels.
package struct PReluOperator: BinaryOperator {
  package let legacy: LegacyBroadcast

  package init(_ node: NodeDescription) throws {
    legacy = try LegacyBroadcast(node, vectorAxis: 1)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (x, slope) = (try inputs.required(0), try inputs.required(1))
    let type = try inputs.requireSameType([0, 1])
    guard try x.shape.broadcast(with: legacy.aligned(x.shape, slope.shape)) == x.shape else {
      throw OperatorFault.invalid("slope \(slope.shape) does not broadcast to \(x.shape)")
    }
    return [TensorFacts(type, x.shape)]
  }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { a < .zero ? T.multiplying(a, b) : a }
}
