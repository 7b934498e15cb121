// Room: Networks. The operator PRelu.

internal import Tensors

/// `x` where it is not negative, else `slope · x`; the slope broadcasts to x.
package struct PReluOperator: BinaryOperator {
  package let legacy: LegacyBroadcast
  private let opset: Int

  package init(_ node: NodeDescription) throws {
    legacy = try LegacyBroadcast(node)
    opset = node.opset
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (x, slope) = (try inputs.required(0), try inputs.required(1))
    let type = try inputs.requireSameType([0, 1])
    // Old files give one slope for each channel.
    let isPerChannel =
      opset < 7 && slope.shape.rank == 1 && x.shape.rank > 1 && slope.shape[0] == x.shape[1]
      && x.shape.rank != 2
    guard !isPerChannel else {
      throw OperatorFault.unsupported("slopes by channel in opset \(opset)")
    }
    guard try x.shape.broadcast(with: slope.shape) == x.shape else {
      throw OperatorFault.invalid("slope \(slope.shape) does not broadcast to \(x.shape)")
    }
    return [TensorFacts(type, x.shape)]
  }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T { a < .zero ? T.multiplying(a, b) : a }
}
