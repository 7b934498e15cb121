// Tests of CVectorKernels: reductions, quantisation, pooling and products by every variant.

internal import CVectorKernels
internal import Foundation
import TestSupport
import Testing

@Suite struct RowTests {
  private static var variants: [UnsafePointer<squall_kernels>] {
    (0..<squall_kernels_count()).map { squall_kernels_at($0) }
  }

  @Test func variantsAreOrderedAndTheChosenIsOneOfThem() {
    let names = Self.variants.map { String(cString: $0.pointee.name) }
    #expect(names.first == "baseline" || names.first == "neon")
    #expect(Self.variants.contains(squall_kernels_chosen()))
    #expect(Set(names).count == names.count)
  }

  @Test func tablesAndMaximaOfBytesAreExact() {
    var generator = SeededGenerator(seed: 44)
    let table = (0..<256).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for count in Array(0...70) + [127, 128, 129, 1000] {
      let rows = (0..<2).map { _ in
        (0..<2 * count + 1).map { _ in UInt8.random(in: 0...255, using: &generator) }
      }
      for kernels in Self.variants {
        // One byte more, which must stay as it is.
        var found = [UInt8](repeating: 77, count: count + 1)
        kernels.pointee.u8_table(count, rows[0], table, &found)
        #expect(found == rows[0].prefix(count).map { table[Int($0)] } + [77])
        for flip in [UInt8(0), 0x80] {
          kernels.pointee.u8_max_2x2(count, rows[0], rows[1], flip, &found)
          let largest = (0..<count).map { place in
            let four = [
              rows[0][2 * place], rows[0][2 * place + 1], rows[1][2 * place],
              rows[1][2 * place + 1],
            ]
            return (four.map { $0 ^ flip }.max() ?? 0) ^ flip
          }
          #expect(found == largest + [77])
        }
      }
    }
  }

  @Test func theCeilingsSumsAreDone() {
    for kernels in Self.variants {
      #expect(kernels.pointee.f32_ceiling(1, 0.5, 1) == 45)
      #expect(kernels.pointee.f32_ceiling(100, 0.5, 1) == 24)
    }
  }

  @Test func longSumsKeepTheirPrecision() {
    var generator = SeededGenerator(seed: 41)
    for count in Array(0...70) + [1023, 1024, 1025, 1_000_003] {
      let x = generator.floats(count, in: 0...1)
      let exact = x.reduce(0.0) { $0 + Double($1) }
      let squares = x.reduce(0.0) { $0 + (Double($1) - 0.5) * (Double($1) - 0.5) }
      for kernels in Self.variants {
        let sum = kernels.pointee.f32_reduce[Int(SQUALL_SUM.rawValue)](count, x, 0)
        #expect(abs(sum - exact) <= 5e-7 * exact)
        let about = kernels.pointee.f32_reduce[Int(SQUALL_SUM_SQUARES.rawValue)](count, x, 0.5)
        #expect(abs(about - squares) <= 1e-6 * squares)
        let largest = kernels.pointee.f32_reduce[Int(SQUALL_MAXIMUM.rawValue)](count, x, 0)
        #expect(largest == Double(x.max() ?? -.infinity))
        let least = kernels.pointee.f32_reduce[Int(SQUALL_MINIMUM.rawValue)](count, x, 0)
        #expect(least == Double(x.min() ?? .infinity))
        let dot = kernels.pointee.f32_dot(count, x, x)
        #expect(abs(Double(dot) - x.reduce(0.0) { $0 + Double($1) * Double($1) }) <= 1e-5 * exact)
      }
    }
  }

  @Test func extremesPassNaNOn() {
    for kernels in Self.variants {
      for place in [0, 17, 69] {
        var x = [Float](repeating: 1, count: 70)
        x[place] = .nan
        #expect(kernels.pointee.f32_reduce[Int(SQUALL_MAXIMUM.rawValue)](70, x, 0).isNaN)
        #expect(kernels.pointee.f32_reduce[Int(SQUALL_MINIMUM.rawValue)](70, x, 0).isNaN)
        var pooled = [Float](repeating: 0, count: 35)
        kernels.pointee.f32_max_pool_2x2(35, x, x, &pooled)
        #expect(pooled[place / 2].isNaN && pooled.filter(\.isNaN).count == 1)
      }
    }
  }

  @Test(arguments: [1, 3, 16, 31, 72, 144, 300], [0, 1, 2])
  func attentionWeightsAreSoftmaxBeforeTheDivision(count: Int, terms: Int) {
    var generator = SeededGenerator(seed: 43)
    let rows = 3
    let scores = generator.floats(rows * count, in: -4...4)
    // One term with a row each, one that is the same for all.
    let added = [generator.floats(rows * count), generator.floats(count)]
    let steps = [count, 0]
    for kernels in Self.variants {
      var weights = scores
      var inverses = [Float](repeating: 0, count: rows)
      added[0].withUnsafeBufferPointer { first in
        added[1].withUnsafeBufferPointer { second in
          let bases = [first.baseAddress, second.baseAddress].compactMap { $0 }
          kernels.pointee.f32_attention_weights(
            rows, count, &weights, 0.5, terms, bases, steps, &inverses)
        }
      }
      for row in 0..<rows {
        let sums = (0..<count).map { column in
          Double(scores[row * count + column]) * 0.5
            + (0..<terms).reduce(0) { $0 + Double(added[$1][row * steps[$1] + column]) }
        }
        let largest = sums.max() ?? 0
        let exact = sums.map { exp($0 - largest) }
        let total = exact.reduce(0, +)
        for column in 0..<count {
          let weight = Double(weights[row * count + column]) * Double(inverses[row])
          #expect(abs(weight - exact[column] / total) <= 2e-6 * exact[column] / total + 1e-12)
        }
      }
    }
  }

  /// Masks of -100, -infinity and the least number, also for more short rows than are taken at once.
  @Test(arguments: [4, 9, 16, 25, 49, 80])
  func maskedScoresWeighNothingAndRowsMaskedAlikeWeighAlike(count: Int) {
    let rows = 21
    for kernels in Self.variants {
      for mask in [Float(-100), -.infinity, -.greatestFiniteMagnitude] {
        var scores = [Float](repeating: 0.25, count: rows * count + 1)
        for row in 0..<rows { scores[row * count + row % count] = mask }
        scores[rows * count] = 7
        var inverses = [Float](repeating: 0, count: rows)
        kernels.pointee.f32_attention_weights(rows, count, &scores, 1, 0, nil, nil, &inverses)
        for row in 0..<rows {
          for column in 0..<count {
            let isMasked = column == row % count
            #expect(scores[row * count + column] == (isMasked ? 0 : 1))
          }
          #expect(abs(inverses[row] * Float(count - 1) - 1) < 1e-6)
        }
        #expect(scores[rows * count] == 7)
      }
      var alike = [Float](repeating: -.greatestFiniteMagnitude, count: count)
      var inverse: Float = 0
      kernels.pointee.f32_attention_weights(1, count, &alike, 1, 0, nil, nil, &inverse)
      #expect(alike.allSatisfy { $0 == 1 } && abs(inverse * Float(count) - 1) < 1e-6)
    }
  }

  /// Also where squares would overflow or vanish, and where the norm is smaller than the least.
  @Test(arguments: [1, 4, 19, 32, 96], [Float(1), 1e-25, 1e25])
  func unitRowsHaveNormOne(count: Int, magnitude: Float) {
    var generator = SeededGenerator(seed: 44)
    let (rows, stride) = (3, 100)
    var x = generator.floats(rows * stride, in: 0.5...1).map { $0 * magnitude }
    for column in 0..<count { x[2 * stride + column] = 0 }
    for kernels in Self.variants {
      var result = [Float](repeating: -7, count: rows * (count + 1))
      kernels.pointee.f32_unit_rows(rows, count, x, stride, 1e-30, &result, count + 1)
      for row in 0..<rows {
        let line = result[row * (count + 1)..<(row + 1) * (count + 1)].dropLast()
        let squares = line.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(squares - (row == 2 ? 0 : 1)) < 1e-6)
        #expect(result[row * (count + 1) + count] == -7)
      }
      x[stride] = .nan
      kernels.pointee.f32_unit_rows(rows, count, x, stride, 1e-30, &result, count + 1)
      #expect(result[count + 1].isNaN)
      x[stride] = magnitude
    }
  }

  @Test(arguments: [5, 16, 40])
  func rowsWithoutWeightsHaveNoInverse(count: Int) {
    for kernels in Self.variants {
      for place in [0, count - 1] {
        var scores = [Float](repeating: -.infinity, count: count)
        scores += [Float](repeating: 1, count: count)
        scores[count + place] = .nan
        var inverses: [Float] = [0, 0]
        kernels.pointee.f32_attention_weights(2, count, &scores, 1, 0, nil, nil, &inverses)
        #expect(inverses[0].isNaN && inverses[1].isNaN)
        var soft = [Float](repeating: 0, count: count)
        var row = [Float](repeating: 1, count: count)
        row[place] = .nan
        kernels.pointee.f32_softmax(count, row, false, &soft)
        #expect(soft.allSatisfy { $0.isNaN })
      }
    }
  }

  @Test func quantisingRoundsToEvenAndSaturates() {
    let x: [Float] = [
      0, 0.5, 1.5, -0.5, -1.5, 2.5, 1e9, -1e9, .infinity, -.infinity, .nan, 126.5, 127.5, 7,
      0.49999,
      -128.5, 3, 4, 5,
    ]
    for kernels in Self.variants {
      for count in 0...x.count {
        var signed = [Int8](repeating: 99, count: x.count)
        kernels.pointee.f32_to_s8(count, x, 1, 1, &signed)
        var unsigned = [UInt8](repeating: 99, count: x.count)
        kernels.pointee.f32_to_u8(count, x, 0.5, 3, &unsigned)
        for i in x.indices {
          let v = x[i].isNaN ? 0 : Double(x[i])
          let low = min(max(v.rounded(.toNearestOrEven), -1e6), 1e6) + 1
          let high = min(max((v * 2).rounded(.toNearestOrEven), -1e6), 1e6) + 3
          #expect(signed[i] == (i < count ? Int8(min(max(low, -128), 127)) : 99))
          #expect(unsigned[i] == (i < count ? UInt8(min(max(high, 0), 255)) : 99))
        }
        var back = [Float](repeating: 99, count: x.count)
        kernels.pointee.s8_to_f32(count, signed, 0.25, 1, &back)
        for i in 0..<count { #expect(back[i] == (Float(signed[i]) - 1) * 0.25) }
        kernels.pointee.u8_to_f32(count, unsigned, 0.5, 3, &back)
        for i in 0..<count { #expect(back[i] == (Float(unsigned[i]) - 3) * 0.5) }
      }
    }
  }

  @Test func indirectProductReadsNothingBeyondItsRow() {
    var generator = SeededGenerator(seed: 42)
    let depth = 5
    for kernels in Self.variants {
      for height in [1, 2, 4, Int(kernels.pointee.mr)] {
        for count in [1, 3, 15, 16, 17, 31, 47, 48, 49, 70] {
          // NaN lies behind every row: one read of it would spoil a result.
          var input = [Float](repeating: .nan, count: depth * 100)
          for k in 0..<depth {
            for x in 0..<count { input[k * 100 + x] = Float.random(in: -1...1, using: &generator) }
          }
          let panel = generator.floats(height * (depth + 1))
          let offsets = (0..<depth).map { $0 * 100 }
          var output = [Float](repeating: 7, count: height * 100)
          var epilogue = squall_epilogue(
            activation: 1, p: 0, q: 0, accumulate: false, from_zero: false)
          kernels.pointee.f32_igemm(
            height, height, count, depth, panel, input, offsets, &output, 100, nil, 0, false,
            &epilogue)
          for m in 0..<height {
            for x in 0..<100 {
              var sum = Double(panel[m])
              for k in 0..<depth {
                sum += Double(panel[(k + 1) * height + m]) * Double(input[k * 100 + x])
              }
              let expected = x < count ? max(sum, 0) : 7
              #expect(abs(Double(output[m * 100 + x]) - expected) < 1e-5)
            }
          }
        }
      }
    }
  }
}
