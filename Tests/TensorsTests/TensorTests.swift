// Tests of Tensors: shapes, values, views and storage.

internal import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct TensorTests {
  @Test func shapesAreChecked() throws {
    #expect(Shape([2, 3, 4]).count == 24)
    #expect(Shape([2, 0, 4]).count == 0)
    #expect(Shape.scalar.count == 1)
    #expect(Shape([2, 3, 4]).rowMajorStrides == [12, 4, 1])
    #expect("\(Shape([2, 3]))" == "[2, 3]")
    #expect(throws: TensorError.self) { try Shape(checking: [2, -1]) }
    #expect(throws: TensorError.self) { try Shape(checking: [.max, 2]) }
    #expect(throws: TensorError.self) { try Shape(checking: [.max, 0, 2]) }
    let wide = try Shape([4, 1, 3]).broadcast(with: [2, 1])
    #expect(wide == [4, 2, 3])
    #expect(throws: TensorError.self) { try Shape([2]).broadcast(with: [3]) }
  }

  @Test func copiesShareStorageUntilOneIsWritten() {
    let a = Tensor([Float](arrayLiteral: 1, 2, 3), shape: [3])
    var b = a
    b.withMutableElements(of: Float.self) { $0[0] = 9 }
    #expect(a.elements() == [Float](arrayLiteral: 1, 2, 3))
    #expect(b.elements() == [Float](arrayLiteral: 9, 2, 3))
  }

  @Test func writingAViewLeavesTheOriginalAlone() throws {
    let a = Tensor([Int32](arrayLiteral: 1, 2, 3, 4), shape: [2, 2])
    var b = try a.transposed([1, 0])
    b.withMutableElements(of: Int32.self) { $0[1] = 0 }
    #expect(b.elements() == [Int32](arrayLiteral: 1, 0, 2, 4))
    #expect(a.elements() == [Int32](arrayLiteral: 1, 2, 3, 4))
  }

  @Test func viewsAreChecked() throws {
    let a = Tensor(zeros: [2, 3, 4])
    #expect(try a.reshaped(to: [6, 4]).shape == [6, 4])
    #expect(throws: TensorError.self) { try a.reshaped(to: [5]) }
    #expect(throws: TensorError.self) { try a.transposed([0, 1]) }
    #expect(throws: TensorError.self) { try a.transposed([0, 1, 1]) }
    #expect(throws: TensorError.self) { try a.broadcast(to: [2, 3, 5]) }
    #expect(throws: TensorError.self) { try a.broadcast(to: [3, 4]) }
    #expect(!(try a.transposed([2, 1, 0])).isContiguous)
    #expect(a.sliced(0, 1..<2).isContiguous)
    #expect(try a.transposed([2, 1, 0]).reshaped(to: [24]).isContiguous)
  }

  @Test func borrowedBytesAreReadInPlaceAndNeverWritten() throws {
    let bytes = NSMutableData(data: Data([0, 0, 128, 63, 0, 0, 0, 64, 1]))
    let raw = UnsafeRawBufferPointer(start: bytes.bytes, count: 8)
    var tensor = try Tensor(borrowing: raw, owner: bytes, elementType: .float32, shape: [2])
    #expect(tensor.elements() == [Float](arrayLiteral: 1, 2))
    #expect(!tensor.storage.isWritable)
    tensor.withMutableElements(of: Float.self) { $0[0] = 5 }
    #expect(bytes.bytes.load(fromByteOffset: 3, as: UInt8.self) == 63)
    #expect(throws: TensorError.self) {
      try Tensor(borrowing: raw, owner: bytes, elementType: .float32, shape: [3])
    }
    let odd = UnsafeRawBufferPointer(start: bytes.bytes + 1, count: 8)
    let copy = try Tensor(borrowing: odd, owner: bytes, elementType: .float32, shape: [2])
    #expect(copy.storage.isWritable)
  }

  @Test func storageIsAligned() {
    for count in [0, 1, 17, 5_000_000] {
      let tensor = Tensor(uninitialized: [count], .float32)
      #expect(UInt(bitPattern: tensor.storage.base) % 64 == 0)
    }
  }

  @Test func everyHalfComesBack() {
    for pattern in UInt16.min...(.max) {
      let half = Half(bitPattern: pattern)
      let value = Float(half)
      if value.isNaN {
        #expect(Float(Half(value)).isNaN)
      } else if Half(value) != half {
        Issue.record("half \(pattern) came back as \(Half(value).bitPattern)")
      }
      let brain = BFloat16(bitPattern: pattern)
      if !Float(brain).isNaN, BFloat16(Float(brain)) != brain {
        Issue.record("bfloat16 \(pattern) came back as \(BFloat16(Float(brain)).bitPattern)")
      }
    }
    #expect(Float(Half(65_520)) == .infinity)
    #expect(Float(Half(65_519)) == 65_504)
    #expect(Float(Half(0x1p-25)) == 0)
    #expect(Float(Half(0x1.8p-25)) == 0x1p-24)
  }
}
