// Room: Networks. What ONNX Runtime's Rfft and Irfft share.

internal import Tensors

/// Their attributes.
package struct SignalAttributes: Sendable {
  /// How many of the last dimensions are transformed.
  let dimensions: Int
  private let isNormalized: Bool

  init(_ node: NodeDescription) throws {
    dimensions = try node.int("signal_ndim", default: 1)
    isNormalized = try node.flag("normalized")
    guard (1...3).contains(dimensions) else {
      throw OperatorFault.invalid("attribute 'signal_ndim' is \(dimensions) and must be 1 to 3")
    }
    guard try node.flag("onesided", default: true) else {
      throw OperatorFault.unsupported("whole spectra; set onesided to 1")
    }
  }

  func check(_ type: ElementType, _ lengths: ArraySlice<Int>) throws {
    guard type.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    for length in lengths { try FourierLengths.check(length) }
  }

  /// 1 and 1 / n, or with `normalized` the square root of 1 / n both ways.
  func scale(_ lengths: ArraySlice<Int>, isInverse: Bool) -> Double {
    let count = lengths.reduce(1.0) { $0 * Double($1) }
    return isNormalized ? 1 / count.squareRoot() : isInverse ? 1 / count : 1
  }

  /// Complex transforms along some axes of a dense tensor, one after the other.
  struct Axes<Scalar: FourierScalar>: Sendable {
    private let passes: [(FourierTransform<Scalar>, FourierTransform<Scalar>.Layout)]

    init(_ lengths: [Int], axes: Range<Int>, isInverse: Bool) {
      passes = axes.map { axis in
        (
          FourierTransform(.complex, length: lengths[axis], isInverse: isInverse),
          .init(
            outer: lengths[..<axis].reduce(1, *), given: lengths[axis], wanted: lengths[axis],
            inner: lengths[(axis + 1)...].reduce(1, *), inputWidth: 2, outputWidth: 2)
        )
      }
    }

    var isEmpty: Bool { passes.isEmpty }

    /// The first pass reads `input`, the others the output in place.
    func run(_ input: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>) {
      for (index, pass) in passes.enumerated() {
        pass.0.run(index == 0 ? input : UnsafePointer(output), output, pass.1)
      }
    }
  }
}
