// Room: Networks. The operator GridSample.

internal import Tensors

/// Values of an image or a volume at given places: how networks warp one frame onto another.
///
/// **Shapes**: input `[batch, channels, spatial…]`, grid `[batch, out…, spatial rank]` with
/// coordinates from -1 to 1, the innermost dimension's first. **Edge cases**: a NaN or infinite
/// coordinate samples as if far outside; integers are sampled as floats and cut off. **Source**: ONNX GridSample, opsets 16 (4-D), 20 and 22
/// (any rank, `linear`/`cubic`).
package struct GridSampleOperator: Operator {
  enum Mode: Sendable { case nearest, linear, cubic }
  enum Padding: Sendable { case zeros, border, reflection }

  private let mode: Mode
  private let padding: Padding
  private let alignsCorners: Bool

  package init(_ node: NodeDescription) throws {
    switch try node.string("mode", default: node.opset < 20 ? "bilinear" : "linear") {
    case "nearest": mode = .nearest
    case "linear", "bilinear": mode = .linear
    case "cubic", "bicubic": mode = .cubic
    case let other: throw OperatorFault.unsupported("mode '\(other)'")
    }
    switch try node.string("padding_mode", default: "zeros") {
    case "zeros": padding = .zeros
    case "border": padding = .border
    case "reflection": padding = .reflection
    case let other: throw OperatorFault.unsupported("padding_mode '\(other)'")
    }
    alignsCorners = try node.flag("align_corners")
  }

  package var widening: Widening { [.halves, .mixedFloats, .numbersAsFloats] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...2)
    let input = try inputs.required(0, rank: 3...7)
    let grid = try inputs.required(1, rank: input.shape.rank...input.shape.rank)
    let spatial = input.shape.rank - 2
    guard grid.shape[0] == input.shape[0], grid.shape[input.shape.rank - 1] == spatial,
      grid.elementType.isFloatingPoint,
      !input.shape.dimensions[2...].contains(0)
    else {
      throw OperatorFault.invalid(
        "a grid of shape \(grid.shape) does not fit an input of shape \(input.shape)")
    }
    let lengths = [input.shape[0], input.shape[1]] + grid.shape.dimensions[1..<spatial + 1]
    return [try TensorFacts(input.elementType, checking: lengths)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (input, grid) = (try inputs.required(0), try inputs.required(1))
    guard input.elementType == grid.elementType else {
      throw OperatorFault.unsupported("a grid of another element type than the input's")
    }
    return try RealKernel.make(
      input.elementType,
      GridBody(
        batch: input.shape[0], channels: input.shape[1],
        lengths: Array(input.shape.dimensions[2...]),
        points: grid.shape.dimensions[1..<grid.shape.rank - 1].reduce(1, *), mode: mode,
        padding: padding, alignsCorners: alignsCorners))
  }
}

private struct GridBody: RealBody {
  let batch: Int
  let channels: Int
  let lengths: [Int]
  let points: Int
  let mode: GridSampleOperator.Mode
  let padding: GridSampleOperator.Padding
  let alignsCorners: Bool

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    if T.self == Float.self, lengths.reduce(1, *) <= Int(Int32.max) { return floatKernel }
    let plane = lengths.reduce(1, *)
    let strides = Shape(lengths).rowMajorStrides
    let rank = lengths.count
    let taps = mode == .nearest ? 1 : mode == .linear ? 2 : 4
    let total = (0..<rank).reduce(1) { count, _ in count * taps }
    let grain = max(1, 4096 / max(channels, 1))
    let pieces = (points + grain - 1) / grain
    return Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { input in
        try arguments.input(1).withElements(of: T.self) { grid in
          guard let x = input.baseAddress, let g = grid.baseAddress, let y = target.baseAddress,
            !target.isEmpty
          else { return }
          let cost = Double(grain * channels * total) * 2
          Parallel.items(batch * pieces, nanoseconds: cost) { item in
            let (image, first) = (item / pieces, item % pieces * grain)
            withUnsafeTemporaryAllocation(of: Int.self, capacity: total + rank * taps) { places in
              withUnsafeTemporaryAllocation(of: T.self, capacity: total + rank * taps) { weights in
                for point in first..<min(first + grain, points) {
                  let position = g + (image * points + point) * rank
                  for axis in 0..<rank {
                    // The grid names the innermost dimension first.
                    axisTaps(
                      position[rank - 1 - axis], lengths[axis], strides[axis],
                      UnsafeMutableBufferPointer(
                        rebasing: places[total + axis * taps..<total + (axis + 1) * taps]),
                      UnsafeMutableBufferPointer(
                        rebasing: weights[total + axis * taps..<total + (axis + 1) * taps]))
                  }
                  for corner in 0..<total {
                    var (rest, place, weight) = (corner, 0, T(1))
                    for axis in (0..<rank).reversed() {
                      let own = total + axis * taps + rest % taps
                      rest /= taps
                      place = place < 0 || places[own] < 0 ? -1 : place + places[own]
                      weight *= weights[own]
                    }
                    places[corner] = place
                    weights[corner] = weight
                  }
                  for channel in 0..<channels {
                    let source = x + (image * channels + channel) * plane
                    var sum: T = 0
                    for corner in 0..<total where places[corner] >= 0 {
                      sum += weights[corner] * source[places[corner]]
                    }
                    y[(image * channels + channel) * points + point] = sum
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// Points in tiles: their places and weights once, then all channels by the vector kernel.
  private var floatKernel: Kernel {
    let plane = lengths.reduce(1, *)
    let strides = Shape(lengths).rowMajorStrides
    let rank = lengths.count
    let taps = mode == .nearest ? 1 : mode == .linear ? 2 : 4
    let total = (0..<rank).reduce(1) { count, _ in count * taps }
    let grain = 512
    let tiles = (points + grain - 1) / grain
    return Kernel(name: "vector") { [self] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      try arguments.withInputs([0, 1]) { bases in
        guard let y = target.baseAddress, !target.isEmpty else { return }
        let (x, g) = (
          bases[0].assumingMemoryBound(to: Float.self), bases[1].assumingMemoryBound(to: Float.self)
        )
        let cost = Double(grain) * (10 * Double(rank * taps) + Double(channels * total))
        Parallel.items(batch * tiles, nanoseconds: cost) { item in
          let (image, first) = (item / tiles, item % tiles * grain)
          let count = min(grain, points - first)
          Scratch.with(Float.self, count: 2 * total * count) { weights in
            let places = UnsafeMutableRawPointer(weights + total * count)
              .bindMemory(to: Int32.self, capacity: total * count)
            let own = g + (image * points + first) * rank
            if mode == .linear, padding != .reflection {
              LinearSamples.corners(
                count: count, lengths: lengths, strides: strides,
                form: alignsCorners ? .corners : .centres, clamps: padding == .border, step: rank,
                { own + (rank - 1 - $0) }, places, weights)
            } else {
              corners(own, count: count, strides, places, weights)
            }
            for channel in 0..<channels {
              let row = image * channels + channel
              LinearSamples.sum(
                x + row * plane, places, weights, taps: total, count: count,
                y + row * points + first)
            }
          }
        }
      }
    }
  }

  /// The elements that `count` points of the grid see, and their weights, tap by tap.
  private func corners(
    _ grid: UnsafePointer<Float>, count: Int, _ strides: [Int],
    _ places: UnsafeMutablePointer<Int32>, _ weights: UnsafeMutablePointer<Float>
  ) {
    let rank = lengths.count
    let taps = mode == .nearest ? 1 : mode == .linear ? 2 : 4
    withUnsafeTemporaryAllocation(of: Int.self, capacity: taps) { own in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: taps) { shares in
        for point in 0..<count {
          var known = 1
          for axis in 0..<rank {
            // The grid names the innermost dimension first.
            axisTaps(
              grid[point * rank + rank - 1 - axis], lengths[axis], strides[axis], own, shares)
            // Each corner so far becomes one for each tap, the last ones first: they lie behind.
            for corner in (0..<known).reversed() {
              let (place, weight) =
                axis == 0
                ? (0, 1) : (places[corner * count + point], weights[corner * count + point])
              for tap in (0..<taps).reversed() {
                let slot = (corner * taps + tap) * count + point
                places[slot] = place < 0 || own[tap] < 0 ? -1 : place + Int32(own[tap])
                weights[slot] = weight * shares[tap]
              }
            }
            known *= taps
          }
        }
      }
    }
  }

  /// The input elements and weights along one axis for one coordinate; -1 for what is outside.
  @inline(__always)
  private func axisTaps<T: Real>(
    _ coordinate: T, _ length: Int, _ stride: Int, _ places: UnsafeMutableBufferPointer<Int>,
    _ weights: UnsafeMutableBufferPointer<T>
  ) {
    let size = T(length)
    var x =
      alignsCorners ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2
    // Far outside, and no number at all, are the same: nothing is there.
    if !(x.magnitude < 1e15) { x = padding == .zeros || x.isNaN ? -1e9 : x < 0 ? -1e9 : 1e9 }
    if mode != .cubic || padding == .zeros { x = placed(x, length) }
    switch mode {
    case .nearest:
      let index = Int(placed(x.rounded(.toNearestOrEven), length))
      places[0] = index >= 0 && index < length ? index * stride : -1
      weights[0] = 1
    case .linear:
      let low = x.rounded(.down)
      let index = Int(low)
      for tap in 0..<2 {
        let own = resolved(index + tap, length)
        places[tap] = own < 0 ? -1 : own * stride
      }
      weights[1] = x - low
      weights[0] = 1 - weights[1]
    case .cubic:
      let low = x.rounded(.down)
      let index = Int(low)
      for tap in 0..<4 {
        let own = resolved(index + tap - 1, length)
        places[tap] = own < 0 ? -1 : own * stride
      }
      let t = x - low
      let a: T = -0.75
      func near(_ d: T) -> T { ((a + 2) * d - (a + 3)) * d * d + 1 }
      func far(_ d: T) -> T { ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
      weights[0] = far(t + 1)
      weights[1] = near(t)
      weights[2] = near(1 - t)
      weights[3] = far(2 - t)
    }
  }

  /// A coordinate after padding: unchanged for zeros, clamped, or mirrored.
  @inline(__always)
  private func placed<T: Real>(_ x: T, _ length: Int) -> T {
    switch padding {
    case .zeros: return x
    case .border: return Swift.min(Swift.max(x, 0), T(length - 1))
    case .reflection:
      let (low, high): (T, T) =
        alignsCorners ? (0, T(length - 1)) : (-0.5, T(length) - 0.5)
      let range = high - low
      guard range > 0 else { return 0 }
      let distance = (x - low).magnitude
      let flips = (distance / range).rounded(.down)
      let rest = distance - flips * range
      let mirrored =
        flips.truncatingRemainder(dividingBy: 2) == 0 ? low + rest : high - rest
      return Swift.min(Swift.max(mirrored, 0), T(length - 1))
    }
  }

  /// The element that stands for index `index`; -1 where there is none.
  @inline(__always)
  private func resolved(_ index: Int, _ length: Int) -> Int {
    if index >= 0, index < length { return index }
    switch padding {
    case .zeros: return -1
    case .border: return Swift.min(Swift.max(index, 0), length - 1)
    case .reflection: return Int(placed(Double(index), length).rounded())
    }
  }
}
