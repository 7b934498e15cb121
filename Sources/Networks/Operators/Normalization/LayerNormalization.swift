// Room: Networks. The operator LayerNormalization.

internal import Tensors

/// All dimensions from an axis on brought to mean 0 and variance 1, then scaled and shifted; the
/// means and inverse deviations when asked.
package struct LayerNormalizationOperator: Operator {
  private let axis: Int
  let epsilon: Double

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: -1)
    epsilon = Double(try node.float("epsilon", default: 1e-5))
  }

  /// How many of the last dimensions are normalised.
  func trailing(of rank: Int) -> Int? {
    (try? Checked.axis(axis, rank: rank)).map { rank - $0 }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    let place = try Checked.axis(axis, rank: input.shape.rank)
    let row = try Shape(checking: Array(input.shape.dimensions[place...]))
    for index in 1...2 {
      guard let shape = inputs[index]?.shape else {
        if index == 1 { throw OperatorFault.invalid("input 1, the scale, is missing") }
        continue
      }
      guard try row.broadcast(with: shape) == row else {
        throw OperatorFault.invalid("input \(index) of shape \(shape) does not fit \(row)")
      }
    }
    let moments =
      input.shape.dimensions[..<place] + [Int](repeating: 1, count: input.shape.rank - place)
    return [
      TensorFacts(input.elementType, input.shape),
      try TensorFacts(.float32, checking: Array(moments)),
      try TensorFacts(.float32, checking: Array(moments)),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let place = try Checked.axis(axis, rank: input.shape.rank)
    return try RealKernel.make(
      input.elementType,
      LayerRows(
        rows: input.shape.dimensions[..<place].reduce(1, *),
        shape: Shape(checking: Array(input.shape.dimensions[place...])), epsilon: epsilon,
        centers: true))
  }
}

/// Normalises rows, scaled and shifted element by element.
struct LayerRows: RealBody {
  var rows: Int
  /// The normalised dimensions, to which scale and shift broadcast.
  var shape: Shape
  var epsilon: Double
  /// Whether the mean is taken away, or only the size divided out.
  var centers: Bool

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      func expanded(_ index: Int) throws -> Tensor? {
        guard let tensor = arguments.optionalInput(index) else { return nil }
        let typed = try ElementConversion.convert(tensor, to: T.elementType)
        return typed.shape == shape ? typed : try typed.broadcast(to: shape).contiguous()
      }
      let scale = try expanded(1)?.elements(as: T.self)
      let shift = try expanded(2)?.elements(as: T.self)
      func moments(_ index: Int) -> UnsafeMutableBufferPointer<Float>? {
        guard index < arguments.outputs.count, let tensor = arguments.outputs[index] else {
          return nil
        }
        return tensor.plannedDestination(of: Float.self)
      }
      let (means, deviations) = (moments(1), moments(2))
      let count = shape.count
      try arguments.input(0).withElements(of: T.self) { input in
        guard let x = input.baseAddress, let y = target.baseAddress, !target.isEmpty else { return }
        if T.self == Float.self {
          return normalize(
            UnsafeRawPointer(x).assumingMemoryBound(to: Float.self),
            UnsafeMutableRawPointer(y).assumingMemoryBound(to: Float.self), scale as? [Float],
            shift as? [Float], means?.baseAddress, deviations?.baseAddress)
        }
        Parallel.items(rows, nanoseconds: 20 + Double(count)) { row in
          let (from, to) = (x + row * count, y + row * count)
          var (mean, variance) = (0.0, 0.0)
          if centers {
            (mean, variance) = RowMoments.meanAndVariance(from, count: count)
          } else {
            variance = RowMoments.meanSquare(from, count: count)
          }
          let inverse = 1 / (variance + epsilon).squareRoot()
          means?[row] = Float(mean)
          deviations?[row] = Float(inverse)
          RowMoments.affine(from, to, count: count, scale: T(inverse), shift: T(-mean * inverse))
          if let scale { for index in 0..<count { to[index] *= scale[index] } }
          if let shift { for index in 0..<count { to[index] += shift[index] } }
        }
      }
    }
  }

  private func normalize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ scale: [Float]?,
    _ shift: [Float]?, _ means: UnsafeMutablePointer<Float>?,
    _ inverses: UnsafeMutablePointer<Float>?
  ) {
    (scale ?? []).withUnsafeBufferPointer { factors in
      (shift ?? []).withUnsafeBufferPointer { terms in
        VectorMath.normalize(
          rows: rows, count: shape.count, x, y, centers: centers, epsilon: epsilon,
          scale: scale == nil ? nil : factors.baseAddress,
          shift: shift == nil ? nil : terms.baseAddress, means: means, inverses: inverses)
      }
    }
  }
}
