// Room: Networks. The operator RoiAlign.

internal import Tensors

/// Regions of feature maps brought to one size: each result is the mean, or the largest, of points
/// interpolated inside its part of the region.
///
/// **Shapes**: maps `[batch, channels, y, x]`, regions `[count, 4]` as x1, y1, x2, y2, which image
/// each is of `[count]`; result `[count, channels, height, width]`. **Edge cases**: points more than
/// one element outside the map count as 0. **Throws** while running where there is no such image.
/// **Source**: ONNX RoiAlign, opsets 10, 16 (coordinates shifted by half an element), 22.
package struct RoiAlignOperator: Operator {
  private let takesLargest: Bool
  private let height: Int
  private let width: Int
  private let ratio: Int
  private let scale: Double
  private let isHalfPixel: Bool

  package static var versions: ClosedRange<Int> { 10...Opset.newest }

  package init(_ node: NodeDescription) throws {
    takesLargest = try node.choice("mode", default: "avg", ["avg", "max"]) == "max"
    height = try node.int("output_height", default: 1)
    width = try node.int("output_width", default: 1)
    ratio = try node.int("sampling_ratio", default: 0)
    scale = Double(try node.float("spatial_scale", default: 1))
    isHalfPixel =
      try node.opset >= 16
      && node.choice(
        "coordinate_transformation_mode", default: "half_pixel",
        ["half_pixel", "output_half_pixel"]) == "half_pixel"
    guard height > 0, width > 0, (0...1024).contains(ratio) else {
      throw OperatorFault.invalid("height, width or sampling ratio are out of range")
    }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 4...4)
    try inputs.requireSameType([0, 1])
    try inputs.requireType(2, .int64)
    let regions = try inputs.required(1, rank: 2...2).shape
    guard regions[1] == 4, try inputs.required(2).shape.dimensions == [regions[0]] else {
      throw OperatorFault.invalid("there are not four bounds and an image for each region")
    }
    return [
      try TensorFacts(
        input.elementType, checking: [regions[0], input.shape[1], height, width])
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try RealKernel.make(
      inputs.required(0).elementType,
      RoiBody(
        shape: inputs.required(0).shape, height: height, width: width, ratio: ratio, scale: scale,
        shift: isHalfPixel ? 0.5 : 0, takesLargest: takesLargest))
  }
}

private struct RoiBody: RealBody {
  var shape: Shape
  var height: Int
  var width: Int
  var ratio: Int
  var scale: Double
  var shift: Double
  var takesLargest: Bool

  /// Four neighbours with their weights.
  private struct Point {
    var places = (0, 0, 0, 0)
    var weights = (0.0, 0.0, 0.0, 0.0)
  }

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let bounds = try arguments.input(1).elements(as: T.self).map(Double.init)
      let images = try arguments.input(2).integerElements(input: 2)
      guard images.allSatisfy({ (0..<shape[0]).contains($0) }) else {
        throw OperatorFault.invalid("a region names an image beyond the \(shape[0]) there are")
      }
      let (plane, channels) = (shape[2] * shape[3], shape[1])
      try arguments.map(T.self, to: T.self) { source, target in
        for (region, image) in images.enumerated() {
          for cell in 0..<height * width {
            let points = try points(Array(bounds[region * 4..<region * 4 + 4]), cell)
            for channel in 0..<channels {
              let map = (image * channels + channel) * plane
              target[(region * channels + channel) * height * width + cell] = T(
                value(points) { Double(source[map + $0]) })
            }
          }
        }
      }
    }
  }

  private func value(_ points: [Point], _ element: (Int) -> Double) -> Double {
    var sum = 0.0
    var largest: Double?
    for point in points {
      let parts = [
        (point.weights.0, point.places.0), (point.weights.1, point.places.1),
        (point.weights.2, point.places.2), (point.weights.3, point.places.3),
      ].map { $0.0 == 0 ? 0 : $0.0 * element($0.1) }
      sum += parts.reduce(0, +)
      largest = parts.reduce(largest ?? parts[0]) { Double.maximum($0, $1) }
    }
    return takesLargest ? largest ?? 0 : sum / Double(max(points.count, 1))
  }

  /// The points of one cell of one region.
  private func points(_ bounds: [Double], _ cell: Int) throws -> [Point] {
    let (left, top) = (bounds[0] * scale - shift, bounds[1] * scale - shift)
    var (across, down) = (bounds[2] * scale - shift - left, bounds[3] * scale - shift - top)
    if shift == 0 { (across, down) = (max(across, 1), max(down, 1)) }
    let (columnSize, rowSize) = (across / Double(width), down / Double(height))
    let columns = try ratio > 0 ? ratio : max(0, Checked.integer(columnSize.rounded(.up)))
    let rows = try ratio > 0 ? ratio : max(0, Checked.integer(rowSize.rounded(.up)))
    guard try Checked.product(rows, columns) <= 1 << 24 else {
      throw OperatorFault.unsupported("a region of \(rows) by \(columns) points in each cell")
    }
    var result: [Point] = []
    for row in 0..<rows {
      let y = top + (Double(cell / width) + (Double(row) + 0.5) / Double(rows)) * rowSize
      for column in 0..<columns {
        let x =
          left + (Double(cell % width) + (Double(column) + 0.5) / Double(columns)) * columnSize
        result.append(point(y, x))
      }
    }
    return result
  }

  private func point(_ y: Double, _ x: Double) -> Point {
    let (rows, columns) = (shape[2], shape[3])
    guard y >= -1, y <= Double(rows), x >= -1, x <= Double(columns), rows > 0, columns > 0 else {
      return Point()
    }
    func split(_ position: Double, _ length: Int) -> (Int, Int, Double) {
      let inside = max(position, 0)
      let low = min(Int(inside), length - 1)
      return low == length - 1 ? (low, low, 0) : (low, low + 1, inside - Double(low))
    }
    let (top, bottom, down) = split(y, rows)
    let (left, right, across) = split(x, columns)
    return Point(
      places: (
        top * columns + left, top * columns + right, bottom * columns + left,
        bottom * columns + right
      ),
      weights: (
        (1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across
      ))
  }
}
