// Room: Networks. Interpolation along one axis after another.

internal import Tensors

/// Resizing by tables of taps, one axis at a time, the shrinking ones first.
enum SeparableResize {
  /// One axis's work: `outer` × axis × `inner`.
  private struct Stage: Sendable {
    var outer: Int
    var inner: Int
    var input: Int
    var output: Int
    var taps: ResizeTaps
  }

  static func kernel(
    _ type: ElementType, _ shape: Shape, axes: [ResizedAxis], rule: ResizeRule
  ) throws -> Kernel {
    // Tables for a length are only made where there is something to fill.
    guard !axes.contains(where: { $0.output == 0 }) else { return Kernel { _ in } }
    if type == .float32, let planar = planar(shape, axes, rule) { return planar }
    let changed = axes.indices.filter { !axes[$0].isUnchanged }
      .sorted { axes[$0].output * axes[$1].input < axes[$1].output * axes[$0].input }
    var lengths = shape.dimensions
    var stages: [Stage] = []
    for axis in changed {
      stages.append(
        Stage(
          outer: lengths[..<axis].reduce(1, *), inner: lengths[(axis + 1)...].reduce(1, *),
          input: lengths[axis], output: axes[axis].output, taps: ResizeTaps(axes[axis], rule)))
      lengths[axis] = axes[axis].output
    }
    guard !stages.isEmpty, shape.count > 0 else {
      return Kernel { arguments in
        try ElementConversion.convert(arguments.input(0), into: arguments.output())
      }
    }
    // Two alternating buffers hold what lies between the stages.
    let sizes = try stages.dropLast().map { stage in
      try TensorFacts(type, checking: [stage.outer, stage.output, stage.inner]).byteCount + 64
    }
    let half = ((sizes.max() ?? 0) + 63) / 64 * 64
    let scratch = sizes.count > 1 ? try Checked.product(half, 2) : half
    let fill = rule.coordinates == "tf_crop_and_resize" ? rule.extrapolation : nil
    return Kernel(scratchBytes: scratch) { [stages] arguments in
      let output = try arguments.output()
      guard output.count > 0 else { return }
      try arguments.input(0).withBytes { bytes in
        var source = bytes.baseAddress
        for (index, stage) in stages.enumerated() {
          let target =
            index == stages.count - 1
            ? output.plannedBytes.baseAddress
            : arguments.scratch.baseAddress.map { $0 + index % 2 * half }
          guard let from = source, let to = target else { return }
          if rule.copies {
            nearest(stage, from, to, width: type.byteWidth)
          } else {
            switch type {
            case .float32: interpolate(Float.self, stage, from, to, fill)
            case .float64: interpolate(Double.self, stage, from, to, fill)
            default: throw OperatorFault.unsupported("element type \(type.rawValue)")
            }
          }
          source = UnsafeRawPointer(to)
        }
      }
    }
  }

  /// Two neighbours along the last two axes at most: Tensors has a kernel that does both at once.
  private static func planar(_ shape: Shape, _ axes: [ResizedAxis], _ rule: ResizeRule) -> Kernel? {
    guard shape.rank >= 2, rule.mode != .cubic, !rule.antialias, !rule.excludesOutside,
      rule.coordinates != "tf_crop_and_resize", axes.dropLast(2).allSatisfy(\.isUnchanged),
      shape.count > 0
    else { return nil }
    func resized(_ axis: ResizedAxis) -> ResizeAxis {
      let positions = (0..<axis.output).map { rule.coordinate($0, axis) }
      return rule.mode == .nearest
        ? ResizeAxis(
          nearest: positions.map { rule.nearestIndex($0, axis) }, inputLength: axis.input)
        : ResizeAxis(linear: positions, inputLength: axis.input)
    }
    let resize = LinearResize2D(
      vertical: resized(axes[shape.rank - 2]), horizontal: resized(axes[shape.rank - 1]))
    let planes = shape.dimensions.dropLast(2).reduce(1, *)
    return Kernel { arguments in
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        resize.run(input: x, planes: planes, output: y)
      }
    }
  }

  private static func nearest(
    _ stage: Stage, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, width: Int
  ) {
    let row = stage.inner * width
    if stage.inner == 1 {
      switch width {
      case 1: pick(UInt8.self, stage, source, target)
      case 2: pick(UInt16.self, stage, source, target)
      case 4: pick(UInt32.self, stage, source, target)
      default: pick(UInt64.self, stage, source, target)
      }
      return
    }
    let indices = stage.taps.indices
    Parallel.items(stage.outer, nanoseconds: Double(stage.output * row) * 0.05) { step in
      for position in 0..<stage.output {
        (target + (step * stage.output + position) * row).copyMemory(
          from: source + (step * stage.input + indices[position]) * row, byteCount: row)
      }
    }
  }

  private static func pick<Bits: BitwiseCopyable>(
    _: Bits.Type, _ stage: Stage, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let x = source.assumingMemoryBound(to: Bits.self)
    let y = target.assumingMemoryBound(to: Bits.self)
    stage.taps.indices.withUnsafeBufferPointer { indices in
      guard let index = indices.baseAddress else { return }
      Parallel.items(stage.outer, nanoseconds: Double(stage.output) * 0.6) { step in
        let (from, to) = (x + step * stage.input, y + step * stage.output)
        for position in 0..<stage.output { to[position] = from[index[position]] }
      }
    }
  }

  private static func interpolate<T: Number>(
    _: T.Type, _ stage: Stage, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    _ fill: Double?
  ) {
    let x = source.assumingMemoryBound(to: T.self)
    let y = target.assumingMemoryBound(to: T.self)
    let (width, inner) = (stage.taps.width, stage.inner)
    if T.self == Float.self {
      interpolateFloats(
        stage, source.assumingMemoryBound(to: Float.self),
        target.assumingMemoryBound(to: Float.self), fill)
      return
    }
    for step in 0..<stage.outer {
      for position in 0..<stage.output {
        let row = y + (step * stage.output + position) * inner
        for column in 0..<inner {
          var sum = 0.0
          for tap in position * width..<(position + 1) * width {
            sum +=
              stage.taps.weights[tap]
              * x[(step * stage.input + stage.taps.indices[tap]) * inner + column].asDouble
          }
          row[column] = T(number: stage.taps.outside[position] ? fill ?? sum : sum)
        }
      }
    }
  }

  private static func interpolateFloats(
    _ stage: Stage, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ fill: Double?
  ) {
    let (width, inner) = (stage.taps.width, stage.inner)
    let indices = stage.taps.indices
    let weights = stage.taps.weights.map(Float.init)
    let outside = stage.taps.outside
    let cost = Double(stage.output * inner * width) * 0.4
    Parallel.items(stage.outer, nanoseconds: cost) { step in
      let source = x + step * stage.input * inner
      let target = y + step * stage.output * inner
      indices.withUnsafeBufferPointer { indices in
        weights.withUnsafeBufferPointer { weights in
          for position in 0..<stage.output {
            let row = target + position * inner
            let first = position * width
            if inner == 1 {
              var sum: Float = 0
              for tap in first..<first + width { sum += weights[tap] * source[indices[tap]] }
              row[0] = sum
            } else if width == 2 {
              let (a, b) = (weights[first], weights[first + 1])
              let (from, next) = (
                source + indices[first] * inner, source + indices[first + 1] * inner
              )
              for column in 0..<inner { row[column] = a * from[column] + b * next[column] }
            } else {
              row.update(repeating: 0, count: inner)
              for tap in first..<first + width {
                let (weight, from) = (weights[tap], source + indices[tap] * inner)
                for column in 0..<inner { row[column] += weight * from[column] }
              }
            }
            if let fill, outside[position] { row.update(repeating: Float(fill), count: inner) }
          }
        }
      }
    }
  }
}
