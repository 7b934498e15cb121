// Tests of Tensors: Fourier transforms against the definition, in double precision.

internal import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct FourierTransformTests {
  /// Powers of two, every radix, mixtures, large primes (Bluestein), and latitudes and longitudes.
  static let lengths = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 22, 26, 30, 45, 64, 77, 90, 97, 127, 128, 131,
    180, 206, 262, 360, 721,
  ]
  /// Signals along the inner and along the outer dimension; too few for a vector, and not whole ones.
  static let batches = [(1, 1), (1, 19), (3, 1), (21, 1), (2, 3), (5, 70)]

  private struct Point {
    var real = 0.0
    var imaginary = 0.0
  }

  /// The definition.
  private func transformed(_ signal: [Point], sign: Double) -> [Point] {
    let count = signal.count
    let circle = (0..<count).map { index -> (Double, Double) in
      let angle = sign * 2 * Double.pi * Double(index) / Double(count)
      return (cos(angle), sin(angle))
    }
    return (0..<count).map { k in
      signal.enumerated().reduce(into: Point()) { sum, item in
        let (c, s) = circle[k * item.offset % count]
        sum.real += item.element.real * c - item.element.imaginary * s
        sum.imaginary += item.element.real * s + item.element.imaginary * c
      }
    }
  }

  private func run<Scalar: FourierScalar>(
    _ transform: FourierTransform<Scalar>, _ input: [Scalar],
    _ layout: FourierTransform<Scalar>.Layout, count: Int
  ) -> [Scalar] {
    var output = [Scalar](repeating: .nan, count: count)
    input.withUnsafeBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        transform.run(source, target, layout)
      }
    }
    return output
  }

  /// The largest difference between a dense result and the definition, relative to the largest value.
  private func error<Scalar: FourierScalar>(
    _ type: Scalar.Type, _ kind: FourierTransform<Scalar>.Kind, length: Int, outer: Int, inner: Int,
    isInverse: Bool
  ) -> Double {
    var generator = SeededGenerator(seed: UInt64(length * 1000 + outer * 100 + inner))
    let widthIn = kind == .realToComplex ? 1 : 2
    let widthOut = kind == .complexToReal ? 1 : 2
    let given = kind == .complexToReal ? length / 2 + 1 : length
    let input = generator.floats(outer * given * inner * widthIn, in: -1...1).map { Scalar($0) }
    let result = run(
      FourierTransform<Scalar>(kind, length: length, isInverse: isInverse), input,
      .init(
        outer: outer, given: given, wanted: length, inner: inner, inputWidth: widthIn,
        outputWidth: widthOut), count: outer * length * inner * widthOut)
    var (worst, largest) = (0.0, 1e-30)
    for line in 0..<outer * inner {
      let (o, i) = (line / inner, line % inner)
      var signal = (0..<given).map { row -> Point in
        let place = ((o * given + row) * inner + i) * widthIn
        return Point(
          real: Double(input[place]), imaginary: widthIn == 2 ? Double(input[place + 1]) : 0)
      }
      if kind == .complexToReal {
        signal[0].imaginary = 0
        if length % 2 == 0 { signal[length / 2].imaginary = 0 }
        for k in stride(from: given, to: length, by: 1) {
          let other = signal[length - k]
          signal.append(Point(real: other.real, imaginary: -other.imaginary))
        }
      }
      let sign = isInverse || kind == .complexToReal ? 1.0 : -1.0
      for (row, expected) in transformed(signal, sign: sign).enumerated() {
        let place = ((o * length + row) * inner + i) * widthOut
        worst = max(worst, abs(Double(result[place]) - expected.real))
        if widthOut == 2 { worst = max(worst, abs(Double(result[place + 1]) - expected.imaginary)) }
        largest = max(largest, abs(expected.real), abs(expected.imaginary))
        if worst.isNaN { return .infinity }
      }
    }
    return worst / largest
  }

  @Test(arguments: lengths)
  func agreesWithTheDefinition(length: Int) {
    for variant in KernelVariant.all {
      for (outer, inner) in length > 40 ? [(1, 19), (3, 1)] : Self.batches {
        for isInverse in [false, true] {
          let what = "\(length) \(variant.name) \(outer) \(inner) \(isInverse)"
          variant.asCurrent {
            for kind in [FourierTransform<Float>.Kind.complex, .realToComplex, .complexToReal] {
              let error = error(
                Float.self, kind, length: length, outer: outer, inner: inner, isInverse: isInverse)
              #expect(error < 6e-7, "\(what) \(kind)")
            }
            for kind in [FourierTransform<Double>.Kind.complex, .realToComplex, .complexToReal] {
              let error = error(
                Double.self, kind, length: length, outer: outer, inner: inner,
                isInverse: isInverse)
              #expect(error < 4e-15, "\(what) \(kind) double")
            }
          }
        }
      }
    }
  }

  @Test(arguments: [360, 721, 1021, 1440])
  func roundTripsAndKeepsEnergy(length: Int) {
    var generator = SeededGenerator(seed: 7)
    let inner = 33
    let signal = generator.floats(length * inner, in: -1...1)
    let half = length / 2 + 1
    let spectrum = run(
      FourierTransform<Float>(.realToComplex, length: length), signal,
      .init(outer: 1, given: length, wanted: half, inner: inner, inputWidth: 1, outputWidth: 2),
      count: half * inner * 2)
    let back = run(
      FourierTransform<Float>(.complexToReal, length: length, scale: 1 / Double(length)), spectrum,
      .init(outer: 1, given: half, wanted: length, inner: inner, inputWidth: 2, outputWidth: 1),
      count: signal.count)
    #expect(zip(signal, back).allSatisfy { abs($0 - $1) < 2e-6 })
    var energy = 0.0
    for (place, value) in spectrum.enumerated() {
      let row = place / (2 * inner)
      let isSingle = row == 0 || 2 * row == length
      energy += Double(value) * Double(value) * (isSingle ? 1 : 2)
    }
    let expected = signal.reduce(0.0) { $0 + Double($1) * Double($1) } * Double(length)
    #expect(abs(energy - expected) < 1e-5 * expected)
  }

  @Test func sameBitsForAnyNumberOfThreads() {
    var generator = SeededGenerator(seed: 8)
    let (length, inner) = (90, 1000)
    let signal = generator.floats(4 * length * inner * 2, in: -1...1)
    let results = [1, 2, 5].map { threads in
      ThreadPool(threads: threads).asCurrent {
        run(
          FourierTransform<Float>(.complex, length: length), signal,
          .init(
            outer: 4, given: length, wanted: length, inner: inner, inputWidth: 2, outputWidth: 2),
          count: signal.count)
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func inputIsCutOrFilledUp() {
    let impulse: [Float] = [1, 0, 5, 5]
    let cut = run(
      FourierTransform<Float>(.realToComplex, length: 2), impulse,
      .init(outer: 1, given: 4, wanted: 2, inner: 1, inputWidth: 1, outputWidth: 2), count: 4)
    #expect(cut == [1, 0, 1, 0])
    let filled = run(
      FourierTransform<Float>(.realToComplex, length: 5), [1, 2],
      .init(outer: 1, given: 2, wanted: 5, inner: 1, inputWidth: 1, outputWidth: 2), count: 10)
    #expect(filled[0] == 3 && filled[1] == 0)
    #expect(abs(filled[2] - Float(1 + 2 * cos(2 * Double.pi / 5))) < 1e-6)
    #expect(filled[3] == -filled[9] && filled[2] == filled[8])
  }

  @Test func worksInPlace() {
    var generator = SeededGenerator(seed: 9)
    let signal = generator.floats(2 * 12 * 50 * 2, in: -1...1)
    let transform = FourierTransform<Float>(.complex, length: 12)
    let layout = FourierTransform<Float>.Layout(
      outer: 2, given: 12, wanted: 12, inner: 50, inputWidth: 2, outputWidth: 2)
    let expected = run(transform, signal, layout, count: signal.count)
    var memory = signal
    memory.withUnsafeMutableBufferPointer { memory in
      guard let base = memory.baseAddress else { return }
      transform.run(base, base, layout)
    }
    #expect(memory == expected)
  }
}
