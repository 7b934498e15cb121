// Tests of CVectorKernels: columns, means of windows and resampled rows by every variant.

internal import CVectorKernels
internal import Foundation
import TestSupport
import Testing

@Suite struct ColumnTests {
  private static var variants: [UnsafePointer<squall_kernels>] {
    (0..<squall_kernels_count()).map { squall_kernels_at($0) }
  }

  /// Columns of a row that is wider by one, which must stay as it is.
  @Test(arguments: [1, 2, 5, 33, 200])
  func columnsAgreeWithTheirDefinitions(count: Int) {
    var generator = SeededGenerator(seed: 51)
    for columns in [1, 3, 15, 16, 17, 40] {
      let step = columns + 1
      let x = generator.floats(count * step, in: -5...9)
      let (scale, shift) = (generator.floats(count), generator.floats(count))
      let lines = (0..<columns).map { column in (0..<count).map { Double(x[$0 * step + column]) } }
      for kernels in Self.variants {
        for logarithm in [false, true] {
          var y = [Float](repeating: 77, count: count * step)
          kernels.pointee.f32_softmax_columns(columns, count, x, step, logarithm, &y, step)
          for (column, line) in lines.enumerated() {
            let sum = line.reduce(0) { $0 + exp($1) }
            for row in 0..<count {
              let exact = exp(line[row]) / sum
              let found = Double(y[row * step + column])
              #expect(abs(found - (logarithm ? log(exact) : exact)) < 1e-5)
            }
          }
          #expect((0..<count).allSatisfy { y[$0 * step + columns] == 77 })
        }
        for centers in [false, true] {
          var y = x
          kernels.pointee.f32_normalize_columns(
            columns, count, y, step, centers, 1e-3, scale, shift, &y, step)
          for (column, line) in lines.enumerated() {
            let mean = centers ? line.reduce(0, +) / Double(count) : 0
            let variance = line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
            for row in 0..<count {
              let exact =
                (line[row] - mean) / (variance + 1e-3).squareRoot() * Double(scale[row])
                + Double(shift[row])
              #expect(abs(Double(y[row * step + column]) - exact) < 2e-5)
            }
          }
          #expect((0..<count).allSatisfy { y[$0 * step + columns] == x[$0 * step + columns] })
        }
      }
    }
  }

  @Test func aColumnWithNaNIsNaNAndNoOther() {
    for kernels in Self.variants {
      var x = [Float](repeating: 1, count: 3 * 20)
      x[20 + 4] = .nan
      var y = x
      kernels.pointee.f32_softmax_columns(20, 3, x, 20, false, &y, 20)
      for column in 0..<20 { #expect(y[column].isNaN == (column == 4)) }
    }
  }

  @Test func meansOfFourAreExactEnough() {
    var generator = SeededGenerator(seed: 52)
    for count in [0, 1, 7, 8, 9, 16, 31, 33, 70] {
      let rows = (0..<2).map { _ in generator.floats(2 * count + 1) }
      for kernels in Self.variants {
        var y = [Float](repeating: 77, count: count + 1)
        kernels.pointee.f32_mean_pool_2x2(count, rows[0], rows[1], &y)
        for i in 0..<count {
          let four = [rows[0][2 * i], rows[0][2 * i + 1], rows[1][2 * i], rows[1][2 * i + 1]]
          #expect(abs(four.reduce(0, +) / 4 - y[i]) < 1e-6)
        }
        #expect(y[count] == 77)
      }
    }
  }

  /// Near places, far ones, and ones that go backwards; nothing behind the input is read.
  @Test(arguments: [0.13, 0.5, 0.97, 1.6, 40, -0.7])
  func rowsAreResampled(step: Double) {
    var generator = SeededGenerator(seed: 53)
    for length in [1, 5, 17, 31, 32, 33, 90] {
      var x = generator.floats(length)
      x.append(.nan)
      for count in [1, 15, 16, 33, 100] {
        let places = (0..<count).map { index in
          let place = Double(index) * abs(step)
          let limited = place.truncatingRemainder(dividingBy: Double(length))
          return step < 0 ? Double(length - 1) - min(limited, Double(length - 1)) : limited
        }
        let first = places.map { Int32($0) }
        let second = first.map { min($0 + 1, Int32(length - 1)) }
        let share = places.map { $0 == $0.rounded(.down) ? 0 : Float($0 - $0.rounded(.down)) }
        for kernels in Self.variants {
          var y = [Float](repeating: 77, count: count + 1)
          kernels.pointee.f32_resample(count, length, x, first, second, share, &y)
          for i in 0..<count {
            let (a, b) = (x[Int(first[i])], x[Int(second[i])])
            let exact = share[i] == 0 ? a : a * (1 - share[i]) + b * share[i]
            #expect(abs(y[i] - exact) < 1e-6)
          }
          #expect(y[count] == 77)
        }
      }
    }
  }
}
