// Tests of Tensors: products and convolutions of bytes, against sums taken one by one.

import CVectorKernels
import TestSupport
import Tensors
import Testing

@Suite struct QuantizedTests {
  static let variants = KernelVariant.all

  private static func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    // The ends of the range often, since that is where narrow sums would saturate.
    (0..<count).map { _ in
      Bool.random(using: &random)
        ? [0, 127, 128, 255][Int.random(in: 0..<4, using: &random)]
        : UInt8.random(in: 0...255, using: &random)
    }
  }

  private static func whole(_ byte: UInt8, isSigned: Bool) -> Int32 {
    isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
  }

  /// Both forms of the kernel, every variant: 255 times -128 must not saturate on the way.
  @Test(arguments: variants.indices, [(1, 5), (2, 1), (3, 50), (8, 97)])
  func kernelsAreExact(_ index: Int, _ size: (rows: Int, columns: Int)) {
    let table = Self.variants[index].table.pointee
    let full = Int(table.integer_mr)
    let rows = min(size.rows, full)
    let height = rows > 4 ? full : rows > 2 ? 4 : rows
    let (depth, columns) = (9, size.columns)
    let pitch = (columns + 63) / 64 * 64
    var random = SeededGenerator(seed: UInt64(index * 100 + columns))
    let words = (0..<depth * pitch).map { _ -> UInt32 in
      Int.random(in: 0..<4, using: &random) == 0 ? .max : .random(in: 0 ... .max, using: &random)
    }
    let panel = (0..<(depth + 1) * height).map { place -> Int32 in
      place < height
        ? Int32(place) - 3
        : Bool.random(using: &random)
          ? Int32(bitPattern: 0x8080_8080) : Int32.random(in: .min ... .max, using: &random)
    }
    let offsets = (0..<depth).map { $0 * pitch }
    for kernel in [table.s32_igemm, table.s32_igemm_plain] {
      var output = [Int32](repeating: 0, count: height * pitch)
      kernel(rows, height, columns, depth, panel, words, offsets, &output, pitch)
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = panel[row]
          for step in 0..<depth {
            let (a, w) = (
              words[step * pitch + column], UInt32(bitPattern: panel[(step + 1) * height + row])
            )
            for lane in stride(from: UInt32(0), to: 32, by: 8) {
              let weight = Int32(Int8(truncatingIfNeeded: w >> lane))
              sum &+= Int32((a >> lane) & 255) &* weight
            }
          }
          #expect(output[row * pitch + column] == sum)
        }
      }
    }
  }

  struct Product: Sendable, CustomTestStringConvertible {
    var m: Int, n: Int, k: Int, leftIsSigned: Bool, rightIsSigned: Bool
    var byRow = false, byColumn = false
    var testDescription: String {
      "\(m)×\(n)×\(k) \(leftIsSigned) \(rightIsSigned) \(byRow) \(byColumn)"
    }
  }

  static let products = [
    Product(m: 1, n: 1, k: 1, leftIsSigned: false, rightIsSigned: true),
    Product(m: 3, n: 50, k: 7, leftIsSigned: false, rightIsSigned: true),
    Product(m: 70, n: 101, k: 33, leftIsSigned: true, rightIsSigned: true),
    Product(m: 9, n: 17, k: 64, leftIsSigned: true, rightIsSigned: false, byColumn: true),
    Product(m: 13, n: 49, k: 5, leftIsSigned: false, rightIsSigned: false, byRow: true),
    Product(
      m: 5, n: 20, k: 12, leftIsSigned: false, rightIsSigned: true, byRow: true, byColumn: true),
  ]

  @Test(arguments: variants.indices, products)
  func matrixProductsAreExact(_ index: Int, _ product: Product) {
    let (m, n, k) = (product.m, product.n, product.k)
    var random = SeededGenerator(seed: UInt64(m * n + k))
    let (a, b) = (Self.bytes(m * k, &random), Self.bytes(k * n, &random))
    let aZeros = (0..<(product.byRow ? m : 1)).map { _ in Int32.random(in: 0...100, using: &random)
    }
    let bZeros = (0..<(product.byColumn ? n : 1)).map { _ in
      Int32.random(in: -5...100, using: &random)
    }
    let bias = (0..<n).map { _ in Int32.random(in: -1000...1000, using: &random) }
    var result = [Int32](repeating: .min, count: m * n)
    Self.variants[index].asCurrent {
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          guard let left = a.baseAddress, let right = b.baseAddress else { return }
          let matrix = QuantizedMatrix(
            right, rows: k, columns: n, strides: (n, 1), isSigned: product.rightIsSigned)
          result.withUnsafeMutableBufferPointer { result in
            guard let target = result.baseAddress else { return }
            matrix.run(
              .init(bytes: left, rows: m, isSigned: product.leftIsSigned, zeros: aZeros),
              zeros: bZeros, bias: bias
            ) { row, column, count, sums, added in
              for own in 0..<count { target[row * n + column + own] = sums[own] + added[own] }
            }
          }
        }
      }
    }
    for row in 0..<m {
      for column in 0..<n {
        var sum = bias[column]
        for step in 0..<k {
          sum +=
            (Self.whole(a[row * k + step], isSigned: product.leftIsSigned)
              - aZeros[product.byRow ? row : 0])
            * (Self.whole(b[step * n + column], isSigned: product.rightIsSigned)
              - bZeros[product.byColumn ? column : 0])
        }
        #expect(result[row * n + column] == sum)
      }
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var inputs: Int, outputs: Int, groups = 1, height: Int, width: Int
    var kernel = 3, stride = 1, dilation = 1, padding = 1
    var inputIsSigned = false, weightsAreSigned = true, zeros: [Int32] = [0]
    var testDescription: String {
      "\(inputs)→\(outputs)/\(groups) \(height)×\(width) \(kernel) \(stride) \(dilation)"
    }
  }

  static let cases = [
    Case(inputs: 3, outputs: 5, height: 7, width: 9),
    Case(inputs: 8, outputs: 16, height: 12, width: 70, kernel: 1, padding: 0),
    Case(inputs: 6, outputs: 6, groups: 6, height: 10, width: 11, inputIsSigned: true),
    Case(inputs: 10, outputs: 4, groups: 2, height: 9, width: 33, stride: 2),
    Case(inputs: 5, outputs: 9, height: 20, width: 13, kernel: 3, dilation: 2, padding: 2),
    Case(inputs: 4, outputs: 3, height: 6, width: 8, weightsAreSigned: false, zeros: [130]),
    Case(
      inputs: 7, outputs: 3, height: 6, width: 8, kernel: 2, stride: 2, padding: 0,
      inputIsSigned: true, zeros: [3, 0, -4]),
    Case(inputs: 1, outputs: 1, height: 1, width: 1),
    Case(inputs: 20, outputs: 40, height: 40, width: 300, kernel: 3),
  ]

  @Test(arguments: variants.indices, cases)
  func convolutionsAreExact(_ index: Int, _ own: Case) throws {
    var random = SeededGenerator(seed: UInt64(own.inputs * own.width))
    let (batch, depth) = (2, own.inputs / own.groups)
    let x = Self.bytes(batch * own.inputs * own.height * own.width, &random)
    let w = Self.bytes(own.outputs * depth * own.kernel * own.kernel, &random)
    let bias = (0..<own.outputs).map { _ in Int32.random(in: -99...99, using: &random) }
    let inputZero = Int32(own.inputIsSigned ? -7 : 121)
    let axis = WindowAxis(
      taps: own.kernel, stride: own.stride, dilation: own.dilation, before: own.padding,
      after: own.padding)
    let shape = Shape([own.outputs, depth, own.kernel, own.kernel])
    let weights =
      own.weightsAreSigned
      ? Tensor(w.map { Int8(bitPattern: $0) }, shape: shape) : Tensor(w, shape: shape)
    try Self.variants[index].asCurrent {
      let convolution = try QuantizedConvolution(
        weights: weights, zeros: own.zeros, bias: bias, groups: own.groups, vertical: axis,
        horizontal: axis,
        input: .init(
          height: own.height, width: own.width, isSigned: own.inputIsSigned, zero: inputZero))
      let (high, wide) = (convolution.outHeight, convolution.outWidth)
      var result = [Int32](repeating: .min, count: batch * own.outputs * high * wide)
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: convolution.scratchBytes(batch: batch), alignment: 64)
      defer { scratch.deallocate() }
      x.withUnsafeBufferPointer { x in
        result.withUnsafeMutableBufferPointer { result in
          guard let source = x.baseAddress, let target = result.baseAddress else { return }
          convolution.run(input: source, batch: batch, scratch: scratch) {
            plane, place, count, sums in
            (target + plane * high * wide + place).update(from: sums, count: count)
          }
        }
      }
      var differing = 0
      for plane in 0..<batch * own.outputs {
        let (image, output) = (plane / own.outputs, plane % own.outputs)
        let group = output / (own.outputs / own.groups)
        for y in 0..<high {
          for column in 0..<wide {
            var sum = bias[output]
            for channel in 0..<depth {
              let source = (image * own.inputs + group * depth + channel) * own.height
              for i in 0..<own.kernel {
                for j in 0..<own.kernel {
                  let row = y * own.stride - own.padding + i * own.dilation
                  let place = column * own.stride - own.padding + j * own.dilation
                  guard 0..<own.height ~= row, 0..<own.width ~= place else { continue }
                  let weight =
                    Self.whole(
                      w[((output * depth + channel) * own.kernel + i) * own.kernel + j],
                      isSigned: own.weightsAreSigned) - own.zeros[own.zeros.count == 1 ? 0 : output]
                  let value =
                    Self.whole(
                      x[(source + row) * own.width + place], isSigned: own.inputIsSigned)
                    - inputZero
                  sum += weight * value
                }
              }
            }
            if result[(plane * high + y) * wide + column] != sum { differing += 1 }
          }
        }
      }
      #expect(differing == 0)
    }
  }

  /// Ties go to even, and nothing leaves the range.
  @Test(arguments: variants.indices) func requantizes(_ index: Int) {
    Self.variants[index].asCurrent {
      let sums: [Int32] = [0, 1, 2, 3, 5, -1, -3, 1000, -1000, .max, .min]
      var result = [UInt8](repeating: 7, count: sums.count)
      let half = Requantization(scales: [0.5], zero: 10, low: 0, high: 200)
      half.withWriter { $0.store(sums, count: sums.count, channel: 0, to: &result) }
      #expect(result == [10, 10, 11, 12, 12, 10, 8, 200, 0, 200, 0])
      let signed = Requantization(scales: [0.5], zero: 0, low: -128, high: 127)
      signed.withWriter { $0.store(sums, count: sums.count, channel: 0, to: &result) }
      #expect(
        result.map { Int8(bitPattern: $0) } == [0, 0, 1, 2, 2, 0, -2, 127, -128, 127, -128])
    }
  }
}
