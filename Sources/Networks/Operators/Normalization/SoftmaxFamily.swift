// Room: Networks. What the softmax family shares.

internal import Tensors

/// An operator along one axis (all axes from it on, before opset 13).
package protocol SoftmaxFamily: Operator {
  var axis: SoftmaxAxis { get }
  /// Transforms `count` elements `step` apart.
  func row<T: Real>(_ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, count: Int, step: Int)
  /// Whether it is the softmax's logarithm, or the softmax; nil for another function.
  var isLogarithm: Bool? { get }
  /// Transforms rows of neighbouring float32 elements.
  func rows(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, rows: Int, count: Int)
}

/// The axis attribute of the softmax family.
package struct SoftmaxAxis: Sendable {
  private let axis: Int
  private let flattens: Bool

  package init(_ node: NodeDescription) throws {
    flattens = node.opset < 13
    axis = try node.int("axis", default: flattens ? 1 : -1)
  }

  func resolve(_ shape: Shape) throws -> (outer: Int, count: Int, inner: Int) {
    if shape.rank == 0 { return (1, 1, 1) }
    if flattens, axis == shape.rank { return (shape.count, 1, 1) }
    let place = try Checked.axis(axis, rank: shape.rank)
    let outer = shape.dimensions[..<place].reduce(1, *)
    if flattens { return (outer, shape.dimensions[place...].reduce(1, *), 1) }
    return (outer, shape[place], shape.dimensions[(place + 1)...].reduce(1, *))
  }
}

extension SoftmaxFamily {
  package var inPlaceInputs: [Int] { [0] }

  package var isLogarithm: Bool? { nil }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    guard input.elementType.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(input.elementType.rawValue) elements")
    }
    _ = try axis.resolve(input.shape)
    return [TensorFacts(input.elementType, input.shape)]
  }

  @inline(__always)
  package func rows(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, rows: Int, count: Int
  ) {
    Parallel.items(rows, nanoseconds: Double(count) * 2) {
      row(x + $0 * count, y + $0 * count, count: count, step: 1)
    }
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try prepareRows(inputs)
  }

  func prepareRows(_ inputs: Operands) throws -> Kernel {
    let input = try inputs.required(0)
    let (outer, count, inner) = try axis.resolve(input.shape)
    func make<T: Real>(_: T.Type) -> Kernel {
      Kernel { [self] arguments in
        try arguments.map(T.self, to: T.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress, count > 0 else { return }
          Parallel.items(outer * inner, nanoseconds: Double(count) * 10) { item in
            let start = item / inner * count * inner + item % inner
            row(x + start, y + start, count: count, step: inner)
          }
        }
      }
    }
    switch input.elementType {
    case .float32 where inner == 1:
      return Kernel { [self] arguments in
        try arguments.map(Float.self, to: Float.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress, count > 0 else { return }
          rows(x, y, rows: outer, count: count)
        }
      }
    case .float32:
      guard let logarithm = isLogarithm else { return make(Float.self) }
      return Kernel(name: "columns") { arguments in
        try arguments.map(Float.self, to: Float.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
            return
          }
          VectorMath.softmaxColumns(
            x, outer: outer, count: count, inner: inner, logarithm: logarithm, y)
        }
      }
    case .float64: return make(Double.self)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}
