// Room: Networks. The operator AveragePool.

internal import Tensors

/// The mean under a sliding window, over the elements inside the input or, when asked, over padding
/// too.
///
/// **Source**: ONNX AveragePool, opsets 1, 7 (count_include_pad), 10 (ceil_mode), 19 (dilations).
package struct AveragePoolOperator: Operator {
  let window: WindowAttributes
  let countsPadding: Bool

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    countsPadding = try node.flag("count_include_pad")
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 3...64)
    let windows = try window.resolve(spatial: Array(input.shape.dimensions[2...]))
    return [
      try TensorFacts(
        input.elementType, checking: input.shape.dimensions[..<2] + windows.map(\.output))
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let windows = try window.resolve(spatial: Array(input.shape.dimensions[2...]))
    if input.elementType == .float32, windows.allSatisfy(\.isWhole) {
      let length = windows.reduce(1) { $0 * $1.length }
      return .reducingPlanes(input.shape[0] * input.shape[1], of: length, .mean)
    }
    if input.elementType == .float32,
      let pool = try PlanarPool(
        .average(includingPadding: countsPadding), windows, rounded: window.roundsUp)
    {
      return pool.kernel(planes: input.shape[0] * input.shape[1])
    }
    if input.elementType == .float32,
      let pool = try VolumePool(
        .average(includingPadding: countsPadding), windows, rounded: window.roundsUp)
    {
      return pool.kernel(volumes: input.shape[0] * input.shape[1])
    }
    return try PooledSums.kernel(
      input.elementType, planes: input.shape[0] * input.shape[1], windows: windows
    ) { [countsPadding] sum, inside, position in
      sum / Double(countsPadding ? Self.padded(windows, position) : inside)
    } add: {
      $0 + $1
    }
  }

  /// The taps of an output position that lie in the input or its declared padding: a last window
  /// that rounding up adds may reach beyond both.
  private static func padded(_ windows: [Window], _ position: Int) -> Int {
    var rest = position
    var count = 1
    for window in windows.reversed() {
      let own = rest % window.output
      rest /= window.output
      (count, _) = count.multipliedReportingOverflow(by: window.paddedTaps(own))
    }
    return count
  }
}

/// Pools that add something up under a window.
enum PooledSums {
  static func kernel(
    _ type: ElementType, planes: Int, windows: [Window],
    _ finish: @escaping @Sendable (_ sum: Double, _ inside: Int, _ position: Int) -> Double,
    add: @escaping @Sendable (_ sum: Double, _ value: Double) -> Double
  ) throws -> Kernel {
    let inPlane = windows.reduce(1) { $0 * $1.length }
    let outPlane = windows.reduce(1) { $0 * $1.output }
    let taps = windows.reduce(1.0) { $0 * Double($1.kernel) }
    func make<T: Real>(_: T.Type) -> Kernel {
      Kernel { arguments in
        try arguments.map(T.self, to: T.self) { source, target in
          guard let x = source.baseAddress, let y = target.baseAddress else { return }
          Parallel.items(planes, nanoseconds: Double(outPlane) * taps * 1.5) { plane in
            let from = x + plane * inPlane
            PooledRows.forEach(windows) { position, visit in
              var sum = 0.0
              var inside = 0
              visit { index in
                sum = add(sum, Double(from[index]))
                inside += 1
              }
              y[plane * outPlane + position] = T(finish(sum, inside, position))
            }
          }
        }
      }
    }
    switch type {
    case .float32: return make(Float.self)
    case .float64: return make(Double.self)
    default: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}
