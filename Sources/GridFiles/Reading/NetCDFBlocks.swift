// Room: GridFiles. Cuts a box into blocks that follow the chunks in which the file stores a variable.

/// The blocks of a box, in row-major order: every element of the box is in one of them.
///
/// Blocks end where the file's chunks end, so that reading them one by one decompresses each chunk once.
public struct NetCDFBlocks: Sequence, Sendable {
  /// The box that is cut.
  public let box: NetCDFBox
  /// The most elements that a block takes along each dimension.
  public let blockShape: [Int]
  private let chunks: [Int]

  /// Cuts `box` of a variable stored in chunks of shape `chunks` (empty: contiguous) into blocks that span
  /// at most `elements` elements, or one chunk where that is more.
  init(_ box: NetCDFBox, chunks: [Int], elements: Int) {
    self.box = box
    let rank = box.count.count
    let isChunked = chunks.count == rank && chunks.allSatisfy { $0 > 0 }
    let chunks = isChunked ? chunks : [Int](repeating: 1, count: rank)
    self.chunks = chunks
    // A chunk that the box only touches counts with what it has of the box.
    var shape = (0..<rank).map { Swift.min(chunks[$0], Swift.max(box.span($0), 1)) }
    for axis in (0..<rank).reversed() {
      let rest = checkedProduct(shape.enumerated().map { $0.offset == axis ? 1 : $0.element })
      let room = Swift.max(elements, 1) / Swift.max(rest ?? .max, 1)
      let span = box.span(axis)
      // Elements far apart are read one by one: what lies between them would be read in vain.
      if axis < rank - 1, box.stride[axis] > 1, box.stride[axis] >= chunks[axis] {
        shape[axis] = 1
        break
      }
      if room >= span {
        shape[axis] = Swift.max(span, 1)
        continue
      }
      shape[axis] = Swift.max(chunks[axis], room / chunks[axis] * chunks[axis])
      break
    }
    blockShape = shape
  }

  /// Goes through the blocks.
  public func makeIterator() -> Iterator { Iterator(self) }

  /// Goes through the blocks in row-major order.
  public struct Iterator: IteratorProtocol, Sendable {
    private let blocks: NetCDFBlocks
    /// The first element of the next block along each dimension, counted within the box; nil at the end.
    private var place: [Int]?

    init(_ blocks: NetCDFBlocks) {
      self.blocks = blocks
      let isEmpty = blocks.box.count.contains { $0 <= 0 }
      place = isEmpty ? nil : [Int](repeating: 0, count: blocks.box.count.count)
    }

    /// The next block, in indices of the variable.
    public mutating func next() -> NetCDFBox? { nextWithPlace()?.block }

    /// The next block and where in the box it begins.
    mutating func nextWithPlace() -> (block: NetCDFBox, place: [Int])? {
      guard let place else { return nil }
      let box = blocks.box
      var block = box
      for axis in place.indices {
        block.start[axis] = box.start[axis] + place[axis] * box.stride[axis]
        block.count[axis] = blocks.length(along: axis, from: place[axis])
      }
      var next = place
      for axis in place.indices.reversed() {
        next[axis] += block.count[axis]
        if next[axis] < box.count[axis] {
          self.place = next
          return (block, place)
        }
        next[axis] = 0
      }
      self.place = nil
      return (block, place)
    }
  }

  /// How many elements from `place` on lie in one block.
  private func length(along axis: Int, from place: Int) -> Int {
    let (stride, left) = (box.stride[axis], box.count[axis] - place)
    let first = box.start[axis] + place * stride
    // The block ends with a chunk; the first may begin inside one.
    let (aligned, overflow) = (first - first % chunks[axis]).addingReportingOverflow(
      blockShape[axis])
    let end = overflow ? Int.max : Swift.max(aligned, first + 1)
    return Swift.min(left, (end - first - 1) / stride + 1)
  }
}

extension NetCDFVariable {
  /// Cuts `box`, or all of the variable, into blocks that follow the chunks of the file and take at most
  /// `bytes` each as single-precision numbers (or one chunk, where that is more).
  ///
  /// Use it to go through more than fits into memory: `for block in variable.blocks() { … }`, each
  /// read with `NetCDFFile.floats(of:in:)`. Blocks come in row-major order of the box.
  public func blocks(in box: NetCDFBox? = nil, within bytes: Int = 32 << 20) -> NetCDFBlocks {
    NetCDFBlocks(box ?? self.box, chunks: storage.chunkShape, elements: bytes / 4)
  }
}
