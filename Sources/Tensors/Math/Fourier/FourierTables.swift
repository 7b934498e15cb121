// Room: Tensors. Which radices a Fourier transform takes, and its tables of sines and cosines.

internal import CVectorKernels
internal import Foundation

/// How a length is split into radices.
enum FourierRadices {
  /// Larger prime factors go Bluestein's way.
  static let largest = 127

  /// For complex numbers: 8s, then 4s, a 2 in front, then odd factors, ascending. It is NumPy's
  /// order, with which its rounding is met to the bit. Nil where a prime factor is too large.
  static func complex(_ length: Int) -> [Int]? {
    var (rest, radices) = (length, [Int]())
    for radix in [8, 4] {
      while rest % radix == 0 {
        radices.append(radix)
        rest /= radix
      }
    }
    if rest % 2 == 0 {
      radices.append(2)
      rest /= 2
      radices.swapAt(0, radices.count - 1)
    }
    return odd(rest).map { radices + $0 }
  }

  /// For real numbers: odd factors, descending, then 4s and a 2; the first is the cheapest pass.
  static func real(_ length: Int) -> [Int]? {
    var (rest, radices) = (length, [Int]())
    for radix in [4, 2] {
      while rest % radix == 0 {
        radices.append(radix)
        rest /= radix
      }
    }
    return odd(rest).map { $0.reversed() + radices }
  }

  private static func odd(_ number: Int) -> [Int]? {
    var (rest, radices, factor) = (number, [Int](), 3)
    while factor <= largest, rest > 1 {
      while rest % factor == 0 {
        radices.append(factor)
        rest /= factor
      }
      factor += 2
    }
    return rest == 1 ? radices : nil
  }

  /// The least product of 2s, 3s and 5s that is not below `least`.
  static func smooth(atLeast least: Int) -> Int {
    var best = Int.max
    var five = 1
    while five < 5 * least {
      var three = five
      while three < 3 * least {
        var two = three
        while two < least { two *= 2 }
        best = min(best, two)
        three *= 3
      }
      five *= 5
    }
    return best
  }
}

/// A point of the unit circle, from the nearest axis or diagonal: to half a unit in the last place.
struct UnitPoint {
  let cosine: Double
  let sine: Double

  /// At `index` of `count` steps around the circle, counterclockwise; `index` within `0..<count`.
  init(_ index: Int, of count: Int) {
    // Eighths of the circle: position 8 index / count, folded onto the first.
    var (place, flipsY, flipsX) = (8 * index, false, false)
    if place > 4 * count {
      place = 8 * count - place
      flipsY = true
    }
    if place > 2 * count {
      place = 4 * count - place
      flipsX = true
    }
    let isSteep = place > count
    if isSteep { place = 2 * count - place }
    let angle = Double(place) * (Double.pi / 4) / Double(count)
    let (x, y) = isSteep ? (sin(angle), cos(angle)) : (cos(angle), sin(angle))
    cosine = flipsX ? -x : x
    sine = flipsY ? -y : y
  }
}

/// One pass with the memory of its tables.
struct FourierStage<Scalar: FourierScalar>: @unchecked Sendable {
  let radix: Int
  let stage: squall_fourier_stage
  private let twiddles: AlignedArray<Scalar>
  private let circle: AlignedArray<Scalar>

  /// `count` sub-transforms of `radix`; `steps` of them need tables.
  init(radix: Int, length: Int, steps: Int) {
    self.radix = radix
    twiddles = AlignedArray(count: steps * (radix - 1) * 2) { base in
      var place = 0
      for step in 0..<steps {
        for leg in 1..<radix {
          let point = UnitPoint(step * leg, of: radix * length)
          base[place] = Scalar(point.cosine)
          base[place + 1] = Scalar(-point.sine)
          place += 2
        }
      }
    }
    circle = AlignedArray(count: 2 * radix) { base in
      for index in 0..<radix {
        let point = UnitPoint(index, of: radix)
        base[index] = Scalar(point.cosine)
        base[radix + index] = Scalar(point.sine)
      }
    }
    stage = squall_fourier_stage(
      radix: radix, length: length, twiddles: UnsafeRawPointer(twiddles.base),
      circle: UnsafeRawPointer(circle.base))
  }
}
