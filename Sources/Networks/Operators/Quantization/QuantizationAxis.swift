// Room: Networks. Scales and zero points: one for all, by channel, or by block.

internal import Tensors

/// Which scale belongs to which element.
struct QuantizationAxis: Sendable {
  private let stride: Int
  private let length: Int
  private let block: Int
  private let isScalar: Bool
  private let scaleLength: Int

  init(_ shape: Shape, scale: Shape, axis: Int, block: Int) throws {
    isScalar = scale.count == 1 && block == 0
    if isScalar {
      (stride, length, self.block, scaleLength) = (1, 1, 1, 1)
      return
    }
    let place = try Checked.axis(axis, rank: shape.rank)
    stride = shape.dimensions[(place + 1)...].reduce(1, *)
    length = shape[place]
    if block == 0 {
      guard scale.dimensions == [shape[place]] else {
        throw OperatorFault.invalid("scales of shape \(scale) do not fit axis \(axis) of \(shape)")
      }
      self.block = 0
      scaleLength = length
    } else {
      guard block > 0 else { throw OperatorFault.invalid("a block size of \(block)") }
      var wanted = shape.dimensions
      // A block may be said to be as long as an integer can be.
      wanted[place] = shape[place] / block + (shape[place] % block == 0 ? 0 : 1)
      guard scale.dimensions == wanted else {
        throw OperatorFault.invalid("scales of shape \(scale) are not \(wanted)")
      }
      self.block = block
      scaleLength = wanted[place]
    }
  }

  @inline(__always)
  func scaleIndex(_ index: Int) -> Int {
    if isScalar { return 0 }
    let position = index / stride % length
    if block == 0 { return position }
    return (index / (stride * length) * scaleLength + position / block) * stride + index % stride
  }
}

extension QuantizationAxis {
  /// Calls `body` for runs of elements inside `range` whose scales are one and the same (a step of
  /// 0) or follow each other (a step of 1): where the run starts, how long it is, its first scale.
  @inline(__always)
  func forEachRun(
    in range: Range<Int>, _ body: (_ start: Int, _ count: Int, _ scale: Int, _ step: Int) -> Void
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      var (count, scale, step) = (range.upperBound - index, 0, 0)
      if isScalar {
      } else if stride > 1 {
        count = min(count, stride - index % stride)
        scale = scaleIndex(index)
        step = block == 0 ? 0 : 1
      } else if block == 0 {
        count = min(count, length - index % length)
        scale = index % length
        step = 1
      } else {
        let position = index % length
        count = min(count, length - position, block - position % block)
        scale = scaleIndex(index)
      }
      body(index, count, scale, step)
      index += count
    }
  }
}

/// The range of values that an integer type holds.
extension ElementType {
  var integerRange: ClosedRange<Double>? {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int32: -2_147_483_648...2_147_483_647
    case .int4: -8...7
    case .uint4: 0...15
    case .int2: -2...1
    case .uint2: 0...3
    default: nil
    }
  }
}
