// Room: GridFiles. From the chunks of a Zarr array to the elements of a box, and the chunks kept for later.

import Synchronization

/// The part of a chunk that lies in a box.
struct ZarrChunkPart {
  let index: [Int]
  private let first: [Int]
  private let count: [Int]
  private let chunkSteps: [Int]
  private let boxSteps: [Int]
  private let boxFirst: [Int]

  /// The part of chunk `index` in `box`, which touches it.
  init(index: [Int], array: ZarrArray, box: NetCDFBox) {
    self.index = index
    let rank = index.count
    let origin = (0..<rank).map { index[$0] * array.chunks[$0] }
    let start = (0..<rank).map { max(origin[$0], box.start[$0]) }
    let end = (0..<rank).map {
      min(origin[$0] + array.chunks[$0], box.start[$0] + box.count[$0])
    }
    first = (0..<rank).map { start[$0] - origin[$0] }
    boxFirst = (0..<rank).map { start[$0] - box.start[$0] }
    count = (0..<rank).map { end[$0] - start[$0] }
    var chunkSteps = [Int](repeating: 1, count: rank)
    var boxSteps = chunkSteps
    for axis in (0..<rank).reversed() where axis + 1 < rank {
      boxSteps[axis] = boxSteps[axis + 1] * box.count[axis + 1]
      chunkSteps[axis] = chunkSteps[axis + 1] * array.chunks[axis + 1]
    }
    if array.isColumnMajor {
      for axis in 0..<rank {
        chunkSteps[axis] = array.chunks[..<axis].reduce(1, *)
      }
    }
    self.chunkSteps = chunkSteps
    self.boxSteps = boxSteps
  }

  /// Goes through the rows: the first element in the chunk, the distance between elements there, their
  /// number, and the place of the first in the box.
  func eachRow(_ body: (_ from: Int, _ step: Int, _ count: Int, _ to: Int) -> Void) {
    let rank = count.count
    guard rank > 0 else { return body(0, 1, 1, 0) }
    var place = [Int](repeating: 0, count: rank)
    while true {
      let from = (0..<rank).reduce(0) { $0 + (first[$1] + place[$1]) * chunkSteps[$1] }
      let to = (0..<rank).reduce(0) { $0 + (boxFirst[$1] + place[$1]) * boxSteps[$1] }
      body(from, chunkSteps[rank - 1], count[rank - 1], to)
      var axis = rank - 2
      while axis >= 0 {
        place[axis] += 1
        if place[axis] < count[axis] { break }
        place[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

extension ZarrArray.Element {
  /// Copies elements that lie `step` bytes apart into a row, in this machine's byte order.
  func copy(
    _ source: UnsafeRawPointer, step: Int, count: Int, to target: UnsafeMutableRawPointer
  ) {
    func move<T: FixedWidthInteger>(_ type: T.Type, _ isSwapped: Bool) {
      for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: index * step, as: T.self)
        target.storeBytes(
          of: isSwapped ? value.byteSwapped : value, toByteOffset: index * MemoryLayout<T>.size,
          as: T.self)
      }
    }
    switch self {
    case .plain(_, let size, false) where size == step:
      target.copyMemory(from: source, byteCount: count * size)
    case .plain(_, 1, _): move(UInt8.self, false)
    case .plain(_, 2, let isSwapped): move(UInt16.self, isSwapped)
    case .plain(_, 4, let isSwapped): move(UInt32.self, isSwapped)
    case .plain(_, _, let isSwapped): move(UInt64.self, isSwapped)
    case .half(let isSwapped):
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index * step, as: UInt16.self)
        let value = ZarrArray.Element.single(half: isSwapped ? bits.byteSwapped : bits)
        target.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
      }
    case .bytes, .unicode, .texts: break
    }
  }

  /// The number that half-precision `bits` stand for.
  private static func single(half bits: UInt16) -> Float {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Float(bits & 1023))
    let magnitude: Float =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
      }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }

  /// The text in the bytes of one element.
  func text(_ bytes: ArraySlice<UInt8>) -> String {
    guard case .unicode(let count, let isSwapped) = self else { return TextDecoder.text(bytes) }
    let all = Array(bytes)
    var text = String.UnicodeScalarView()
    for index in 0..<count {
      let value = UInt32(truncatingIfNeeded: littleEndian(all, at: 4 * index))
      let unit = isSwapped ? value.byteSwapped : value
      if unit == 0 { break }
      text.append(Unicode.Scalar(unit) ?? "\u{FFFD}")
    }
    return String(text)
  }
}

/// The chunks unpacked last, so that reads that share chunks do not unpack them again.
final class ZarrChunkCache: Sendable {
  private struct Kept {
    var key: String
    var bytes: [UInt8]
  }

  private static let capacity = 64 << 20
  private let kept = Mutex<[Kept]>([])

  func find(_ key: String) -> [UInt8]? {
    kept.withLock { kept in
      guard let place = kept.lastIndex(where: { $0.key == key }) else { return nil }
      let found = kept.remove(at: place)
      kept.append(found)
      return found.bytes
    }
  }

  func keep(_ key: String, _ bytes: [UInt8]) {
    guard bytes.count <= ZarrChunkCache.capacity else { return }
    kept.withLock { kept in
      kept.append(Kept(key: key, bytes: bytes))
      var total = kept.reduce(0) { $0 + $1.bytes.count }
      while total > ZarrChunkCache.capacity, kept.count > 1 {
        total -= kept.removeFirst().bytes.count
      }
    }
  }
}
