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

  /// Turns the place along `axis` that each element of `shape` has into its number in a tensor of
  /// `strides`.
  static func turnIntoOffsets(
    _ places: inout [Int], in shape: [Int], strides: [Int], axis: Int
  ) {
    guard let last = shape.indices.last, let length = shape.last, length > 0 else {
      for index in places.indices { places[index] *= strides.first ?? 1 }
      return
    }
    let step = strides[axis]
    let inner = axis == last ? 0 : strides[last]
    var position = [Int](repeating: 0, count: last)
    var base = 0
    places.withUnsafeMutableBufferPointer { places in
      for start in stride(from: 0, to: places.count, by: length) {
        for index in 0..<length {
          places[start + index] = base &+ places[start + index] &* step &+ index &* inner
        }
        for outer in stride(from: last - 1, through: 0, by: -1) {
          position[outer] += 1
          let own = outer == axis ? 0 : strides[outer]
          base += own
          if position[outer] < shape[outer] { break }
          base -= shape[outer] * own
          position[outer] = 0
        }
      }
    }
  }
}
