// Room: Networks. The operator BitwiseXor.

/// The exclusive or of two broadcast integers' bits.
package struct BitwiseXorOperator: BitwiseOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<Bits: FixedWidthInteger>(_ a: Bits, _ b: Bits) -> Bits { a ^ b }
}
