// Room: Tensors. The lengths of a tensor's dimensions, checked once.

/// The lengths of a tensor's dimensions, outermost first; a scalar's shape is empty.
///
/// A `Shape` always has non-negative lengths whose product fits `Int`, so that code past its
/// creation need not ask again.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// The lengths, outermost first.
  public let dimensions: [Int]
  /// How many elements a tensor of this shape has: the product of the lengths, 1 for a scalar.
  public let count: Int

  /// The shape of a scalar.
  public static let scalar = Shape(unchecked: [], count: 1)

  /// A shape from lengths that come from outside.
  ///
  /// **Throws** `TensorError.invalidShape` for a negative length or a product beyond `Int`.
  public init(checking dimensions: [Int]) throws(TensorError) {
    var product = 1
    var overflow = false
    for length in dimensions {
      guard length >= 0 else {
        throw TensorError(
          .invalidShape, "shape \(dimensions) has a negative length; lengths must be 0 or more")
      }
      let (next, carried) = product.multipliedReportingOverflow(by: max(length, 1))
      product = next
      overflow = overflow || carried
    }
    guard !overflow else {
      throw TensorError(
        .invalidShape, "shape \(dimensions) has more elements than an integer can count")
    }
    self.init(unchecked: dimensions, count: dimensions.contains(0) ? 0 : product)
  }

  /// A shape from lengths that the program itself made; traps where `init(checking:)` throws.
  public init(_ dimensions: [Int]) {
    do {
      try self.init(checking: dimensions)
    } catch {
      preconditionFailure(error.message)
    }
  }

  private init(unchecked dimensions: [Int], count: Int) {
    self.dimensions = dimensions
    self.count = count
  }

  /// How many dimensions there are.
  public var rank: Int { dimensions.count }

  /// The length of dimension `index`.
  public subscript(index: Int) -> Int { dimensions[index] }

  /// The distances, in elements, between neighbours along each dimension of a dense row-major
  /// tensor of this shape.
  public var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    var step = 1
    for index in stride(from: rank - 1, through: 0, by: -1) {
      strides[index] = step
      step *= max(dimensions[index], 1)
    }
    return strides
  }

  /// The lengths in brackets, as in `[1, 3, 64, 64]`.
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }

  /// The shape that two operands broadcast to (NumPy's rule, ONNX "multidirectional").
  ///
  /// **Throws** `TensorError.shapeMismatch` where lengths differ and neither is 1.
  public func broadcast(with other: Shape) throws(TensorError) -> Shape {
    let rank = max(self.rank, other.rank)
    var lengths = [Int](repeating: 1, count: rank)
    for index in 0..<rank {
      let left = index - (rank - self.rank) < 0 ? 1 : self[index - (rank - self.rank)]
      let right = index - (rank - other.rank) < 0 ? 1 : other[index - (rank - other.rank)]
      guard left == right || left == 1 || right == 1 else {
        throw TensorError(
          .shapeMismatch,
          "shapes \(self) and \(other) do not broadcast: lengths must be equal or 1")
      }
      lengths[index] = left == 1 ? right : left
    }
    return try Shape(checking: lengths)
  }
}

extension Shape: ExpressibleByArrayLiteral {
  /// A shape written as a list; traps where `init(checking:)` throws.
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}
