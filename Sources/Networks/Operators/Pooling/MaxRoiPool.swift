// Room: Networks. The operator MaxRoiPool.

internal import Tensors

/// The largest element of each cell of a grid laid over regions of feature maps.
///
/// **Shapes**: maps `[batch, channels, y, x]`, regions `[count, 5]` as image, x1, y1, x2, y2; result
/// `[count, channels, height, width]`. **Edge cases**: bounds are rounded to elements and both are
/// inside; a cell without elements gives 0. **Throws** while running where there is no such image.
/// **Source**: ONNX MaxRoiPool, opsets 1, 22.
package struct MaxRoiPoolOperator: Operator {
  private let size: [Int]
  private let scale: Double

  package init(_ node: NodeDescription) throws {
    size = try node.ints("pooled_shape") ?? []
    scale = Double(try node.float("spatial_scale", default: 1))
    guard size.count == 2, size.allSatisfy({ $0 > 0 }) else {
      throw OperatorFault.invalid("pooled_shape \(size) is not a height and a width")
    }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 4...4)
    try inputs.requireSameType([0, 1])
    let regions = try inputs.required(1, rank: 2...2).shape
    guard regions[1] == 5 else {
      throw OperatorFault.invalid("regions of shape \(regions) have no five values each")
    }
    return [
      try TensorFacts(input.elementType, checking: [regions[0], input.shape[1]] + size)
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try RealKernel.make(
      inputs.required(0).elementType,
      RoiMaximum(shape: inputs.required(0).shape, height: size[0], width: size[1], scale: scale))
  }
}

private struct RoiMaximum: RealBody {
  var shape: Shape
  var height: Int
  var width: Int
  var scale: Double

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let regions = try arguments.input(1).elements(as: T.self).map(Double.init)
      let (channels, rows, columns) = (shape[1], shape[2], shape[3])
      try arguments.map(T.self, to: T.self) { source, target in
        for region in 0..<regions.count / 5 {
          let image = try Checked.integer(regions[region * 5])
          guard (0..<shape[0]).contains(image) else {
            throw OperatorFault.invalid("there is no image \(image) for region \(region)")
          }
          let edges = try regions[region * 5 + 1..<region * 5 + 5].map { edge in
            try Checked.integer(
              min(max((edge * scale).rounded(.toNearestOrAwayFromZero), -0x1p31), 0x1p31))
          }
          for cell in 0..<height * width {
            let down = cells(edges[1], edges[3], cell / width, of: height, limit: rows)
            let across = cells(edges[0], edges[2], cell % width, of: width, limit: columns)
            for channel in 0..<channels {
              let map = (image * channels + channel) * rows * columns
              var largest: T?
              for row in down {
                for column in across {
                  let value = source[map + row * columns + column]
                  largest = largest.map { T.maximum($0, value) } ?? value
                }
              }
              target[(region * channels + channel) * height * width + cell] = largest ?? 0
            }
          }
        }
      }
    }
  }

  /// The elements of cell `index` along one dimension.
  private func cells(
    _ start: Int, _ end: Int, _ index: Int, of count: Int, limit: Int
  ) -> Range<Int> {
    let size = Double(max(end - start + 1, 1)) / Double(count)
    let first = min(max(start + Int((Double(index) * size).rounded(.down)), 0), limit)
    let last = min(max(start + Int((Double(index + 1) * size).rounded(.up)), 0), limit)
    return first..<max(first, last)
  }
}
