// Room: Tensors. Copies that pick along dimensions: padding, gathering.

/// What padding beyond a tensor's ends holds.
public enum PaddingMode: Sendable, Hashable {
  /// One value: the tensor's own type's zero unless another is given.
  case constant
  /// The outermost values, repeated.
  case edge
  /// The values mirrored about the outermost, which is not repeated.
  case reflect
  /// The values from the other end.
  case wrap
}

extension Tensor {
  /// The tensor with more (or, where negative, fewer) elements before and after each dimension.
  ///
  /// **Throws** `shapeMismatch` when the numbers do not fit the dimensions or a mode has nothing to
  /// repeat; `elementTypeMismatch` when `value` is not one element of this type.
  /// **Source**: ONNX `Pad`.
  public func padded(
    before: [Int], after: [Int], mode: PaddingMode = .constant, value: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    guard before.count == shape.rank, after.count == shape.rank else {
      throw TensorError(
        .shapeMismatch, "padding \(before) and \(after) for \(shape): one number each a dimension")
    }
    guard value.map({ $0.elementType == elementType && $0.count == 1 }) ?? true else {
      throw TensorError(
        .elementTypeMismatch, "padding value for \(elementType.rawValue): it must be one of these")
    }
    var maps: [[Int]] = []
    for axis in 0..<shape.rank {
      let length = shape[axis]
      let (lead, trail) = (before[axis], after[axis])
      guard lead.magnitude < 1 << 40, trail.magnitude < 1 << 40,
        length + lead + trail >= 0
      else {
        throw TensorError(
          .shapeMismatch, "padding \(lead) and \(trail) of a length of \(length) leaves nothing")
      }
      guard mode == .constant || length > 0 || lead + trail <= 0 else {
        throw TensorError(
          .shapeMismatch, "padding \(shape) by its own values: dimension \(axis) has none")
      }
      _ = try Shape(checking: [length + lead + trail])
      maps.append(
        (0..<length + lead + trail).map { Self.source($0 - lead, length, mode) })
    }
    return try picked(maps, fill: value)
  }

  /// Where padding takes position `index` of a dimension from; -1 for the constant.
  private static func source(_ index: Int, _ length: Int, _ mode: PaddingMode) -> Int {
    if index >= 0, index < length { return index }
    switch mode {
    case .constant: return -1
    case .edge: return index < 0 ? 0 : length - 1
    case .wrap: return (index % length + length) % length
    case .reflect:
      let period = max(2 * (length - 1), 1)
      let place = (index % period + period) % period
      return place < length ? place : period - place
    }
  }

  /// The elements at `indices` along dimension `axis`, which must lie within it; the axis is replaced
  /// by `indicesShape`.
  ///
  /// **Throws** `shapeMismatch` for an index outside or an axis that is not there.
  /// **Source**: ONNX `Gather`.
  public func gathered(
    _ indices: [Int], shape indicesShape: Shape, axis: Int
  ) throws(TensorError) -> Tensor {
    guard axis >= 0, axis < shape.rank, indices.count == indicesShape.count else {
      throw TensorError(.shapeMismatch, "gathering along dimension \(axis) of \(shape)")
    }
    let length = shape[axis]
    if let wrong = indices.first(where: { $0 < 0 || $0 >= length }) {
      throw TensorError(
        .shapeMismatch, "index \(wrong) is outside dimension \(axis) of \(shape)")
    }
    var lengths = shape.dimensions
    lengths.replaceSubrange(axis...axis, with: indicesShape.dimensions)
    let output = Tensor(uninitialized: try Shape(checking: lengths), elementType)
    guard output.count > 0 else { return output }
    let block = shape.dimensions[(axis + 1)...].reduce(1, *) * elementType.byteWidth
    let outer = shape.dimensions[..<axis].reduce(1, *)
    let target = output.storage.base
    withBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      let blocks = outer * indices.count
      ThreadPool.current.forEachRange(
        blocks, grain: max(1, (1 << 16) / max(block, 1)),
        nanosecondsPerItem: 5 + Double(block) * 0.1
      ) { range in
        for item in range {
          let row = item / indices.count * length + indices[item % indices.count]
          (target + item * block).copyMemory(from: source + row * block, byteCount: block)
        }
      }
    }
    return output
  }

  /// The elements that `maps` names along each dimension; -1 stands for `fill`.
  private func picked(_ maps: [[Int]], fill: Tensor?) throws(TensorError) -> Tensor {
    let output = Tensor(uninitialized: try Shape(checking: maps.map(\.count)), elementType)
    guard output.count > 0 else { return output }
    let zero = fill ?? Tensor(zeros: .scalar, elementType)
    switch elementType.byteWidth {
    case 1: pick(UInt8.self, maps, zero, output)
    case 2: pick(UInt16.self, maps, zero, output)
    case 4: pick(UInt32.self, maps, zero, output)
    default: pick(UInt64.self, maps, zero, output)
    }
    return output
  }

  private func pick<Bits: FixedWidthInteger>(
    _: Bits.Type, _ maps: [[Int]], _ fill: Tensor, _ output: Tensor
  ) {
    let dense = contiguous()
    let source = dense.storage.base.assumingMemoryBound(to: Bits.self) + dense.offset
    let target = output.storage.base.assumingMemoryBound(to: Bits.self)
    let value = fill.storage.base.assumingMemoryBound(to: Bits.self)[fill.offset]
    let inner = maps.last ?? [0]
    let rows = output.count / inner.count
    // The run of neighbours in the middle of a row is copied as one block.
    let run = Run(inner)
    let strides = shape.rowMajorStrides
    ThreadPool.current.forEachRange(
      rows, grain: max(1, (1 << 14) / inner.count), nanosecondsPerItem: Double(inner.count) * 0.4
    ) { range in
      for row in range {
        var (rest, place) = (row, 0)
        var isFill = false
        for axis in stride(from: maps.count - 2, through: 0, by: -1) {
          let own = maps[axis][rest % maps[axis].count]
          isFill = isFill || own < 0
          place += own * strides[axis]
          rest /= maps[axis].count
        }
        let line = target + row * inner.count
        if isFill {
          line.update(repeating: value, count: inner.count)
          continue
        }
        for i in 0..<run.start { line[i] = inner[i] < 0 ? value : source[place + inner[i]] }
        if run.length > 0 {
          (line + run.start).update(from: source + place + inner[run.start], count: run.length)
        }
        for i in run.start + run.length..<inner.count {
          line[i] = inner[i] < 0 ? value : source[place + inner[i]]
        }
      }
    }
    withExtendedLifetime((dense.storage, output.storage, fill.storage)) {}
  }

  /// The longest run of neighbours in a map.
  private struct Run {
    var start = 0, length = 0

    init(_ map: [Int]) {
      var first = 0
      for index in map.indices {
        if map[index] < 0 {
          first = index + 1
        } else if index > first, map[index] != map[index - 1] + 1 {
          first = index
        }
        if index + 1 - first > length { (start, length) = (first, index + 1 - first) }
      }
    }
  }
}
