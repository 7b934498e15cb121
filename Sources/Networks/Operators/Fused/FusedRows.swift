// Room: Networks. Products, normalisations and arithmetic over rows, done block of rows by block.

package import Tensors

/// Steps that each make one row of one row, from a source whose rows may be chosen by a list: what
/// passes make of an MLP with its normalisation and its residual, or of a projection with the window
/// partition before it.
///
/// **Shapes**: input 0 is seen as rows of its last dimension; weights, biases, scales, shifts and
/// operands are the other inputs, as the steps number them. What lies between the steps exists for
/// one block of rows at a time.
package struct FusedRows: FusedOperator {
  package enum Step: Sendable {
    /// The packed matrices are shared with the operator that it was.
    case product(FusedProduct, weights: Int, bias: Int?)
    case normalize(centers: Bool, epsilon: Double, scale: Int?, shift: Int?)
    case combine(BinaryOperation, input: Int, RowPipeline.Extent, reversed: Bool)
    case apply(UnaryFunction, Float, Float)
    /// Rows that the list lacks become zeros.
    case clearMissing
  }

  package var steps: [Step]
  /// Which of the source's rows are taken; nil for all in order.
  package var list: RowList?
  /// Floats in a row of the source, and the number of rows in the result.
  package var width: Int, count: Int
  /// The inputs' shapes, for which all this is right.
  package var sources: [Shape]
  package var output: Shape
  /// Where rows lie in planes, in the source, in the result or in both: images of channels first.
  package var planes: RowPipeline.Planes?
  /// An input of the result's shape that is added to a result in planes.
  package var planeResidual: Int?

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requirePlanned(sources)
    for index in sources.indices { try inputs.requireType(index, .float32) }
    return [TensorFacts(.float32, output)]
  }

  /// Operands with a row for each row may give their memory to the result, and so may the source
  /// where each block is read before it is written.
  package var inPlaceInputs: [Int] {
    if planes?.result ?? false { return [planeResidual].compactMap { $0 } }
    let operands = steps.compactMap { step in
      if case .combine(_, let input, .rows, _) = step { input } else { nil }
    }
    return operands + (mayOverwriteSource ? [0] : [])
  }

  package var exclusiveInputs: [Int] { mayOverwriteSource ? [] : [0] }

  private var mayOverwriteSource: Bool {
    let products = steps.count { if case .product = $0 { true } else { false } }
    guard list == nil, planes == nil else { return false }
    if case .product = steps.first { return products > 1 }
    return true
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let pipeline = RowPipeline(
      try steps.map { try $0.prepared(inputs) }, count: count, width: width)
    if let planes { return try prepare(pipeline, planes) }
    guard pipeline.resultWidth * count == output.count, list.map({ $0.count == count }) ?? true
    else { throw OperatorFault.invalid("its rows do not make up the result") }
    // Weights are packed: nobody needs them where they lie.
    var read: Set<Int> = [0]
    for step in steps { read.formUnion(step.operands) }
    return Kernel(name: "blocks of rows") { [list, read] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let y = target.baseAddress, !target.isEmpty else { return }
      // What is not read while running may be no array of floats: the rows stand in for it.
      let indices = arguments.inputs.indices.map { read.contains($0) ? $0 : 0 }
      try arguments.withFloats(indices) { pointers in
        guard let list else {
          return pipeline.run(source: pointers[0], rows: nil, operands: pointers, output: y)
        }
        list.indices.withUnsafeBufferPointer { rows in
          pipeline.run(source: pointers[0], rows: rows.baseAddress, operands: pointers, output: y)
        }
      }
    }
  }
}

extension FusedRows {
  /// Steps between planes.
  private func prepare(
    _ pipeline: RowPipeline, _ planes: RowPipeline.Planes
  ) throws -> Kernel {
    guard pipeline.resultWidth * count == output.count, list == nil, planes.length > 0,
      count % planes.length == 0, planeResidual == nil || planes.result
    else { throw OperatorFault.invalid("its planes do not make up the result") }
    var read: Set<Int> = [0]
    for step in steps { read.formUnion(step.operands) }
    if let planeResidual { read.insert(planeResidual) }
    let alone = planes.source && planes.result ? pipeline.onlyNormalization : nil
    return Kernel(name: "blocks of planes") { [count, width, planeResidual, read] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let y = target.baseAddress, !target.isEmpty else { return }
      let indices = arguments.inputs.indices.map { read.contains($0) ? $0 : 0 }
      try arguments.withFloats(indices) { pointers in
        if let alone, planeResidual == nil {
          return VectorMath.normalizeColumns(
            pointers[0], outer: count / planes.length, count: width, inner: planes.length,
            centers: alone.centers, epsilon: alone.epsilon, scale: alone.scale.map { pointers[$0] },
            shift: alone.shift.map { pointers[$0] }, y)
        }
        pipeline.run(
          planes, source: pointers[0], operands: pointers,
          residual: planeResidual.map { pointers[$0] }, output: y)
      }
    }
  }
}

extension FusedRows.Step {
  /// The step with its weights packed.
  func prepared(_ inputs: Operands) throws -> RowPipeline.Step {
    switch self {
    case .product(let product, let weights, let bias):
      .product(try product.matrix(inputs, weights: weights, bias: bias))
    case .normalize(let centers, let epsilon, let scale, let shift):
      .normalize(centers: centers, epsilon: epsilon, scale: scale, shift: shift)
    case .combine(let operation, let input, let extent, let reversed):
      .combine(operation, operand: input, extent, reversed: reversed)
    case .apply(let function, let p, let q): .apply(function, p, q)
    case .clearMissing: .clearMissing
    }
  }

  /// The inputs that it reads while it runs.
  var operands: [Int] {
    switch self {
    case .normalize(_, _, let scale, let shift): [scale, shift].compactMap { $0 }
    case .combine(_, let input, _, _): [input]
    case .product, .apply, .clearMissing: []
    }
  }
}

/// Numbers of a tensor's rows; -1 for a row of zeros.
package final class RowList: Sendable {
  package let indices: [Int32]
  package var count: Int { indices.count }
  package let lacksRows: Bool

  package init(_ indices: [Int32]) {
    self.indices = indices
    lacksRows = indices.contains { $0 < 0 }
  }

  /// The rows of this list that `other` numbers.
  func chosen(by other: RowList) -> RowList {
    RowList(other.indices.map { $0 < 0 ? -1 : indices[Int($0)] })
  }

  /// Whether it is all of `count` rows in order.
  func isWhole(_ count: Int) -> Bool {
    indices.count == count && indices.enumerated().allSatisfy { Int32($0) == $1 }
  }
}
