// Room: Networks. The operator MeanVarianceNormalization.

internal import Tensors

/// Elements brought to mean 0 and variance 1 over some axes, by default all but the channel's.
package struct MeanVarianceNormalizationOperator: Operator {
  private let axes: [Int]

  package init(_ node: NodeDescription) throws { axes = try node.ints("axes") ?? [0, 2, 3] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    _ = try Checked.axes(axes, rank: input.shape.rank)
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    let reduced = Set(try Checked.axes(axes, rank: shape.rank))
    let kept = (0..<shape.rank).filter { !reduced.contains($0) }
    let order = kept + reduced.sorted()
    return try RealKernel.make(
      inputs.required(0).elementType,
      MomentBody(
        shape: Shape(checking: order.map { shape[$0] }),
        strides: order.map { shape.rowMajorStrides[$0] },
        rows: kept.map { shape[$0] }.reduce(1, *)))
  }
}

private struct MomentBody: RealBody {
  var shape: Shape
  var strides: [Int]
  var rows: Int

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    let width = T.elementType.byteWidth
    return Kernel(scratchBytes: try Checked.product(shape.count, width)) { [self] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, rows > 0,
          let scratch = arguments.scratch.baseAddress
        else { return }
        Movement.gather(
          UnsafeRawPointer(x), strides: strides, shape: shape, into: scratch, width: width)
        let buffer = scratch.assumingMemoryBound(to: T.self)
        let count = shape.count / rows
        for row in 0..<rows {
          let values = buffer + row * count
          let (mean, variance) = RowMoments.meanAndVariance(UnsafePointer(values), count: count)
          let deviation = variance.squareRoot() + 1e-9
          for index in 0..<count { values[index] = T((Double(values[index]) - mean) / deviation) }
        }
        Movement.scatter(
          UnsafeRawPointer(buffer), shape: shape, into: UnsafeMutableRawPointer(y),
          strides: strides, width: width)
      }
    }
  }
}
