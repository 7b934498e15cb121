// Room: Networks. Scales and zero points as quantised operators need them.

internal import Tensors

/// Reads scales, zero points and biases.
enum QuantizationValues {
  /// Integers; one zero for an input that is left out.
  static func integers(_ tensor: Tensor?) throws -> [Int32] {
    guard let tensor else { return [0] }
    return try ElementConversion.convert(tensor, to: .int32).elements(as: Int32.self)
  }

  static func floats(_ tensor: Tensor?) throws -> [Float] {
    guard let tensor else { return [1] }
    return try ElementConversion.convert(tensor, to: .float32).elements(as: Float.self)
  }

  /// The one number of a tensor.
  static func scalar<T>(_ values: [T]) throws -> T {
    guard values.count == 1, let value = values.first else {
      throw OperatorFault.invalid("a scale or zero point of \(values.count) values, not one")
    }
    return value
  }
}

extension ElementType {
  /// The range of a type of whole bytes that integer kernels work on.
  var byteRange: (low: Int32, high: Int32)? {
    switch self {
    case .int8: (-128, 127)
    case .uint8: (0, 255)
    default: nil
    }
  }
}

extension Operands {
  /// Throws unless input `index` is of bytes.
  func requireBytes(_ indices: Int...) throws {
    for index in indices {
      guard let facts = self[index], facts.elementType.byteRange == nil else { continue }
      throw OperatorFault.invalid(
        "input \(index) is \(facts.elementType.rawValue), but int8 or uint8 is needed")
    }
  }

  /// Throws unless the inputs at `indices`, where given, hold one value each.
  func requireSingle(_ indices: Int...) throws {
    for index in indices {
      guard let facts = self[index], facts.shape.count != 1 else { continue }
      throw OperatorFault.invalid("input \(index) of shape \(facts.shape) is not one value")
    }
  }

  /// Whether the contents of all inputs at `indices` that are given are known.
  func areConstant(_ indices: some Sequence<Int>) -> Bool {
    indices.allSatisfy { index in self[index].map { $0.constant != nil } ?? true }
  }
}

extension Tensor {
  /// Calls `body` with the bytes of a tensor of int8 or uint8.
  func withRawBytes<Result>(_ body: (UnsafePointer<UInt8>) throws -> Result) rethrows -> Result? {
    try withBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      return try body(base.assumingMemoryBound(to: UInt8.self))
    }
  }
}
