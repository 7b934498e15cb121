// Room: Networks. Normalising rows of neighbouring elements: what the normalisations share.

internal import Tensors

/// Means and variances of rows, in double precision between blocks.
enum RowMoments {
  /// The mean and the variance of `count` elements.
  @inline(__always)
  static func meanAndVariance<T: Real>(_ x: UnsafePointer<T>, count: Int) -> (Double, Double) {
    if T.self == Float.self {
      let row = UnsafeRawPointer(x).assumingMemoryBound(to: Float.self)
      let moments = Moments(of: row, count: count)
      return (moments.mean, moments.squares / Double(max(count, 1)))
    }
    var sum = 0.0
    for index in 0..<count { sum += Double(x[index]) }
    let mean = sum / Double(count)
    var squares = 0.0
    for index in 0..<count {
      let difference = Double(x[index]) - mean
      squares += difference * difference
    }
    return (mean, squares / Double(count))
  }

  /// The mean of the squares of `count` elements.
  @inline(__always)
  static func meanSquare<T: Real>(_ x: UnsafePointer<T>, count: Int) -> Double {
    if T.self == Float.self {
      let row = UnsafeRawPointer(x).assumingMemoryBound(to: Float.self)
      return VectorMath.reduce(.sumOfSquares, row, count: count) / Double(count)
    }
    var squares = 0.0
    for index in 0..<count { squares += Double(x[index]) * Double(x[index]) }
    return squares / Double(count)
  }

  /// `y = x · scale + shift` for a row, then, of float32, an activation.
  @inline(__always)
  static func affine<T: Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, count: Int, scale: T, shift: T,
    _ activation: Activation = .none
  ) {
    if T.self == Float.self {
      let row = UnsafeRawPointer(x).assumingMemoryBound(to: Float.self)
      let result = UnsafeMutableRawPointer(y).assumingMemoryBound(to: Float.self)
      return VectorMath.affine(
        row, result, count: count, scale: Float(scale), shift: Float(shift), activation)
    }
    for index in 0..<count { y[index] = x[index] * scale + shift }
  }
}

/// Makes a kernel for float32 or float64.
enum RealKernel {
  static func make<Body: RealBody>(_ type: ElementType, _ body: Body) throws -> Kernel {
    switch type {
    case .float32: try body.kernel(Float.self)
    case .float64: try body.kernel(Double.self)
    default: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}

/// A kernel that is generic over the floating-point type.
protocol RealBody: Sendable {
  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel
}

/// The mean of some values, and the sum of their squares about it: what two sets of values have can
/// be put together.
///
/// **Source**: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing
/// sample variances (1979).
struct Moments: BitwiseCopyable {
  var count: Double, mean: Double, squares: Double

  /// Values that stay in the first cache from their sum to that of their squares.
  private static let block = 4096

  init(count: Double = 0, mean: Double = 0, squares: Double = 0) {
    (self.count, self.mean, self.squares) = (count, mean, squares)
  }

  /// Of `count` values, each read from memory once.
  init(of values: UnsafePointer<Float>, count: Int) {
    self.init()
    var start = 0
    while start < count {
      let length = min(Self.block, count - start)
      let sum = VectorMath.reduce(.sum, values + start, count: length)
      let mean = sum / Double(length)
      let squares = VectorMath.reduce(
        .sumOfSquares, values + start, count: length, about: Float(mean))
      // The rounding of the mean to float is taken back; NaN stays.
      let shift = mean - Double(Float(mean))
      let rest = squares - Double(length) * shift * shift
      add(Moments(count: Double(length), mean: mean, squares: rest < 0 ? 0 : rest))
      start += length
    }
  }

  /// Takes in the moments of other values.
  mutating func add(_ other: Moments) {
    guard count > 0 else { return self = other }
    let (total, difference) = (count + other.count, other.mean - mean)
    mean += difference * other.count / total
    squares += other.squares + difference * difference * count * other.count / total
    count = total
  }
}
