// Room: Networks. Three-dimensional float32 pools: planes pooled first, then along the first axis.

internal import Tensors

/// A pool over volumes: maxima of maxima, means of means of equally many.
struct VolumePool: Sendable {
  private let kind: Pooling2D.Kind
  private let planar: PlanarPool
  private let depth: Window
  private let inPlane: Int, outPlane: Int

  /// Nil for what `PlanarPool` does not cover.
  init?(_ kind: Pooling2D.Kind, _ windows: [Window], rounded: Bool) throws {
    guard windows.count == 3, windows[0].before >= 0, windows[0].after >= 0,
      let planar = try PlanarPool(kind, Array(windows.dropFirst()), rounded: rounded)
    else { return nil }
    let depth = windows[0]
    inPlane = windows[1].length * windows[2].length
    outPlane = windows[1].output * windows[2].output
    // A window that lies in padding altogether has rules of its own; and a file may say that padding
    // makes planes of a size that only the result has memory for.
    guard (0..<depth.output).allSatisfy({ !depth.taps($0).isEmpty }), outPlane <= 2 * inPlane else {
      return nil
    }
    (self.kind, self.planar, self.depth) = (kind, planar, depth)
  }

  func kernel(volumes: Int) -> Kernel {
    Kernel(name: "planes") { [self] arguments in
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        let cost = Double(depth.length * inPlane) + Double(depth.output * depth.kernel * outPlane)
        Parallel.items(volumes, nanoseconds: cost * 0.3) { volume in
          Scratch.with(Float.self, count: depth.length * outPlane) { planes in
            planar.run(x + volume * depth.length * inPlane, planes: depth.length, planes)
            for position in 0..<depth.output {
              join(planes, position, y + (volume * depth.output + position) * outPlane)
            }
          }
        }
      }
    }
  }

  /// Joins the pooled planes under one position.
  private func join(
    _ planes: UnsafePointer<Float>, _ position: Int, _ target: UnsafeMutablePointer<Float>
  ) {
    let taps = depth.taps(position)
    var operation = BinaryOperation.maximum
    if case .average = kind { operation = .add }
    for tap in taps {
      let plane = planes + (depth.start(position) + tap * depth.dilation) * outPlane
      if tap == taps.lowerBound {
        target.update(from: plane, count: outPlane)
      } else {
        VectorMath.combine(operation, target, plane, target, count: outPlane)
      }
    }
    guard case .average(let includingPadding) = kind else { return }
    var count = Float(includingPadding ? depth.paddedTaps(position) : taps.count)
    VectorMath.combine(.divide, target, &count, bStep: 0, target, count: outPlane)
  }
}
