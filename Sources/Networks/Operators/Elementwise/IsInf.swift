// Room: Networks. The operator IsInf.

/// Whether each element is infinite, of either sign or of one.
package struct IsInfOperator: FloatingTest {
  private let positive: Bool
  private let negative: Bool

  package init(_ node: NodeDescription) throws {
    positive = try node.flag("detect_positive", default: true)
    negative = try node.flag("detect_negative", default: true)
  }

  @inline(__always)
  package func test<T: Real>(_ x: T) -> Bool {
    x.isInfinite && (x > 0 ? positive : negative)
  }
}
