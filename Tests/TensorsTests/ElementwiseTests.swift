// Tests of Tensors: element-wise arithmetic, comparison and conversion with broadcasting.

internal import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct ElementwiseTests {
  static let shapes: [(Shape, Shape)] = [
    ([], []), ([5], []), ([3, 4], [4]), ([2, 3, 4], [3, 1]), ([4, 1, 6], [5, 1]),
    ([2, 16, 33], [1, 16, 1]), ([70_000], [70_000]), ([3, 20_000], [1]), ([0, 4], [4]),
    ([7, 1], [1, 9]),
  ]

  @Test(arguments: shapes)
  func floatsBroadcast(a: Shape, b: Shape) throws {
    var generator = SeededGenerator(seed: 12)
    let x = Tensor(generator.floats(a.count), shape: a)
    let y = Tensor(generator.floats(b.count, in: 0.5...2), shape: b)
    let shape = try a.broadcast(with: b)
    let left = try x.broadcast(to: shape).elements(as: Float.self)
    let right = try y.broadcast(to: shape).elements(as: Float.self)
    let pairs = Array(zip(left, right))
    for variant in KernelVariant.all {
      try variant.asCurrent {
        for operation in BinaryOperation.allCases {
          let result = try x.combined(operation, with: y)
          #expect(result.shape == shape)
          let expected = pairs.map { float(operation, $0, $1) }
          let same = zip(result.elements(as: Float.self), expected).allSatisfy {
            $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= 2 * max(abs($1).ulp, 1e-7)
          }
          #expect(same, "\(operation) \(variant.name)")
        }
        for comparison in Comparison.allCases {
          let result = try x.compared(comparison, with: y).elements(as: Bool.self)
          #expect(result == pairs.map { holds(comparison, $0, $1) }, "\(comparison)")
        }
      }
    }
  }

  @Test func viewsAndTransposedOperandsAreReadInPlace() throws {
    var generator = SeededGenerator(seed: 13)
    let x = Tensor(generator.floats(6 * 50), shape: [6, 50])
    let y = try Tensor(generator.floats(6 * 50), shape: [50, 6]).transposed([1, 0])
    let sum = try x.combined(.add, with: y).elements(as: Float.self)
    let expected = zip(x.elements(as: Float.self), y.elements(as: Float.self)).map { $0 + $1 }
    #expect(sum == expected)
    let column = x.sliced(1, 3..<4)
    let scaled = try x.combined(.multiply, with: column)
    #expect(
      scaled.elements(as: Float.self)[60] == x.elements(as: Float.self)[60]
        * x.elements(as: Float.self)[53])
  }

  @Test func integersWrapAndNeverTrap() throws {
    let a = Tensor([Int8](arrayLiteral: 127, -128, 5, -7, -128), shape: [5])
    let b = Tensor([Int8](arrayLiteral: 1, -1, 0, 3, 127), shape: [5])
    #expect(try a.combined(.add, with: b).elements(as: Int8.self) == [-128, 127, 5, -4, -1])
    #expect(try a.combined(.divide, with: b).elements(as: Int8.self) == [127, -128, 0, -2, -1])
    #expect(try a.combined(.remainder, with: b).elements(as: Int8.self) == [0, 0, 0, 2, 126])
    #expect(
      try a.combined(.truncatedRemainder, with: b).elements(as: Int8.self) == [0, 0, 0, -1, -1])
    #expect(try a.combined(.maximum, with: b).elements(as: Int8.self) == [127, -1, 5, 3, 127])
    let u = Tensor([UInt64](arrayLiteral: 3, .max), shape: [2])
    #expect(try u.combined(.power, with: u).elements(as: UInt64.self) == [27, .max])
  }

  @Test func halfPrecisionIsWidened() throws {
    let a = Tensor([Half(1.5), Half(-2)], shape: [2])
    let sum = try a.combined(.add, with: a)
    #expect(sum.elementType == .float16)
    #expect(sum.elements(as: Half.self).map { Float($0) } == [3, -4])
    #expect(try a.compared(.less, with: Tensor(Half(0))).elements(as: Bool.self) == [false, true])
    let wide = try Tensor([BFloat16(2)], shape: [1]).applying(.square)
    #expect(wide.elements(as: BFloat16.self).map { Float($0) } == [4])
  }

  @Test func mismatchesThrow() throws {
    let a = Tensor(zeros: [2, 3])
    #expect(throws: TensorError.self) { try a.combined(.add, with: Tensor(zeros: [2])) }
    #expect(throws: TensorError.self) { try a.combined(.add, with: Tensor(zeros: [3], .int32)) }
    #expect(throws: TensorError.self) { try a.combined(LogicalOperation.and, with: a) }
    let flags = Tensor(zeros: [3], .bool)
    #expect(throws: TensorError.self) { try flags.combined(.add, with: flags) }
    #expect(throws: TensorError.self) { try flags.applying(.exp) }
    #expect(throws: TensorError.self) { try Tensor(zeros: [1], .int32).applying(.exp) }
  }

  @Test func logicAndChoice() throws {
    let p = Tensor([true, true, false, false], shape: [4])
    let q = Tensor([true, false, true, false], shape: [4])
    #expect(try p.combined(.and, with: q).elements() == [true, false, false, false])
    #expect(try p.combined(.or, with: q).elements() == [true, true, true, false])
    #expect(try p.combined(.exclusiveOr, with: q).elements() == [false, true, true, false])
    #expect(try p.negatedLogically().elements() == [false, false, true, true])
    let a = Tensor([Float](arrayLiteral: 1, 2, 3, 4), shape: [4])
    let chosen = try p.choosing(a, otherwise: Tensor(Float(9)))
    #expect(chosen.elements() == [Float](arrayLiteral: 1, 2, 9, 9))
    let table = try Tensor([true, false], shape: [2, 1]).choosing(a, otherwise: Tensor(Float(0)))
    #expect(table.shape == [2, 4])
  }

  /// The types that hold 100 as it is, or any number as a truth.
  static let roomyTypes = ElementType.allCases.filter {
    $0.byteWidth > 1 || [.int8, .uint8, .bool].contains($0)
  }

  @Test(arguments: roomyTypes)
  func everyTypeConvertsToEveryOther(type: ElementType) {
    let source = Tensor([Float](arrayLiteral: 0, 1, 2, 100), shape: [4])
    let start = source.converted(to: type)
    #expect(start.elementType == type)
    for target in Self.roomyTypes {
      let back = start.converted(to: target).converted(to: .float32).elements(as: Float.self)
      let isFlag = type == .bool || target == .bool
      #expect(back == (isFlag ? [0, 1, 1, 1] : [0, 1, 2, 100]), "\(type) to \(target)")
    }
  }

  @Test func conversionLimitsWhatDoesNotFit() {
    let values: [Float] = [.nan, .infinity, -.infinity, 300, -300, 1.9, -1.9, 1e20]
    let source = Tensor(values, shape: [8])
    #expect(
      source.converted(to: .int8).elements()
        == [Int8](arrayLiteral: 0, 127, -128, 127, -128, 1, -1, 127))
    #expect(
      source.converted(to: .uint8).elements() == [UInt8](arrayLiteral: 0, 255, 0, 255, 0, 1, 0, 255)
    )
    #expect(source.converted(to: .int64).elements(as: Int64.self).last == .max)
    #expect(Tensor([Int32(-1)], shape: [1]).converted(to: .uint8).elements() == [UInt8(255)])
  }

  @Test func halfKernelsAgreeWithHalf() {
    let all = (0...UInt16.max).map { Half(bitPattern: $0) }
    let brains = (0...UInt16.max).map { BFloat16(bitPattern: $0) }
    var generator = SeededGenerator(seed: 14)
    let floats =
      (0..<100_000).map { _ in
        Float(bitPattern: UInt32.random(in: 0...(.max), using: &generator))
      } + (0..<50_000).map { _ in Float.random(in: -1e-4...1e-4, using: &generator) }
    for variant in KernelVariant.all {
      variant.asCurrent {
        let wide = Tensor(all, shape: [65_536]).converted(to: .float32).elements(as: Float.self)
        #expect(zip(wide, all).allSatisfy { $0 == Float($1) || $0.isNaN && Float($1).isNaN })
        let wideBrains = Tensor(brains, shape: [65_536]).converted(to: .float32)
        #expect(
          zip(wideBrains.elements(as: Float.self), brains).allSatisfy {
            $0 == Float($1) || $0.isNaN && Float($1).isNaN
          })
        let source = Tensor(floats, shape: [floats.count])
        let halves = source.converted(to: .float16).elements(as: Half.self)
        #expect(
          zip(halves, floats).allSatisfy {
            $1.isNaN ? Float($0).isNaN : $0 == Half($1)
          }, "\(variant.name)")
        let short = source.converted(to: .bfloat16).elements(as: BFloat16.self)
        #expect(zip(short, floats).allSatisfy { $0 == BFloat16($1) }, "\(variant.name)")
      }
    }
  }

  @Test func bitsDoNotDependOnThreads() throws {
    var generator = SeededGenerator(seed: 15)
    let x = Tensor(generator.floats(300_000), shape: [3, 100_000])
    let one = try ThreadPool(threads: 1).asCurrent { try x.applying(.gelu) }
    let three = try ThreadPool(threads: 3).asCurrent { try x.applying(.gelu) }
    #expect(bits(one) == bits(three))
  }

  private func float(_ operation: BinaryOperation, _ a: Float, _ b: Float) -> Float {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .minimum: min(a, b)
    case .maximum: max(a, b)
    case .power: powf(a, b)
    case .truncatedRemainder: fmodf(a, b)
    case .remainder: a - (Double(a) / Double(b)).rounded(.down).asFloat * b
    }
  }

  private func holds(_ comparison: Comparison, _ a: Float, _ b: Float) -> Bool {
    switch comparison {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}

extension Double {
  fileprivate var asFloat: Float { Float(self) }
}
