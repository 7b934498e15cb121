// Room: Networks. One- and two-dimensional float32 pools through the kernels of Tensors.

internal import Tensors

/// A pool that Tensors covers; nil for what it does not.
struct PlanarPool: Sendable {
  private let pool: Pooling2D

  init?(_ kind: Pooling2D.Kind, _ windows: [Window], rounded: Bool) throws {
    guard (1...2).contains(windows.count),
      windows.allSatisfy({ $0.before >= 0 && $0.after >= 0 && $0.length > 0 })
    else { return nil }
    let one = Window(length: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, output: 1)
    let (rows, columns) = windows.count == 2 ? (windows[0], windows[1]) : (one, windows[0])
    func axis(_ window: Window) -> WindowAxis {
      WindowAxis(
        taps: window.kernel, stride: window.stride, dilation: window.dilation,
        before: window.before, after: window.after)
    }
    pool = try Pooling2D(
      kind, vertical: axis(rows), horizontal: axis(columns), height: rows.length,
      width: columns.length, ceiling: rounded)
    guard pool.outHeight == rows.output, pool.outWidth == columns.output else { return nil }
  }

  /// Pools `planes` planes that lie one after the other.
  func run(_ input: UnsafePointer<Float>, planes: Int, _ output: UnsafeMutablePointer<Float>) {
    pool.run(input: input, planes: planes, output: output)
  }

  func kernel(planes: Int) -> Kernel {
    Kernel { [pool] arguments in
      try arguments.map(Float.self, to: Float.self) { source, target in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        pool.run(input: x, planes: planes, output: y)
      }
    }
  }
}
