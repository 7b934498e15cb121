// Room: Networks. The operator MaxPool.

internal import Tensors

/// The largest element under a sliding window, and where it lies when asked.
///
/// **Edge cases**: padding never wins; a window that lies wholly in padding gives the lowest number.
/// **Source**: ONNX MaxPool, opsets 1, 8 (indices), 10 (dilations, ceil_mode), 12 (integers).
package struct MaxPoolOperator: Operator {
  private let window: WindowAttributes
  private let columnMajor: Bool

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    columnMajor = try node.flag("storage_order")
  }

  package var widening: Widening { [.halves, .integers, .ownBytes] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 3...64)
    let windows = try window.resolve(spatial: Array(input.shape.dimensions[2...]))
    let lengths = input.shape.dimensions[..<2] + windows.map(\.output)
    return [
      try TensorFacts(input.elementType, checking: Array(lengths)),
      try TensorFacts(.int64, checking: Array(lengths)),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let windows = try window.resolve(spatial: Array(input.shape.dimensions[2...]))
    if input.elementType == .float32, !inputs.wants(1), windows.allSatisfy(\.isWhole) {
      let length = windows.reduce(1) { $0 * $1.length }
      return .reducingPlanes(input.shape[0] * input.shape[1], of: length, .maximum)
    }
    if input.elementType == .float32, !inputs.wants(1),
      let pool = try PlanarPool(.maximum, windows, rounded: window.roundsUp)
    {
      return pool.kernel(planes: input.shape[0] * input.shape[1])
    }
    if input.elementType == .float32, !inputs.wants(1),
      let pool = try VolumePool(.maximum, windows, rounded: window.roundsUp)
    {
      return pool.kernel(volumes: input.shape[0] * input.shape[1])
    }
    let body = MaxPoolBody(
      planes: input.shape[0] * input.shape[1], windows: windows,
      wantsIndices: inputs.wants(1), columnMajor: columnMajor)
    switch input.elementType {
    case .int8 where !inputs.wants(1): return ByteMaxPool.kernel(Int8.self, body.planes, windows)
    case .uint8 where !inputs.wants(1): return ByteMaxPool.kernel(UInt8.self, body.planes, windows)
    case .int8, .uint8:
      let kernel = try body.run(Int64.self)
      return Kernel { arguments in
        var wide = arguments
        let output = try arguments.output()
        let result = try Tensor(working: output.shape, .int64)
        wide.inputs[0] = try ElementConversion.convert(arguments.input(0), to: .int64)
        wide.outputs[0] = result
        try kernel.run(wide)
        try ElementConversion.convert(result, into: output)
      }
    case let type: return try type.computing(body)
    }
  }
}

/// Maxima of bytes, a row at a time.
private enum ByteMaxPool {
  static func kernel<T: FixedWidthInteger & TensorScalar>(
    _: T.Type, _ planes: Int, _ windows: [Window]
  ) -> Kernel {
    let inPlane = windows.reduce(1) { $0 * $1.length }
    let outPlane = windows.reduce(1) { $0 * $1.output }
    let taps = windows.reduce(1) { $0 * $1.kernel }
    let inner = windows[windows.count - 1]
    let outer = Array(windows.dropLast())
    let rows = outer.reduce(1) { $0 * $1.output }
    if isHalving(windows) { return halving(T.self, planes, windows) }
    return Kernel { arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        Parallel.items(planes, nanoseconds: Double(outPlane * taps) * 0.2) { plane in
          for row in 0..<rows {
            let line = y + plane * outPlane + row * inner.output
            line.update(repeating: T.min, count: inner.output)
            DirectConvolution.forEachTap(outer, row) { inputRow, _ in
              raise(line, x + plane * inPlane + inputRow * inner.length, inner)
            }
          }
        }
      }
    }
  }

  /// Whether each window is a square of two by two that no other one touches, as most are.
  private static func isHalving(_ windows: [Window]) -> Bool {
    windows.count == 2
      && windows.allSatisfy {
        $0.kernel == 2 && $0.stride == 2 && $0.dilation == 1 && $0.before == 0
          && 2 * $0.output <= $0.length
      }
  }

  private static func halving<T: FixedWidthInteger & TensorScalar>(
    _: T.Type, _ planes: Int, _ windows: [Window]
  ) -> Kernel {
    let (rows, columns) = (windows[0], windows[1])
    return Kernel { arguments in
      try arguments.move { source, target in
        let x = source.assumingMemoryBound(to: UInt8.self)
        let y = target.assumingMemoryBound(to: UInt8.self)
        Parallel.items(planes * rows.output, nanoseconds: Double(columns.output) * 0.2) { item in
          let (plane, row) = (item / rows.output, item % rows.output)
          let line = x + (plane * rows.length + 2 * row) * columns.length
          ByteRows.maxima(
            of: line, line + columns.length, count: columns.output, isSigned: T.isSigned,
            to: y + item * columns.output)
        }
      }
    }
  }

  @inline(__always)
  private static func raise<T: FixedWidthInteger>(
    _ line: UnsafeMutablePointer<T>, _ row: UnsafePointer<T>, _ window: Window
  ) {
    for tap in 0..<window.kernel {
      let shift = tap * window.dilation - window.before
      // The outputs whose tap lies inside: 0 <= position · stride + shift < length.
      let first = shift >= 0 ? 0 : (-shift + window.stride - 1) / window.stride
      let last = min(
        window.output,
        window.length - shift <= 0 ? 0 : (window.length - shift - 1) / window.stride + 1)
      guard first < last else { continue }
      if window.stride == 1 {
        let from = row + shift
        for index in first..<last { line[index] = max(line[index], from[index]) }
      } else {
        for index in first..<last {
          line[index] = max(line[index], row[index &* window.stride &+ shift])
        }
      }
    }
  }
}

private struct MaxPoolBody: NumberBody {
  let planes: Int
  let windows: [Window]
  let wantsIndices: Bool
  let columnMajor: Bool

  func run<T: Number>(_: T.Type) throws -> Kernel {
    let inPlane = windows.reduce(1) { $0 * $1.length }
    let outPlane = windows.reduce(1) { $0 * $1.output }
    let taps = windows.reduce(1.0) { $0 * Double($1.kernel) }
    return Kernel { arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      let indices =
        wantsIndices ? try arguments.output(1).plannedDestination(of: Int64.self).baseAddress : nil
      try arguments.input(0).withElements(of: T.self) { input in
        guard let x = input.baseAddress, let y = target.baseAddress else { return }
        Parallel.items(planes, nanoseconds: Double(outPlane) * taps) { plane in
          let source = x + plane * inPlane
          PooledRows.forEach(windows) { position, visit in
            var best = T.lowest
            var place = -1
            visit { index in
              let value = source[index]
              if place < 0 || value > best || value.isNotANumber && !best.isNotANumber {
                (best, place) = (value, index)
              }
            }
            y[plane * outPlane + position] = best
            if let indices {
              indices[plane * outPlane + position] = Int64(
                plane * inPlane + max(columnMajor ? transposed(place) : place, 0))
            }
          }
        }
      }
    }
  }

  /// The index of the same element when the first spatial dimension runs fastest.
  private func transposed(_ place: Int) -> Int {
    guard place >= 0 else { return place }
    var rest = place
    var index = [Int](repeating: 0, count: windows.count)
    for axis in windows.indices.reversed() {
      index[axis] = rest % windows[axis].length
      rest /= windows[axis].length
    }
    var result = 0
    for axis in windows.indices.reversed() { result = result * windows[axis].length + index[axis] }
    return result
  }
}

/// Visiting the elements under each position of a sliding window, in row-major order.
enum PooledRows {
  /// Calls `body` with each output position and a function that visits the input elements under it.
  @inline(__always)
  static func forEach(
    _ windows: [Window], _ body: (_ position: Int, _ visit: ((Int) -> Void) -> Void) -> Void
  ) {
    if windows.count == 2 {
      let (rows, columns) = (windows[0], windows[1])
      var position = 0
      for row in 0..<rows.output {
        let rowTaps = rows.taps(row)
        for column in 0..<columns.output {
          let columnTaps = columns.taps(column)
          body(position) { visit in
            for rowTap in rowTaps {
              let line = (rows.start(row) + rowTap * rows.dilation) * columns.length
              for columnTap in columnTaps {
                visit(line + columns.start(column) + columnTap * columns.dilation)
              }
            }
          }
          position += 1
        }
      }
      return
    }
    let count = windows.reduce(1) { $0 * $1.output }
    for position in 0..<count {
      body(position) { visit in descend(windows, position, count, 0, 0, visit) }
    }
  }

  private static func descend(
    _ windows: [Window], _ position: Int, _ count: Int, _ axis: Int, _ index: Int,
    _ visit: (Int) -> Void
  ) {
    guard axis < windows.count else { return visit(index) }
    let window = windows[axis]
    let step = count / max(window.output, 1)
    let own = position / step
    for tap in window.taps(own) {
      descend(
        windows, position % step, step, axis + 1,
        index * window.length + window.start(own) + tap * window.dilation, visit)
    }
  }
}
