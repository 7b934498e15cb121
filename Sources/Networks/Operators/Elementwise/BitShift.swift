// Room: Networks. The operator BitShift.

/// The bits of integers moved left or right; what leaves is lost.
package struct BitShiftOperator: BitwiseOperator {
  private let isLeft: Bool

  package init(_ node: NodeDescription) throws {
    switch try node.string("direction", default: "") {
    case "LEFT": isLeft = true
    case "RIGHT": isLeft = false
    case let other: throw OperatorFault.invalid("direction '\(other)' is not LEFT or RIGHT")
    }
  }

  @inline(__always)
  package func combine<Bits: FixedWidthInteger>(_ a: Bits, _ b: Bits) -> Bits {
    // A distance below zero, which C leaves undefined, moves everything out.
    let distance = b < 0 ? Bits(truncatingIfNeeded: Bits.bitWidth) : b
    return isLeft ? a << distance : a >> distance
  }
}
