// Room: Tensors. Fourier transforms of many signals in plain memory, in parallel.

internal import CVectorKernels

/// Discrete Fourier transforms along one axis of dense memory.
///
/// Real signals take half the work of complex ones. Signals are transformed side by side, one in
/// each lane of the vectors, in tiles that depend on the lengths alone: the same bits for any number
/// of threads. Output and input may be the same memory where each signal's elements lie in the same
/// places of both.
package struct FourierTransform<Scalar: FourierScalar>: Sendable {
  /// What goes in and comes out.
  package enum Kind: Sendable {
    /// Complex numbers both ways.
    case complex
    /// Real numbers to a spectrum, of which the second half mirrors the first.
    case realToComplex
    /// The first half of a spectrum to the real numbers that have it. `isInverse` makes no
    /// difference, and imaginary parts that no such spectrum has are ignored.
    case complexToReal
  }

  /// Where signals lie: `outer` times `inner` of them, steps in scalars (a complex number is two).
  package struct Layout: Sendable {
    package var outer: Int, inner: Int
    /// Elements that the input has of each signal: more than needed are ignored, missing ones 0.
    package var given: Int
    /// Elements that the output has of each signal.
    package var wanted: Int
    package var inputOuter: Int, inputRow: Int, inputInner: Int
    package var outputOuter: Int, outputRow: Int, outputInner: Int

    /// Dense tensors `[outer, given, inner]` and `[outer, wanted, inner]` of numbers of these widths
    /// (1 real, 2 complex).
    package init(
      outer: Int, given: Int, wanted: Int, inner: Int, inputWidth: Int, outputWidth: Int
    ) {
      (self.outer, self.inner, self.given, self.wanted) = (outer, inner, given, wanted)
      (inputRow, inputInner) = (inner * inputWidth, inputWidth)
      (outputRow, outputInner) = (inner * outputWidth, outputWidth)
      (inputOuter, outputOuter) = (given * inputRow, wanted * outputRow)
    }
  }

  package let kind: Kind
  package let length: Int
  private let isInverse: Bool
  private let inputWidth: Int
  private let scale: Double
  private let plan: FourierPlan<Scalar>

  /// A transform of `length` elements (above 0), its results multiplied by `scale`. An input that
  /// `omitsImaginary` parts has scalars where complex numbers are expected.
  package init(
    _ kind: Kind, length: Int, isInverse: Bool = false, scale: Double = 1,
    omitsImaginary: Bool = false
  ) {
    (self.kind, self.length, self.isInverse, self.scale) = (kind, length, isInverse, scale)
    inputWidth = kind == .realToComplex || omitsImaginary ? 1 : 2
    plan = Scalar.fourierPlans.plan(length, isReal: kind != .complex)
  }

  /// Transforms every signal; allocates nothing.
  package func run(
    _ input: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>, _ layout: Layout
  ) {
    guard layout.outer > 0, layout.inner > 0, layout.wanted > 0 else { return }
    let variant = KernelVariant.current
    let vector = variant.lanes * MemoryLayout<Float>.size / MemoryLayout<Scalar>.size
    // Lanes are the neighbours along the inner dimension, unless there are too few of them.
    let isInner = layout.inner >= min(vector, layout.outer)
    let (signals, groups) =
      isInner ? (layout.inner, layout.outer) : (layout.outer, layout.inner)
    let lanes = lanesPerTile(signals: signals, vector: vector)
    let strips = (signals + lanes - 1) / lanes
    let work = Double(layout.outer) * Double(layout.inner) * Double(plan.rows)
    ThreadPool.current.forEachTile(groups * strips, nanoseconds: work * 2) { tile in
      let (group, first) = (tile / strips, tile % strips * lanes)
      let count = min(lanes, signals - first)
      let (outer, inner) = isInner ? (group, first) : (first, group)
      runTile(
        input + outer * layout.inputOuter + inner * layout.inputInner,
        output + outer * layout.outputOuter + inner * layout.outputInner, layout,
        count: count, pitch: count < 4 ? count : (count + vector - 1) / vector * vector,
        inputLane: isInner ? layout.inputInner : layout.inputOuter,
        outputLane: isInner ? layout.outputInner : layout.outputOuter,
        Scalar.fourierKernels(variant))
    }
  }

  /// As many signals as keep the planes in the first cache, whole vectors of them; one where even a
  /// vector of them would leave the second.
  private func lanesPerTile(signals: Int, vector: Int) -> Int {
    let bytes = 4 * plan.rows * MemoryLayout<Scalar>.size
    if bytes * vector > 4 << 20 { return 1 }
    return min(max(1, (40 << 10) / bytes / vector), 4) * vector
  }

  private func runTile(
    _ input: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>, _ layout: Layout,
    count: Int, pitch: Int, inputLane: Int, outputLane: Int, _ kernels: squall_fourier
  ) {
    // Rows of two planes that are a power of two apart would fall on each other in the cache.
    let plane = plan.rows * pitch + 48
    Scratch.with(Scalar.self, count: 4 * plane) { memory in
      let planes = FourierPlanes(real: memory, imaginary: memory + plane)
      let spare = FourierPlanes(real: memory + 2 * plane, imaginary: memory + 3 * plane)
      let needed = kind == .complexToReal ? length / 2 + 1 : length
      let given = min(layout.given, needed)
      kernels.load(
        given, count, inputWidth, input, layout.inputRow, inputLane, pitch, planes.real,
        planes.imaginary)
      clear(planes.real, rows: given, needed: needed, count: count, pitch: pitch)
      if kind != .realToComplex {
        clear(
          planes.imaginary, rows: inputWidth == 2 ? given : 0, needed: needed, count: count,
          pitch: pitch)
      }
      switch kind {
      case .complex:
        let result = plan.complex(
          planes, spare: spare, lanes: pitch, isInverse: isInverse, kernels)
        kernels.store(
          layout.wanted, count, 2, result.real, result.imaginary, pitch, scale, false, output,
          layout.outputRow, outputLane)
      case .realToComplex:
        let result = plan.forward(planes, spare: spare, lanes: pitch, kernels)
        let half = min(layout.wanted, length / 2 + 1)
        kernels.store(
          half, count, 2, result.real, result.imaginary, pitch, scale, isInverse, output,
          layout.outputRow, outputLane)
        if layout.wanted > half {
          kernels.store(
            length - half, count, 2, result.real + pitch, result.imaginary + pitch, pitch, scale,
            !isInverse, output + (length - 1) * layout.outputRow, -layout.outputRow, outputLane)
        }
      case .complexToReal:
        let result = plan.backward(planes, spare: spare, lanes: pitch, kernels)
        kernels.store(
          layout.wanted, count, 1, result.real, result.imaginary, pitch, scale, false, output,
          layout.outputRow, outputLane)
      }
    }
  }

  /// Zeros where no input is: missing rows, and the lanes that fill up a vector.
  private func clear(
    _ plane: UnsafeMutablePointer<Scalar>, rows: Int, needed: Int, count: Int, pitch: Int
  ) {
    if pitch > count {
      for row in 0..<rows {
        (plane + row * pitch + count).update(repeating: 0, count: pitch - count)
      }
    }
    (plane + rows * pitch).update(repeating: 0, count: (needed - rows) * pitch)
  }
}
