// Room: Networks. The operator Mod.

/// The remainder: with the divisor's sign, or with `fmod` the dividend's.
package struct ModOperator: BinaryOperator {
  package let legacy: LegacyBroadcast
  private let truncates: Bool

  package init(_ node: NodeDescription) throws {
    legacy = try LegacyBroadcast(node)
    truncates = try node.flag("fmod")
  }

  @inline(__always)
  package func combine<T: Number>(_ a: T, _ b: T) -> T {
    truncates ? T.truncatedModulo(a, b) : T.floorModulo(a, b)
  }
}
