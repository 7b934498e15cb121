// Room: Networks. Reading arithmetic back from nodes: polynomials of a value, products of factors.

internal import Tensors

/// Reads what nodes compute as a formula of one value.
///
/// Only constants of one element that add no dimensions count, so that whatever is read has the
/// shape of the value it is a formula of.
struct Formula {
  /// Nodes deep; exporters write no deeper formulas.
  private static let depth = 8
  private static let degree = 3

  /// The coefficients of `value` as a polynomial in `x`, lowest power first; nil when it is none.
  static func polynomial(
    _ value: ValueID?, in x: ValueID, _ rewriter: inout GraphRewriter, depth: Int = depth
  ) -> [Double]? {
    guard let value else { return nil }
    if value == x { return [0, 1] }
    if let number = rewriter.scalar(value, beside: x) { return [number] }
    guard depth > 0, let node = rewriter.producer(of: value) else { return nil }
    func operand(_ index: Int, _ rewriter: inout GraphRewriter) -> [Double]? {
      polynomial(node.input(index), in: x, &rewriter, depth: depth - 1)
    }
    switch node.implementation {
    case is NegOperator: return operand(0, &rewriter)?.map { -$0 }
    case is AddOperator, is SubOperator:
      guard let a = operand(0, &rewriter), let b = operand(1, &rewriter) else { return nil }
      let sign: Double = node.implementation is SubOperator ? -1 : 1
      return (0..<max(a.count, b.count)).map { power in
        (power < a.count ? a[power] : 0) + sign * (power < b.count ? b[power] : 0)
      }
    case is MulOperator:
      guard let a = operand(0, &rewriter), let b = operand(1, &rewriter) else { return nil }
      return product(a, b)
    case is DivOperator:
      guard let a = operand(0, &rewriter), let b = operand(1, &rewriter), b.count == 1, b[0] != 0
      else { return nil }
      return a.map { $0 / b[0] }
    case is PowOperator:
      guard let base = operand(0, &rewriter), let power = operand(1, &rewriter), power.count == 1
      else { return nil }
      switch power[0] {
      case 2: return product(base, base)
      case 3: return product(base, base).flatMap { product($0, base) }
      default: return nil
      }
    default: return nil
    }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> [Double]? {
    guard a.count + b.count - 2 <= degree else { return nil }
    var result = [Double](repeating: 0, count: a.count + b.count - 1)
    for (i, x) in a.enumerated() { for (j, y) in b.enumerated() { result[i + j] += x * y } }
    return result
  }

  /// `value` as a number times factors that are no products themselves; values in `whole` stay
  /// whole.
  static func factors(
    _ value: ValueID?, whole: Set<ValueID>, beside x: ValueID, _ rewriter: inout GraphRewriter,
    depth: Int = 4
  ) -> (number: Double, factors: [ValueID])? {
    guard let value else { return nil }
    if whole.contains(value) { return (1, [value]) }
    if let number = rewriter.scalar(value, beside: x) { return (number, []) }
    guard depth > 0, let node = rewriter.producer(of: value) else { return (1, [value]) }
    func operand(_ index: Int, _ rewriter: inout GraphRewriter) -> (Double, [ValueID])? {
      factors(node.input(index), whole: whole, beside: x, &rewriter, depth: depth - 1)
    }
    switch node.implementation {
    case is MulOperator:
      guard let a = operand(0, &rewriter), let b = operand(1, &rewriter) else { return nil }
      return (a.0 * b.0, a.1 + b.1)
    case is DivOperator:
      guard let a = operand(0, &rewriter),
        let divisor = rewriter.scalar(node.input(1), beside: x), divisor != 0
      else { return (1, [value]) }
      return (a.0 / divisor, a.1)
    default: return (1, [value])
    }
  }

  /// Whether two coefficients are the same number, as far as float32 tells.
  static func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 3e-7 * abs(b) }

  /// Whether a polynomial has these coefficients.
  static func isClose(_ polynomial: [Double]?, _ wanted: [Double]) -> Bool {
    guard let polynomial, polynomial.count <= wanted.count else { return false }
    return wanted.indices.allSatisfy { power in
      let own = power < polynomial.count ? polynomial[power] : 0
      return wanted[power] == 0 ? own == 0 : isClose(own, wanted[power])
    }
  }
}
