// Room: GridFiles. A part of a variable: where it starts, how far it goes, and which elements it takes.

/// A part of a variable, with one entry for each dimension, slowest first.
public struct NetCDFBox: Sendable, Hashable {
  /// The first index along each dimension.
  public var start: [Int]
  /// The number of elements taken along each dimension.
  public var count: [Int]
  /// The distance between elements taken, 1 or more.
  public var stride: [Int]

  /// Makes a box; `stride` nil takes every element.
  public init(start: [Int], count: [Int], stride: [Int]? = nil) {
    self.start = start
    self.count = count
    self.stride = stride ?? [Int](repeating: 1, count: start.count)
  }

  /// All of a variable of this shape.
  public init(all shape: [Int]) {
    self.init(start: [Int](repeating: 0, count: shape.count), count: shape)
  }

  /// The number of elements, or nil where it overflows.
  public var elements: Int? { checkedProduct(count) }

  /// Whether every element between the first and the last is taken.
  var isDense: Bool { zip(stride, count).allSatisfy { $0 == 1 || $1 <= 1 } }

  /// The elements along `axis` from the first to the last, taken or not.
  func span(_ axis: Int) -> Int {
    count[axis] == 0 ? 0 : (count[axis] - 1) * stride[axis] + 1
  }
}

extension NetCDFVariable {
  /// All of the variable.
  public var box: NetCDFBox { NetCDFBox(all: shape) }

  /// Says what is wrong with `box` as a part of this variable, or nil.
  func complaint(about box: NetCDFBox) -> String? {
    let shape = shape
    guard box.start.count == shape.count, box.count.count == shape.count,
      box.stride.count == shape.count
    else {
      let given = [box.start.count, box.count.count, box.stride.count]
      let wrong = given.first { $0 != shape.count } ?? shape.count
      return "has \(shape.count) dimensions, not \(wrong); give one range each"
    }
    for axis in shape.indices {
      let (start, count, stride) = (box.start[axis], box.count[axis], box.stride[axis])
      let (reach, overflow) = max(count - 1, 0).multipliedReportingOverflow(by: stride)
      let isInside =
        start >= 0 && count >= 0 && stride > 0 && !overflow && start <= shape[axis]
        && (count == 0 || reach < shape[axis] - start)
      guard isInside else {
        let step = stride == 1 ? "" : " in steps of \(stride)"
        return "has \(shape[axis]) elements along '\(dimensions[axis].name)', "
          + "asked for \(count) from \(start)\(step); read less"
      }
    }
    return nil
  }
}
