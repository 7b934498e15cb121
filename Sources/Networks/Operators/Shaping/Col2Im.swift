// Room: Networks. The operator Col2Im.

internal import Tensors

/// Columns of blocks put back where they came from in an image; where blocks overlap, they add up.
///
/// **Shapes**: `[batch, channels · block elements, blocks]` gives `[batch, channels, image…]`.
/// **Source**: ONNX Col2Im, opset 18.
package struct Col2ImOperator: Operator {
  private let window: WindowAttributes

  package init(_ node: NodeDescription) throws { window = try WindowAttributes(node) }

  package var widening: Widening { [.halves, .integers] }
  package var valueInputs: [Int] { [1, 2] }

  private func plan(_ inputs: Operands) throws -> BlockPlan {
    let input = try inputs.required(0, rank: 3...3).shape
    guard let image = try inputs.integers(1), let block = try inputs.integers(2),
      image.count == block.count, !image.isEmpty
    else { throw OperatorFault.invalid("the image and the block differ in dimensions") }
    let windows = try window.resolve(spatial: image, kernel: block)
    let blockCount = try Shape(checking: windows.map(\.kernel)).count
    let places = try Shape(checking: windows.map(\.output)).count
    guard blockCount > 0, input[1] % blockCount == 0, places == input[2] else {
      throw OperatorFault.invalid(
        "blocks \(block) of an image \(image) do not make columns of shape \(input)")
    }
    return BlockPlan(
      windows: windows, batch: input[0], channels: input[1] / blockCount, blockCount: blockCount,
      places: places)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let plan = try plan(inputs)
    let type = try inputs.required(0).elementType
    guard type.isNumber else { throw OperatorFault.invalid("cannot add booleans") }
    return [
      try TensorFacts(type, checking: [plan.batch, plan.channels] + plan.windows.map(\.length))
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try inputs.required(0).elementType.computing(plan(inputs))
  }
}

/// Where every element of every block goes.
private struct BlockPlan: NumberBody, Sendable {
  var windows: [Window]
  var batch: Int
  var channels: Int
  var blockCount: Int
  var places: Int

  func run<T: Number>(_: T.Type) throws -> Kernel {
    let plane = windows.map(\.length).reduce(1, *)
    return Kernel { [self] arguments in
      try arguments.map(T.self, to: T.self) { source, target in
        target.update(repeating: .zero)
        Parallel.items(batch * channels, nanoseconds: Double(blockCount * places) * 5) { item in
          for tap in 0..<blockCount {
            for place in 0..<places {
              guard let offset = offset(tap, place) else { continue }
              let value = source[(item * blockCount + tap) * places + place]
              target[item * plane + offset] = T.adding(target[item * plane + offset], value)
            }
          }
        }
      }
    }
  }

  /// The image's element at `tap` of the block at `place`; nil in the padding.
  private func offset(_ tap: Int, _ place: Int) -> Int? {
    var (tap, place, offset, stride) = (tap, place, 0, 1)
    for window in windows.reversed() {
      let position = window.start(place % window.output) + tap % window.kernel * window.dilation
      guard position >= 0, position < window.length else { return nil }
      offset += position * stride
      stride *= window.length
      tap /= window.kernel
      place /= window.output
    }
    return offset
  }
}
