// Room: Networks. Reading index tensors: checked once, counted from the front.

internal import Tensors

/// Index tensors as places in memory.
enum IndexedElements {
  /// `indices` along an axis of length `length`, negative ones counted from the end.
  static func places(_ indices: Tensor, length: Int) throws -> [Int] {
    let values = try indices.integerElements(input: 1)
    return try values.map { try GatherOperator.position($0, length: length) }
  }

  /// For each tuple of the last dimension of `indices`, where the slice of `shape` starts, in
  /// elements.
  static func tupleOffsets(_ indices: Tensor, in shape: Shape, from axis: Int = 0) throws -> [Int] {
    let values = try indices.integerElements(input: 1)
    let width = indices.shape[indices.shape.rank - 1]
    let strides = shape.rowMajorStrides
    guard width > 0 else {
      return [Int](repeating: 0, count: indices.shape.dimensions.dropLast().reduce(1, *))
    }
    return try stride(from: 0, to: values.count, by: width).map { start in
      var offset = 0
      for place in 0..<width {
        offset +=
          try GatherOperator.position(values[start + place], length: shape[axis + place])
          * strides[axis + place]
      }
      return offset
    }
  }

  /// The number of element `index` of `shape` in a tensor of `strides`, with `axis` left out.
  @inline(__always)
  static func offset(_ index: Int, in shape: [Int], strides: [Int], without axis: Int) -> Int {
    var rest = index
    var offset = 0
    for place in shape.indices.reversed() {
      let own = rest % shape[place]
      rest /= shape[place]
      if place != axis { offset += own * strides[place] }
    }
    return offset
  }
}
