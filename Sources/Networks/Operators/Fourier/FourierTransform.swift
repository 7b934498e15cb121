// Room: Networks. Fourier transforms of any length, in double precision.

internal import Foundation

/// A complex number.
struct Complex: Sendable {
  var real = 0.0
  var imaginary = 0.0

  init() {}

  init(_ real: Double, _ imaginary: Double) {
    self.real = real
    self.imaginary = imaginary
  }

  static func + (a: Complex, b: Complex) -> Complex {
    Complex(a.real + b.real, a.imaginary + b.imaginary)
  }

  static func - (a: Complex, b: Complex) -> Complex {
    Complex(a.real - b.real, a.imaginary - b.imaginary)
  }

  static func * (a: Complex, b: Complex) -> Complex {
    Complex(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }
}

/// A transform of one length with its tables: radix 2 where the length is a power of two, else
/// Bluestein's convolution with chirps.
struct FourierTransform: Sendable {
  let length: Int
  private let size: Int
  private let roots: [Complex]
  private let chirp: [Complex]
  private let chirpSpectrum: [Complex]

  init(_ length: Int) {
    self.length = length
    let isPower = length & (length - 1) == 0
    var size = 1
    while size < (isPower ? length : 2 * length - 1) { size *= 2 }
    self.size = size
    roots = (0..<size / 2).map { index in
      let angle = -2 * Double.pi * Double(index) / Double(size)
      return Complex(cos(angle), sin(angle))
    }
    if isPower {
      chirp = []
      chirpSpectrum = []
      return
    }
    // n² modulo 2 length keeps the angle's accuracy.
    let chirp = (0..<length).map { index -> Complex in
      let square = index.multipliedFullWidth(by: index)
      let rest = (2 * length).dividingFullWidth(square).remainder
      let angle = -Double.pi * Double(rest) / Double(length)
      return Complex(cos(angle), sin(angle))
    }
    var filter = [Complex](repeating: Complex(), count: size)
    for (index, value) in chirp.enumerated() {
      let conjugate = Complex(value.real, -value.imaginary)
      filter[index] = conjugate
      if index > 0 { filter[size - index] = conjugate }
    }
    Self.radix2(&filter, roots)
    self.chirp = chirp
    chirpSpectrum = filter
  }

  /// Transforms `length` values in place; the inverse divides by the length.
  func run(_ values: inout [Complex], isInverse: Bool) {
    if isInverse { Self.conjugate(&values, scale: 1) }
    if chirp.isEmpty {
      Self.radix2(&values, roots)
    } else {
      bluestein(&values)
    }
    if isInverse { Self.conjugate(&values, scale: 1 / Double(length)) }
  }

  private static func conjugate(_ values: inout [Complex], scale: Double) {
    for index in values.indices {
      values[index] = Complex(values[index].real * scale, -values[index].imaginary * scale)
    }
  }

  private func bluestein(_ values: inout [Complex]) {
    var work = [Complex](repeating: Complex(), count: size)
    for index in 0..<length { work[index] = values[index] * chirp[index] }
    Self.radix2(&work, roots)
    for index in work.indices { work[index] = work[index] * chirpSpectrum[index] }
    Self.conjugate(&work, scale: 1)
    Self.radix2(&work, roots)
    Self.conjugate(&work, scale: 1 / Double(size))
    for index in 0..<length { values[index] = work[index] * chirp[index] }
  }

  /// The classic in-place transform of a power of two.
  private static func radix2(_ values: inout [Complex], _ roots: [Complex]) {
    let count = values.count
    guard count > 1 else { return }
    var other = 0
    for index in 1..<count {
      var bit = count >> 1
      while other & bit != 0 {
        other ^= bit
        bit >>= 1
      }
      other |= bit
      if index < other { values.swapAt(index, other) }
    }
    values.withUnsafeMutableBufferPointer { values in
      roots.withUnsafeBufferPointer { roots in
        var half = 1
        while half < count {
          let step = count / (2 * half)
          for start in stride(from: 0, to: count, by: 2 * half) {
            for index in 0..<half {
              let turned = values[start + half + index] * roots[index * step]
              let kept = values[start + index]
              values[start + index] = kept + turned
              values[start + half + index] = kept - turned
            }
          }
          half *= 2
        }
      }
    }
  }
}
