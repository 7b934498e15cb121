// Room: Networks. Windows that slide over spatial dimensions: what convolutions and pools share.

internal import Tensors

/// A sliding window's attributes as a node gives them.
package struct WindowAttributes: Sendable {
  package var kernel: [Int]?
  package var strides: [Int]?
  package var dilations: [Int]?
  package var pads: [Int]?
  package var autoPad: String
  package var roundsUp: Bool

  package init(_ node: NodeDescription) throws {
    kernel = try node.ints("kernel_shape")
    strides = try node.ints("strides")
    dilations = try node.ints("dilations")
    pads = try node.ints("pads")
    autoPad = try node.choice(
      "auto_pad", default: "NOTSET", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    roundsUp = try node.flag("ceil_mode")
  }

  /// The window along each spatial dimension of an input with these spatial lengths.
  package func resolve(spatial: [Int], kernel given: [Int]? = nil) throws -> [Window] {
    let rank = spatial.count
    guard let kernel = given ?? kernel else {
      throw OperatorFault.invalid("attribute 'kernel_shape' is missing")
    }
    let strides = strides ?? [Int](repeating: 1, count: rank)
    let dilations = dilations ?? [Int](repeating: 1, count: rank)
    let pads = pads ?? [Int](repeating: 0, count: 2 * rank)
    guard kernel.count == rank, strides.count == rank, dilations.count == rank,
      pads.count == 2 * rank
    else {
      throw OperatorFault.invalid(
        "kernel \(kernel), strides \(strides), dilations \(dilations) and pads \(pads) do not fit "
          + "\(rank) spatial dimensions")
    }
    let bound = 1 << 31
    guard kernel.allSatisfy({ 1...bound ~= $0 }), strides.allSatisfy({ 1...bound ~= $0 }),
      dilations.allSatisfy({ 1...bound ~= $0 }), pads.allSatisfy({ -bound...bound ~= $0 }),
      spatial.allSatisfy({ 0...bound ~= $0 })
    else {
      throw OperatorFault.invalid(
        "kernel \(kernel), strides \(strides), dilations \(dilations) or pads \(pads) are absurd")
    }
    return try (0..<rank).map { axis in
      var window = Window(
        length: spatial[axis], kernel: kernel[axis], stride: strides[axis],
        dilation: dilations[axis], before: pads[axis], after: pads[axis + rank], output: 0)
      let extent = try Checked.sum(Checked.product(dilations[axis], kernel[axis] - 1), 1)
      guard extent <= 1 << 40 else {
        throw OperatorFault.invalid("a kernel of extent \(extent) is absurd")
      }
      switch autoPad {
      case "SAME_UPPER", "SAME_LOWER":
        window.output = (spatial[axis] + strides[axis] - 1) / strides[axis]
        let total = max(0, (window.output - 1) * strides[axis] + extent - spatial[axis])
        window.before = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2
        window.after = total - window.before
      default:
        if autoPad == "VALID" { (window.before, window.after) = (0, 0) }
        let room = spatial[axis] + window.before + window.after - extent
        guard room >= 0 else {
          throw OperatorFault.invalid(
            "a kernel of extent \(extent) does not fit the length \(spatial[axis]) with pads "
              + "\(window.before) and \(window.after)")
        }
        window.output = room / strides[axis] + 1
        if roundsUp, room % strides[axis] != 0 {
          // A last window that would start in the end padding does not count.
          if window.output * strides[axis] < spatial[axis] + window.before { window.output += 1 }
        }
      }
      return window
    }
  }
}

/// The window along one dimension.
package struct Window: Sendable, Hashable {
  package var length: Int
  package var kernel: Int
  package var stride: Int
  package var dilation: Int
  package var before: Int
  package var after: Int
  package var output: Int

  /// Whether one window takes in the whole length and nothing else.
  package var isWhole: Bool {
    output == 1 && kernel == length && dilation == 1 && before == 0 && after == 0
  }

  /// Where the window of output `position` starts; may lie in the padding.
  @inline(__always)
  package func start(_ position: Int) -> Int { position &* stride &- before }

  /// The taps of output `position` that fall inside the input.
  @inline(__always)
  package func taps(_ position: Int) -> Range<Int> {
    let start = start(position)
    let first = start >= 0 ? 0 : (-start + dilation - 1) / dilation
    let last = min(kernel, start >= length ? 0 : (length - 1 - start) / dilation + 1)
    return first..<max(first, last)
  }

  /// How many taps of output `position` fall inside the input or its declared padding.
  func paddedTaps(_ position: Int) -> Int {
    let room = length + after - start(position)
    return min(kernel, room > 0 ? (room - 1) / dilation + 1 : 0)
  }
}
