// Room: Networks. The operator BitwiseAnd.

/// The and of two broadcast integers' bits.
package struct BitwiseAndOperator: BitwiseOperator {
  package init(_ node: NodeDescription) throws {}

  @inline(__always)
  package func combine<Bits: FixedWidthInteger>(_ a: Bits, _ b: Bits) -> Bits { a & b }
}
