// Tests of Tensors: reductions, softmax, normalisation and extremes against their definitions.

internal import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct ReductionTests {
  static let cases: [(Shape, [Int])] = [
    ([7], [0]), ([3, 5], [1]), ([3, 5], [0]), ([2, 3, 4, 5], [1, 2]), ([2, 3, 4, 5], [0, 2]),
    ([2, 3, 40, 37], [2, 3]), ([4, 1000], []), ([2, 70, 700], [1]), ([5000], [0]),
    ([2, 1, 3], [1]),
    ([3, 4], [0, 1]), ([], []),
  ]

  @Test(arguments: cases)
  func agreesWithItsDefinition(shape: Shape, axes: [Int]) throws {
    var generator = SeededGenerator(seed: 16)
    let x = Tensor(generator.floats(shape.count, in: 0.5...1.5), shape: shape)
    for reduction in Reduction.allCases {
      let expected = try naive(x, reduction, axes)
      for variant in KernelVariant.all {
        let result = try variant.asCurrent { try x.reduced(reduction, axes: axes) }
        let values = result.elements(as: Float.self)
        let close = zip(values, expected).allSatisfy {
          $1 > 1e38 || abs(Double($0) - $1) <= 1e-6 * max(abs($1), 1)
        }
        #expect(values.count == expected.count && close, "\(reduction) \(variant.name)")
      }
      let double = try x.converted(to: .float64).reduced(reduction, axes: axes)
      #expect(
        zip(double.elements(as: Double.self), expected).allSatisfy {
          abs($0 - $1) <= 1e-9 * max(abs($1), 1)
        }, "\(reduction)")
    }
  }

  @Test func dimensionsAreKeptOrDropped() throws {
    let x = Tensor(zeros: [2, 3, 4])
    #expect(try x.reduced(.sum, axes: [1]).shape == [2, 1, 4])
    #expect(try x.reduced(.sum, axes: [0, 2], keepingDimensions: false).shape == [3])
    #expect(try x.reduced(.sum, keepingDimensions: false).shape == [])
    #expect(throws: TensorError.self) { try x.reduced(.sum, axes: [3]) }
    #expect(throws: TensorError.self) { try Tensor(zeros: [2], .bool).reduced(.sum) }
    #expect(throws: TensorError.self) { try Tensor(zeros: [2], .int8).reduced(.logarithmOfSum) }
  }

  @Test func emptyAndSpecialValues() throws {
    let empty = Tensor(zeros: [3, 0])
    #expect(try empty.reduced(.sum, axes: [1]).elements() == [Float](repeating: 0, count: 3))
    #expect(
      try empty.reduced(.maximum, axes: [1]).elements(as: Float.self) == [
        -.infinity, -.infinity, -.infinity,
      ])
    let x = Tensor([Float](arrayLiteral: 1, .nan, 2, 3, -.infinity, 5), shape: [2, 3])
    let largest = try x.reduced(.maximum, axes: [1]).elements(as: Float.self)
    #expect(largest[0].isNaN && largest[1] == 5)
    let columns = try x.reduced(.minimum, axes: [0]).elements(as: Float.self)
    #expect(columns[0] == 1 && columns[1].isNaN && columns[2] == 2)
    let integers = Tensor([Int32](arrayLiteral: .max, 1, -4), shape: [3])
    #expect(try integers.reduced(.sum).elements(as: Int32.self) == [.max &- 3])
  }

  @Test(
    arguments: [
      ([3, 7], 1), ([2, 5, 6], 1), ([4, 1500], 1), ([9], 0), ([7, 50], 0), ([2, 40, 3, 19], 1),
    ] as [(Shape, Int)])
  func softmaxAgreesWithItsDefinition(shape: Shape, axis: Int) throws {
    var generator = SeededGenerator(seed: 17)
    let x = Tensor(generator.floats(shape.count, in: -20...20), shape: shape)
    let double = x.converted(to: .float64)
    let exact = try double.softmax(axis: axis).elements(as: Double.self)
    let sums = try double.softmax(axis: axis).reduced(.sum, axes: [axis])
    #expect(sums.elements(as: Double.self).allSatisfy { abs($0 - 1) < 1e-12 })
    for variant in KernelVariant.all {
      try variant.asCurrent {
        let result = try x.softmax(axis: axis).elements(as: Float.self)
        #expect(zip(result, exact).allSatisfy { abs(Double($0) - $1) <= 3e-6 * $1 + 1e-38 })
        let logarithm = try x.softmax(axis: axis, logarithm: true).elements(as: Float.self)
        #expect(zip(logarithm, exact).allSatisfy { abs(Double($0) - log($1)) < 1e-5 })
      }
    }
    let endless = Tensor([Float](repeating: -.infinity, count: 3), shape: [3])
    #expect(try endless.softmax(axis: 0).elements(as: Float.self).allSatisfy(\.isNaN))
  }

  @Test func normalisedRowsHaveMeanZeroAndVarianceOne() {
    var generator = SeededGenerator(seed: 18)
    let x = generator.floats(4 * 1000, in: 99...101)
    var y = [Float](repeating: 0, count: 4000)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let input = x.baseAddress, let output = y.baseAddress else { return }
        VectorMath.normalize(
          rows: 4, count: 1000, input, scale: nil, shift: nil, epsilon: 0, output)
      }
    }
    for row in 0..<4 {
      let values = y[row * 1000..<(row + 1) * 1000].map { Double($0) }
      let mean = values.reduce(0, +) / 1000
      #expect(abs(mean) < 1e-5)
      #expect(abs(values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 1000 - 1) < 1e-4)
    }
  }

  @Test func extremesAreFound() throws {
    let x = Tensor([Float](arrayLiteral: 3, 7, 7, 1, .nan, 2), shape: [2, 3])
    #expect(try x.indexOfExtreme(largest: true, axis: 1).elements() == [Int64](arrayLiteral: 1, 1))
    let last = try x.indexOfExtreme(largest: true, axis: 1, selectingLast: true)
    #expect(last.elements() == [Int64](arrayLiteral: 2, 1))
    let columns = try x.indexOfExtreme(largest: false, axis: 0, keepingDimension: false)
    #expect(columns.elements() == [Int64](arrayLiteral: 1, 1, 1))
    #expect(throws: TensorError.self) {
      try Tensor(zeros: [0]).indexOfExtreme(largest: true, axis: 0)
    }
  }

  private func naive(_ x: Tensor, _ reduction: Reduction, _ axes: [Int]) throws -> [Double] {
    let chosen = Set(axes.isEmpty ? Array(0..<x.shape.rank) : axes)
    let kept = (0..<x.shape.rank).filter { !chosen.contains($0) }
    var rows: [Int: [Double]] = [:]
    for (index, value) in x.elements(as: Float.self).enumerated() {
      var (rest, key, step) = (index, 0, 1)
      for axis in (0..<x.shape.rank).reversed() {
        if kept.contains(axis) {
          key += rest % x.shape[axis] * step
          step *= x.shape[axis]
        }
        rest /= x.shape[axis]
      }
      rows[key, default: []].append(Double(value))
    }
    return rows.keys.sorted().map { key in
      let row = rows[key] ?? []
      switch reduction {
      case .sum: return row.reduce(0, +)
      case .mean: return row.reduce(0, +) / Double(row.count)
      case .minimum: return row.min() ?? .infinity
      case .maximum: return row.max() ?? -.infinity
      case .product: return row.reduce(1, *)
      case .sumOfMagnitudes: return row.map(abs).reduce(0, +)
      case .sumOfSquares: return row.map { $0 * $0 }.reduce(0, +)
      case .rootOfSquares: return row.map { $0 * $0 }.reduce(0, +).squareRoot()
      case .logarithmOfSum: return log(row.reduce(0, +))
      case .logarithmOfSumOfExponentials: return log(row.map(exp).reduce(0, +))
      }
    }
  }
}
