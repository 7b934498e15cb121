// Room: Networks. Means of windows of quantised values.

internal import Tensors

/// An average pool of quantised values: `x`, its scale and zero point, the result's scale and zero
/// point.
protocol QuantizedPoolOperator: Operator {
  /// The pool for inputs of these shapes.
  func pool(_ inputs: Operands) throws -> QuantizedPool
}

extension QuantizedPoolOperator {
  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(4...5)
    try inputs.requireBytes(0, 2, 4)
    try inputs.requireSingle(1, 2, 3, 4)
    let type = try inputs[4]?.elementType ?? inputs.required(0).elementType
    return [try TensorFacts(type, checking: pool(inputs).result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let type = try inputs.required(0).elementType
    return try pool(inputs).kernel(type, outputs[0]?.elementType ?? type)
  }
}

/// What the quantised average pools share: sums in integers, scaled once.
struct QuantizedPool: Sendable {
  let batch: Int, channels: Int
  let windows: [Window]
  let channelsLast: Bool
  /// Whether padding counts as values, namely zeros.
  let countsPadding: Bool

  private var inPlane: Int { windows.reduce(1) { $0 * $1.length } }
  private var outPlane: Int { windows.reduce(1) { $0 * $1.output } }

  /// The result's lengths.
  var result: [Int] {
    let spatial = windows.map(\.output)
    return channelsLast ? [batch] + spatial + [channels] : [batch, channels] + spatial
  }

  /// Batch and channels of `shape`, and its spatial lengths.
  static func lengths(
    _ shape: Shape, channelsLast: Bool
  ) -> (batch: Int, channels: Int, spatial: [Int]) {
    let all = shape.dimensions
    return channelsLast
      ? (all[0], all[all.count - 1], Array(all[1..<all.count - 1]))
      : (all[0], all[1], Array(all[2...]))
  }

  func run(
    _ x: UnsafePointer<UInt8>, _ from: QuantizedType, _ to: QuantizedType,
    into y: UnsafeMutablePointer<UInt8>
  ) {
    let (step, inPlane, outPlane) = (channelsLast ? channels : 1, inPlane, outPlane)
    let inner = windows[windows.count - 1]
    let outer = Array(windows.dropLast())
    let rows = outer.reduce(1) { $0 * $1.output }
    let taps = windows.reduce(1) { $0 * $1.kernel }
    let ratio = from.scale / to.scale
    Parallel.items(batch * channels, nanoseconds: Double(outPlane * taps)) { item in
      let (image, channel) = (item / channels, item % channels)
      let source = channelsLast ? x + image * inPlane * channels + channel : x + item * inPlane
      let target = channelsLast ? y + image * outPlane * channels + channel : y + item * outPlane
      for row in 0..<rows {
        for position in 0..<inner.output {
          var (sum, count) = (Int32(0), Int32(0))
          let own = inner.taps(position)
          DirectConvolution.forEachTap(outer, row) { inputRow, _ in
            var place = (inputRow * inner.length + inner.start(position)) * step
            place += own.lowerBound * inner.dilation * step
            for _ in own {
              let byte = source[place]
              sum &+= from.isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
              place += inner.dilation * step
            }
            count &+= Int32(own.count)
          }
          let above = sum &- count &* from.zero
          let divisor = countsPadding ? Int32(truncatingIfNeeded: taps) : max(count, 1)
          let quanta = Float(above) * (ratio / Float(divisor))
          target[(row * inner.output + position) * step] = UInt8(
            truncatingIfNeeded: Int32(
              Rounding.quantized(
                quanta, Float(to.zero), Float(to.range.low), Float(to.range.high))))
        }
      }
    }
  }

  /// A kernel over inputs X, its scale and zero point, the result's scale and zero point.
  func kernel(_ type: ElementType, _ resultType: ElementType) -> Kernel {
    Kernel { arguments in
      let from = try QuantizedType(
        type, scale: arguments.input(1), zero: arguments.optionalInput(2))
      let to = try QuantizedType(
        resultType, scale: arguments.input(3), zero: arguments.optionalInput(4))
      guard let target = try arguments.output().plannedBytes.baseAddress else { return }
      _ = try arguments.input(0).withRawBytes {
        run($0, from, to, into: target.assumingMemoryBound(to: UInt8.self))
      }
    }
  }
}
