// Room: Tensors. How a Fourier transform of one length is computed, made once and kept.

package import CVectorKernels
internal import Synchronization

/// An element type that Fourier transforms are computed in.
package protocol FourierScalar: TensorScalar, BinaryFloatingPoint {
  /// The passes of one instruction set.
  static func fourierKernels(_ variant: KernelVariant) -> squall_fourier
  /// The process's plans.
  static var fourierPlans: FourierPlans<Self> { get }
}

extension Float: FourierScalar {
  package static let fourierPlans = FourierPlans<Float>()
  package static func fourierKernels(_ variant: KernelVariant) -> squall_fourier {
    variant.table.pointee.f32_fourier
  }
}

extension Double: FourierScalar {
  package static let fourierPlans = FourierPlans<Double>()
  package static func fourierKernels(_ variant: KernelVariant) -> squall_fourier {
    variant.table.pointee.f64_fourier
  }
}

/// The plans that have been made, by length.
package final class FourierPlans<Scalar: FourierScalar>: Sendable {
  private struct Key: Hashable {
    var length: Int
    var isReal: Bool
  }

  private let plans = Mutex<[Key: FourierPlan<Scalar>]>([:])

  /// The plan of a length, made at the first call.
  func plan(_ length: Int, isReal: Bool) -> FourierPlan<Scalar> {
    let key = Key(length: length, isReal: isReal)
    if let known = plans.withLock({ $0[key] }) { return known }
    let made = FourierPlan<Scalar>(length, isReal: isReal)
    plans.withLock { plans in
      // Whoever uses a plan holds it; this only bounds what is kept for others.
      if plans.count >= 64 { plans.removeAll() }
      plans[key] = made
    }
    return made
  }
}

/// Real and imaginary parts in two planes, a row of signals for each element of them.
struct FourierPlanes<Scalar> {
  var real: UnsafeMutablePointer<Scalar>
  var imaginary: UnsafeMutablePointer<Scalar>

  var exchanged: FourierPlanes { FourierPlanes(real: imaginary, imaginary: real) }
}

/// The passes of a transform of one length, without scaling.
///
/// Mixed radices where no prime factor is above 127, else Bluestein's convolution. Tables are
/// computed in double precision and rounded once.
final class FourierPlan<Scalar: FourierScalar>: Sendable {
  let length: Int
  /// The rows that each plane needs.
  let rows: Int
  private let stages: [FourierStage<Scalar>]
  private let convolution: FourierConvolution<Scalar>?
  /// Whether there are passes of real numbers; else real signals are computed as complex ones.
  let isReal: Bool

  init(_ length: Int, isReal: Bool) {
    self.length = length
    guard let radices = isReal ? FourierRadices.real(length) : FourierRadices.complex(length) else {
      let convolution = FourierConvolution<Scalar>(length)
      (self.convolution, rows, stages, self.isReal) = (convolution, convolution.size, [], false)
      return
    }
    (convolution, rows, self.isReal) = (nil, length, isReal)
    var stages: [FourierStage<Scalar>] = []
    var done = 1
    for radix in radices {
      let part = isReal ? done : length / (done * radix)
      stages.append(FourierStage(radix: radix, length: part, steps: isReal ? part / 2 + 1 : part))
      done *= radix
    }
    self.stages = stages
  }

  /// The complex transform of `lanes` signals; gives where its result lies, and leaves the other
  /// planes to be used again.
  func complex(
    _ planes: FourierPlanes<Scalar>, spare: FourierPlanes<Scalar>, lanes: Int, isInverse: Bool,
    _ kernels: squall_fourier
  ) -> FourierPlanes<Scalar> {
    // The inverse is the transform with real and imaginary parts exchanged, before and after.
    if isInverse {
      return complex(
        planes.exchanged, spare: spare.exchanged, lanes: lanes, isInverse: false, kernels
      ).exchanged
    }
    if let convolution {
      return convolution.run(planes, spare: spare, lanes: lanes, kernels)
    }
    var (from, to, count) = (planes, spare, lanes)
    for item in stages {
      withUnsafePointer(to: item.stage) {
        kernels.complex($0, count, from.real, from.imaginary, to.real, to.imaginary)
      }
      swap(&from, &to)
      count *= item.radix
    }
    return from
  }

  /// Real signals, in the real plane, to rows 0 to length / 2 of their spectrum.
  func forward(
    _ planes: FourierPlanes<Scalar>, spare: FourierPlanes<Scalar>, lanes: Int,
    _ kernels: squall_fourier
  ) -> FourierPlanes<Scalar> {
    guard isReal else {
      planes.imaginary.update(repeating: 0, count: length * lanes)
      return complex(planes, spare: spare, lanes: lanes, isInverse: false, kernels)
    }
    var (from, to, count) = (planes, spare, length * lanes)
    for item in stages {
      count /= item.radix
      withUnsafePointer(to: item.stage) {
        kernels.forward($0, count, from.real, from.imaginary, to.real, to.imaginary)
      }
      swap(&from, &to)
    }
    from.imaginary.update(repeating: 0, count: lanes)
    if length % 2 == 0 {
      (from.imaginary + length / 2 * lanes).update(repeating: 0, count: lanes)
    }
    return from
  }

  /// Rows 0 to length / 2 of spectra to real signals times the length, in the real plane.
  func backward(
    _ planes: FourierPlanes<Scalar>, spare: FourierPlanes<Scalar>, lanes: Int,
    _ kernels: squall_fourier
  ) -> FourierPlanes<Scalar> {
    guard isReal else {
      planes.imaginary.update(repeating: 0, count: lanes)
      if length % 2 == 0 {
        (planes.imaginary + length / 2 * lanes).update(repeating: 0, count: lanes)
      }
      for row in 1..<max((length + 1) / 2, 1) {
        let (source, target) = (row * lanes, (length - row) * lanes)
        for lane in 0..<lanes {
          planes.real[target + lane] = planes.real[source + lane]
          planes.imaginary[target + lane] = -planes.imaginary[source + lane]
        }
      }
      return complex(planes, spare: spare, lanes: lanes, isInverse: true, kernels)
    }
    var (from, to, count) = (planes, spare, lanes)
    for item in stages.reversed() {
      withUnsafePointer(to: item.stage) {
        kernels.backward($0, count, from.real, from.imaginary, to.real, to.imaginary)
      }
      swap(&from, &to)
      count *= item.radix
    }
    return from
  }
}

/// Bluestein's way to a transform of any length: a convolution with a chirp, by longer transforms.
struct FourierConvolution<Scalar: FourierScalar>: Sendable {
  let length: Int
  /// The length of the transforms that convolve.
  let size: Int
  private let chirp: AlignedArray<Scalar>
  /// The chirp's own spectrum, divided by the size.
  private let spectrum: AlignedArray<Scalar>
  private let plan: FourierPlan<Scalar>

  init(_ length: Int) {
    let size = FourierRadices.smooth(atLeast: 2 * length - 1)
    (self.length, self.size) = (length, size)
    plan = Scalar.fourierPlans.plan(size, isReal: false)
    // exp(-πi k² / length); k² modulo twice the length keeps the angle exact.
    let points = (0..<length).map { index -> UnitPoint in
      UnitPoint(
        (2 * length).dividingFullWidth(index.multipliedFullWidth(by: index)).remainder,
        of: 2 * length)
    }
    chirp = AlignedArray(count: 2 * length) { base in
      for (index, point) in points.enumerated() {
        base[2 * index] = Scalar(point.cosine)
        base[2 * index + 1] = Scalar(-point.sine)
      }
    }
    var planes = [Double](repeating: 0, count: 4 * size)
    for (index, point) in points.enumerated() {
      for place in index > 0 ? [index, size - index] : [0] {
        planes[place] = point.cosine / Double(size)
        planes[size + place] = point.sine / Double(size)
      }
    }
    let doubles = Double.fourierPlans.plan(size, isReal: false)
    let values = planes.withUnsafeMutableBufferPointer { memory -> [Double] in
      guard let base = memory.baseAddress else { return [] }
      let result = doubles.complex(
        FourierPlanes(real: base, imaginary: base + size),
        spare: FourierPlanes(real: base + 2 * size, imaginary: base + 3 * size), lanes: 1,
        isInverse: false, Double.fourierKernels(.current))
      return (0..<size).flatMap { [result.real[$0], result.imaginary[$0]] }
    }
    spectrum = AlignedArray(count: values.count) { base in
      for (index, value) in values.enumerated() { base[index] = Scalar(value) }
    }
  }

  func run(
    _ planes: FourierPlanes<Scalar>, spare: FourierPlanes<Scalar>, lanes: Int,
    _ kernels: squall_fourier
  ) -> FourierPlanes<Scalar> {
    kernels.turn(length, lanes, chirp.base, false, planes.real, planes.imaginary)
    let rest = (size - length) * lanes
    (planes.real + length * lanes).update(repeating: 0, count: rest)
    (planes.imaginary + length * lanes).update(repeating: 0, count: rest)
    let middle = plan.complex(planes, spare: spare, lanes: lanes, isInverse: false, kernels)
    kernels.turn(size, lanes, spectrum.base, false, middle.real, middle.imaginary)
    let other = middle.real == planes.real ? spare : planes
    let result = plan.complex(middle, spare: other, lanes: lanes, isInverse: true, kernels)
    kernels.turn(length, lanes, chirp.base, false, result.real, result.imaginary)
    return result
  }
}
