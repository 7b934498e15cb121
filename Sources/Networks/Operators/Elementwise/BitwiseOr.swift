// Room: Networks. The operator BitwiseOr.

/// The or of two broadcast integers' bits.
package struct BitwiseOrOperator: BitwiseOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<Bits: FixedWidthInteger>(_ a: Bits, _ b: Bits) -> Bits { a | b }
}
