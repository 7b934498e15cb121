// Tests of Tensors: dense copies of views, joining, cutting, padding, gathering.

import TestSupport
import Tensors
import Testing

@Suite struct CopyingTests {
  @Test(
    arguments: [
      ([2, 3, 4], [2, 0, 1]), ([70, 90], [1, 0]), ([3, 65, 130], [0, 2, 1]),
      ([5, 4, 3, 2], [3, 1, 0, 2]),
      ([200, 33, 17], [1, 0, 2]), ([1, 7, 1, 9], [3, 2, 1, 0]), ([16, 16], [1, 0]),
      // Pixels from channels and back: elements of a few rows in turn, and every second element.
      ([3, 2, 2, 5, 37], [0, 3, 1, 4, 2]), ([2, 3, 4, 9, 20], [0, 3, 1, 4, 2]),
      ([3, 5, 2, 37, 2], [0, 2, 4, 1, 3]), ([4, 6, 3, 40, 3], [0, 4, 2, 1, 3]), ([90, 2], [1, 0]),
      // Patches to planes and back, channels before and behind; runs of odd lengths.
      ([5, 67, 9, 4, 4], [2, 0, 3, 1, 4]), ([3, 33, 5, 2, 2], [2, 0, 3, 1, 4]),
      ([2, 19, 7, 3, 3], [2, 0, 3, 1, 4]), ([4, 21, 6, 8, 8], [2, 0, 3, 1, 4]),
      ([5, 70, 4, 4, 23], [4, 0, 2, 1, 3]), ([61, 3, 4, 9, 4], [1, 3, 0, 2, 4]),
      ([61, 3, 4, 9, 4], [1, 3, 2, 4, 0]), ([2, 3, 5, 4, 2, 4, 4], [3, 0, 4, 1, 5, 2, 6]),
      ([40, 50, 7], [1, 0, 2]), ([9, 300, 11], [1, 0, 2]), ([6, 4, 5, 17], [2, 1, 0, 3]),
      // Rows of the copy that are a page apart, and short ones.
      ([512, 40], [1, 0]), ([2, 16, 64, 24], [0, 3, 1, 2]), ([3, 40, 20, 9], [0, 3, 1, 2]),
    ] as [(Shape, [Int])])
  func transpositionsAreCopied(shape: Shape, order: [Int]) throws {
    let values = (0..<shape.count).map { Int32($0) }
    let x = Tensor(values, shape: shape)
    for variant in KernelVariant.all {
      try variant.asCurrent {
        for type in [ElementType.int32, .float64, .int16, .uint8] {
          let dense = try x.converted(to: type).transposed(order).copied()
          let expected = transposed(x.converted(to: type).converted(to: .int32), order)
          #expect(dense.converted(to: .int32).elements(as: Int32.self) == expected)
        }
      }
    }
  }

  @Test func slicesAndBroadcastsAreCopied() throws {
    let x = Tensor((0..<60).map { Float($0) }, shape: [3, 4, 5])
    let part = x.sliced(2, 0..<5, step: 2).sliced(0, 1..<3).copied()
    #expect(part.elements(as: Float.self)[0..<4] == [20, 22, 24, 25])
    let wide = try x.sliced(1, 2..<3).broadcast(to: [2, 3, 4, 5]).copied()
    #expect(wide.elements(as: Float.self)[65] == 10)
    #expect(try Tensor(zeros: [0, 3]).transposed([1, 0]).copied().count == 0)
  }

  @Test(arguments: [1, 2, 3, 5, 8, 13, 16, 31, 64, 100])
  func shortRunsAreCopiedFromWhereverTheyLie(length: Int) throws {
    let x = Tensor((0..<6 * 130 * 110).map { Int32($0) }, shape: [6, 130, 110])
    let columns = x.sliced(2, 3..<3 + length)
    let expected = (0..<6 * 130).flatMap { line in (3..<3 + length).map { Int32(line * 110 + $0) } }
    for variant in KernelVariant.all {
      try variant.asCurrent {
        #expect(columns.copied().elements(as: Int32.self) == expected)
        let turned = try columns.sliced(1, 1..<130, step: 3).transposed([1, 0, 2])
        let places = stride(from: 1, to: 130, by: 3).flatMap { line in
          (0..<6).flatMap { plane in (3..<3 + length).map { (plane * 130 + line) * 110 + $0 } }
        }
        #expect(turned.copied().elements(as: Int32.self) == places.map { Int32($0) })
        let repeated = try columns.sliced(0, 2..<3).broadcast(to: [4, 130, length]).copied()
        let once = Array(expected[2 * 130 * length..<3 * 130 * length])
        #expect(repeated.elements(as: Int32.self) == once + once + once + once)
      }
    }
  }

  @Test func joinedPiecesAreCutAgain() throws {
    let a = Tensor((0..<12).map { Int64($0) }, shape: [2, 3, 2])
    let b = Tensor((12..<20).map { Int64($0) }, shape: [2, 2, 2])
    let joined = try Tensor.concatenated([a, b, a], axis: 1)
    #expect(joined.shape == [2, 8, 2])
    let pieces = try joined.split(axis: 1, lengths: [3, 2, 3])
    #expect(pieces[0].elements(as: Int64.self) == a.elements(as: Int64.self))
    #expect(pieces[1].elements(as: Int64.self) == b.elements(as: Int64.self))
    #expect(pieces[2].elements(as: Int64.self) == a.elements(as: Int64.self))
    #expect(throws: TensorError.self) { try joined.split(axis: 1, lengths: [3, 3]) }
    #expect(throws: TensorError.self) { try joined.split(axis: 1, lengths: [9, -1]) }
    #expect(throws: TensorError.self) { try Tensor.concatenated([a, b], axis: 0) }
    #expect(throws: TensorError.self) { try Tensor.concatenated([], axis: 0) }
    #expect(throws: TensorError.self) {
      try Tensor.concatenated([a, b.converted(to: .int32)], axis: 1)
    }
    let large = Tensor((0..<400_000).map { Float($0) }, shape: [2, 200_000])
    let twice = try Tensor.concatenated([large, large], axis: 1).elements(as: Float.self)
    #expect(twice[199_999] == 199_999 && twice[200_000] == 0 && twice[799_999] == 399_999)
  }

  @Test func paddingTakesWhatItsModeSays() throws {
    let x = Tensor([Int32](arrayLiteral: 1, 2, 3), shape: [3])
    func pad(_ mode: PaddingMode, _ before: Int = 2, _ after: Int = 4) throws -> [Int32] {
      try x.padded(before: [before], after: [after], mode: mode).elements()
    }
    #expect(try pad(.constant) == [0, 0, 1, 2, 3, 0, 0, 0, 0])
    #expect(try pad(.edge) == [1, 1, 1, 2, 3, 3, 3, 3, 3])
    #expect(try pad(.reflect) == [3, 2, 1, 2, 3, 2, 1, 2, 3])
    #expect(try pad(.wrap) == [2, 3, 1, 2, 3, 1, 2, 3, 1])
    #expect(try pad(.constant, -1, 1) == [2, 3, 0])
    let plane = Tensor((1...6).map { Float($0) }, shape: [2, 3])
    let framed = try plane.padded(before: [1, 1], after: [0, 1], value: Tensor(Float(9)))
    #expect(framed.shape == [3, 5])
    #expect(framed.elements(as: Float.self) == [9, 9, 9, 9, 9, 9, 1, 2, 3, 9, 9, 4, 5, 6, 9])
    #expect(throws: TensorError.self) { try plane.padded(before: [1], after: [1]) }
    #expect(throws: TensorError.self) { try plane.padded(before: [-3, 0], after: [0, 0]) }
    #expect(throws: TensorError.self) { try plane.padded(before: [.min, 0], after: [.max, 0]) }
    #expect(throws: TensorError.self) {
      try Tensor(zeros: [0]).padded(before: [1], after: [0], mode: .edge)
    }
  }

  @Test func gatheringTakesBlocks() throws {
    let x = Tensor((0..<24).map { Float($0) }, shape: [2, 3, 4])
    let rows = try x.gathered([2, 0], shape: [2], axis: 1)
    #expect(rows.shape == [2, 2, 4])
    #expect(rows.elements(as: Float.self)[0..<5] == [8, 9, 10, 11, 0])
    #expect(
      try x.gathered([3], shape: [], axis: 2).elements()
        == [Float](arrayLiteral: 3, 7, 11, 15, 19, 23))
    #expect(throws: TensorError.self) { try x.gathered([3], shape: [1], axis: 1) }
    #expect(throws: TensorError.self) { try x.gathered([-1], shape: [1], axis: 1) }
  }

  private func transposed(_ x: Tensor, _ order: [Int]) -> [Int32] {
    let values = x.elements(as: Int32.self)
    let shape = Shape(order.map { x.shape[$0] })
    let strides = x.shape.rowMajorStrides
    return (0..<x.count).map { index in
      var (rest, place) = (index, 0)
      for axis in order.indices.reversed() {
        place += rest % shape[axis] * strides[order[axis]]
        rest /= shape[axis]
      }
      return values[place]
    }
  }
}
