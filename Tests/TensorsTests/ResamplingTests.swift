// Tests of Tensors: pooling and resizing against their definitions.

import TestSupport
import Tensors
import Testing

@Suite struct ResamplingTests {
  static let windows: [(WindowAxis, WindowAxis, Bool)] = [
    (WindowAxis(taps: 2, stride: 2), WindowAxis(taps: 2, stride: 2), false),
    (WindowAxis(taps: 2, stride: 2), WindowAxis(taps: 2, stride: 2), true),
    (
      WindowAxis(taps: 3, stride: 2, before: 1, after: 1),
      WindowAxis(taps: 3, stride: 2, before: 1, after: 1), true
    ),
    (
      WindowAxis(taps: 3, stride: 1, dilation: 2, before: 2, after: 2), WindowAxis(taps: 5), false
    ),
    (WindowAxis(taps: 4, stride: 3), WindowAxis(taps: 1, stride: 2, after: 1), true),
  ]

  @Test(arguments: windows)
  func poolingAgreesWithItsDefinition(
    vertical: WindowAxis, horizontal: WindowAxis, ceiling: Bool
  ) throws {
    var generator = SeededGenerator(seed: 4)
    for (height, width) in [(9, 11), (8, 40), (31, 67), (6, 6)] {
      let input = Tensor(generator.floats(6 * height * width), shape: [2, 3, height, width])
      let values = input.elements(as: Float.self)
      for kind in [
        Pooling2D.Kind.maximum, .average(includingPadding: false), .average(includingPadding: true),
      ] {
        for variant in KernelVariant.all {
          let pooling = try variant.asCurrent {
            try Pooling2D(
              kind, vertical: vertical, horizontal: horizontal, height: height, width: width,
              ceiling: ceiling)
          }
          let result = try pooling(input)
          var expected: [Double] = []
          for plane in 0..<6 {
            for y in 0..<pooling.outHeight {
              for x in 0..<pooling.outWidth {
                var inside: [Double] = []
                var counted = 0
                for i in 0..<vertical.taps {
                  for j in 0..<horizontal.taps {
                    let row = y * vertical.stride + i * vertical.dilation - vertical.before
                    let column = x * horizontal.stride + j * horizontal.dilation - horizontal.before
                    if row < height + vertical.after, column < width + horizontal.after {
                      counted += 1
                    }
                    guard row >= 0, row < height, column >= 0, column < width else { continue }
                    inside.append(Double(values[(plane * height + row) * width + column]))
                  }
                }
                let value: Double =
                  switch kind {
                  case .maximum: inside.max() ?? -.infinity
                  case .average(let including):
                    inside.reduce(0, +) / Double(including ? counted : inside.count)
                  }
                expected.append(value)
              }
            }
          }
          #expect(
            worst(result.elements(as: Float.self), expected) < 1e-5, "\(variant.name) \(kind)")
        }
      }
    }
  }

  @Test func resizingInterpolatesBetweenNeighbours() throws {
    var generator = SeededGenerator(seed: 6)
    let (height, width) = (7, 13)
    let input = generator.floats(2 * height * width)
    for (outHeight, outWidth) in [(14, 26), (3, 5), (7, 13), (29, 1), (28, 52), (9, 47)] {
      let rows = (0..<outHeight).map { (Double($0) + 0.5) * 7 / Double(outHeight) - 0.5 }
      let columns = (0..<outWidth).map { (Double($0) + 0.5) * 13 / Double(outWidth) - 0.5 }
      let resize = LinearResize2D(
        vertical: ResizeAxis(linear: rows, inputLength: height),
        horizontal: ResizeAxis(linear: columns, inputLength: width))
      var output = [Float](repeating: 0, count: 2 * outHeight * outWidth)
      output.withUnsafeMutableBufferPointer { output in
        input.withUnsafeBufferPointer { input in
          guard let source = input.baseAddress, let target = output.baseAddress else { return }
          resize.run(input: source, planes: 2, output: target)
        }
      }
      func sample(_ plane: Int, _ y: Double, _ x: Double) -> Double {
        let (y, x) = (min(max(y, 0), Double(height - 1)), min(max(x, 0), Double(width - 1)))
        let (top, left) = (Int(y), Int(x))
        let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
        let (v, u) = (y - Double(top), x - Double(left))
        func at(_ row: Int, _ column: Int) -> Double {
          Double(input[(plane * height + row) * width + column])
        }
        return (at(top, left) * (1 - u) + at(top, right) * u) * (1 - v)
          + (at(bottom, left) * (1 - u) + at(bottom, right) * u) * v
      }
      let expected = (0..<2).flatMap { plane in
        rows.flatMap { y in columns.map { x in sample(plane, y, x) } }
      }
      #expect(worst(output, expected) < 1e-5)
    }
  }

  /// Doubled rows of every length, between neighbours as networks ask for them, or copied.
  @Test(arguments: [-0.25, 0, nil])
  func doublingAgreesWithItsDefinition(shift: Double?) {
    for width in [1, 3, 4, 6, 10, 17, 33, 35, 66] {
      let input = (0..<width).map { Float($0 * $0 % 7) }
      let positions = (0..<2 * width).map { Double($0) / 2 + (shift ?? 0) }
      let axis =
        shift == nil
        ? ResizeAxis(nearest: positions.map { Int($0) }, inputLength: width)
        : ResizeAxis(linear: positions, inputLength: width)
      let expected = positions.map { position in
        let place = min(
          max(shift == nil ? position.rounded(.down) : position, 0), Double(width - 1))
        let left = Int(place)
        let (a, b) = (Double(input[left]), Double(input[min(left + 1, width - 1)]))
        return a + (b - a) * (place - Double(left))
      }
      for variant in KernelVariant.all {
        var output = [Float](repeating: 0, count: 2 * width)
        variant.asCurrent {
          output.withUnsafeMutableBufferPointer { output in
            input.withUnsafeBufferPointer { input in
              guard let source = input.baseAddress, let target = output.baseAddress else { return }
              LinearResize2D(vertical: ResizeAxis(nearest: [0], inputLength: 1), horizontal: axis)
                .run(input: source, planes: 1, output: target)
            }
          }
        }
        #expect(worst(output, expected) < 1e-5, "\(variant.name) \(width)")
      }
    }
  }

  @Test func nearestCopies() {
    let axis = ResizeAxis(nearest: [0, 0, 2, 5, -1], inputLength: 3)
    #expect(axis.first == [0, 0, 2, 2, 0])
    #expect(axis.isNearest)
  }
}
