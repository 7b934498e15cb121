// Room: Networks. ONNX Runtime's operator CropAndResize.

internal import Tensors

/// Regions of feature maps brought to one size, their corners on the results' corners.
///
/// **Shapes**: maps `[batch, channels, y, x]`, regions `[count, 4]` as y1, x1, y2, x2 from 0 to 1,
/// images `[count]`, the size `[2]`; result `[count, channels, height, width]`. **Edge cases**: what
/// lies outside the map gets the extrapolation value. **Throws** while running where there is no such
/// image. **Source**: com.microsoft CropAndResize, version 1.
package struct ComMicrosoftCropAndResizeOperator: Operator {
  private let isNearest: Bool
  private let extrapolation: Float

  package init(_ node: NodeDescription) throws {
    isNearest = try node.choice("mode", default: "bilinear", ["bilinear", "nearest"]) == "nearest"
    extrapolation = try node.float("extrapolation_value", default: 0)
  }

  package var valueInputs: [Int] { [3] }

  private func size(_ inputs: Operands) throws -> (height: Int, width: Int) {
    guard let size = try inputs.integers(3), size.count == 2, size.allSatisfy({ $0 > 0 }) else {
      throw OperatorFault.invalid("the size is not a height and a width")
    }
    return (size[0], size[1])
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1])
    let maps = try inputs.required(0, rank: 4...4).shape
    let regions = try inputs.required(1, rank: 2...2).shape
    try inputs.requireType(2, .int32, .int64)
    guard regions[1] == 4, try inputs.required(2).shape.dimensions == [regions[0]] else {
      throw OperatorFault.invalid("there are not four bounds and an image for each region")
    }
    let size = try size(inputs)
    return [try TensorFacts(type, checking: [regions[0], maps[1], size.height, size.width])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let size = try size(inputs)
    return try RealKernel.make(
      inputs.required(0).elementType,
      CropBody(
        shape: inputs.required(0).shape, height: size.height, width: size.width,
        isNearest: isNearest, extrapolation: extrapolation))
  }
}

private struct CropBody: RealBody {
  var shape: Shape
  var height: Int
  var width: Int
  var isNearest: Bool
  var extrapolation: Float

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let bounds = try arguments.input(1).elements(as: T.self).map(Double.init)
      let images = try arguments.input(2).integerElements(input: 2)
      guard images.allSatisfy({ (0..<shape[0]).contains($0) }) else {
        throw OperatorFault.invalid("a region names an image beyond the \(shape[0]) there are")
      }
      let (channels, columns) = (shape[1], shape[3])
      let plane = shape[2] * shape[3]
      try arguments.map(T.self, to: T.self) { source, target in
        for (region, image) in images.enumerated() {
          let own = Array(bounds[region * 4..<region * 4 + 4])
          for cell in 0..<height * width {
            let y = Self.place(cell / width, height, own[0], own[2], shape[2])
            let x = Self.place(cell % width, width, own[1], own[3], columns)
            for channel in 0..<channels {
              let map = (image * channels + channel) * plane
              let value = interpolated(y, x) { Double(source[map + $0 * columns + $1]) }
              target[(region * channels + channel) * height * width + cell] = T(
                value ?? Double(extrapolation))
            }
          }
        }
      }
    }
  }

  private static func place(
    _ index: Int, _ count: Int, _ start: Double, _ end: Double, _ length: Int
  ) -> Double {
    let last = Double(length - 1)
    return count > 1
      ? start * last + Double(index) * (end - start) * last / Double(count - 1)
      : 0.5 * (start + end) * last
  }

  /// nil outside the map.
  private func interpolated(
    _ y: Double, _ x: Double, _ element: (Int, Int) -> Double
  ) -> Double? {
    guard y >= 0, y <= Double(shape[2] - 1), x >= 0, x <= Double(shape[3] - 1) else { return nil }
    if isNearest {
      return element(
        Int(y.rounded(.toNearestOrAwayFromZero)), Int(x.rounded(.toNearestOrAwayFromZero)))
    }
    let (top, left) = (Int(y), Int(x))
    let (bottom, right) = (min(top + 1, shape[2] - 1), min(left + 1, shape[3] - 1))
    let (down, across) = (y - Double(top), x - Double(left))
    let upper = element(top, left) * (1 - across) + element(top, right) * across
    let lower = element(bottom, left) * (1 - across) + element(bottom, right) * across
    return upper * (1 - down) + lower * down
  }
}
