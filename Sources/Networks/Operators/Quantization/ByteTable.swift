// Room: Networks. Functions of one quantised value: a table of 256 results.

internal import Tensors

/// What each of the 256 bytes becomes.
package struct ByteTable: Sendable, Hashable {
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The table of `function` between quantisations.
  init(
    from input: QuantizedType, to output: QuantizedType, _ function: (Float) -> Float
  ) {
    bytes = (0..<256).map { code in
      output.code(function(input.value(UInt8(code))))
    }
  }

  /// Whether every byte stays as it is.
  package var isIdentity: Bool { bytes.indices.allSatisfy { bytes[$0] == UInt8($0) } }

  /// Writes the results for `count` bytes.
  package func apply(
    _ source: UnsafePointer<UInt8>, count: Int, to target: UnsafeMutablePointer<UInt8>
  ) {
    bytes.withUnsafeBufferPointer { table in
      guard let table = table.baseAddress, bytes.count == 256 else { return }
      Parallel.elements(count, nanosecondsPerElement: 0.3) { range in
        let start = range.lowerBound
        ByteRows.look(up: source + start, count: range.count, in: table, to: target + start)
      }
    }
  }
}

/// A byte type with a scale and a zero point.
package struct QuantizedType: Sendable, Hashable {
  package var isSigned: Bool
  package var scale: Float
  package var zero: Int32

  package init(isSigned: Bool, scale: Float, zero: Int32) {
    (self.isSigned, self.scale, self.zero) = (isSigned, scale, zero)
  }

  /// The type of `bytes` with what two tensors of one value hold; no zero point means 0.
  init(_ type: ElementType, scale: Tensor?, zero: Tensor?) throws {
    self.init(
      isSigned: type == .int8,
      scale: try QuantizationValues.scalar(QuantizationValues.floats(scale)),
      zero: try QuantizationValues.scalar(QuantizationValues.integers(zero)))
  }

  var range: (low: Int32, high: Int32) { isSigned ? (-128, 127) : (0, 255) }

  /// The number that a byte stands for.
  func value(_ code: UInt8) -> Float {
    let whole = isSigned ? Int32(Int8(bitPattern: code)) : Int32(code)
    return Float(whole &- zero) * scale
  }

  /// The byte nearest to `value`.
  func code(_ value: Float) -> UInt8 {
    UInt8(
      truncatingIfNeeded: Int32(
        Rounding.quantized(value / scale, Float(zero), Float(range.low), Float(range.high))))
  }

  /// Requantisation by `scales` into this type.
  func requantization(_ scales: [Float]) -> Requantization {
    Requantization(scales: scales, zero: zero, low: range.low, high: range.high)
  }
}

/// An operator that looks each byte up in a table.
package struct ByteTableOperator: Operator {
  private let table: ByteTable
  private let type: ElementType

  package init(_ node: NodeDescription) throws {
    throw OperatorFault.unsupported("a table in a file")
  }

  /// What a pass makes of a function between quantisations; the results are of `type`.
  init(_ table: ByteTable, _ type: ElementType) { (self.table, self.type) = (table, type) }

  package var widening: Widening { .none }
  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireBytes(0)
    return [TensorFacts(type, try inputs.required(0).shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    Kernel { [table] arguments in
      try arguments.move { source, target in
        table.apply(
          source.assumingMemoryBound(to: UInt8.self), count: try arguments.output().count,
          to: target.assumingMemoryBound(to: UInt8.self))
      }
    }
  }
}

/// What `com.microsoft`'s operators that map each quantised value by itself share.
///
/// Inputs: X, its scale and zero point, the result's scale and zero point.
package protocol QuantizedUnaryOperator: Operator {
  func value(_ x: Float) -> Float
}

extension QuantizedUnaryOperator {
  package var widening: Widening { .none }
  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(4...5)
    try inputs.requireBytes(0, 2, 4)
    try inputs.requireSingle(1, 2, 3, 4)
    return [TensorFacts(try inputs.required(0).elementType, try inputs.required(0).shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let type = try inputs.required(0).elementType
    func table(_ tensor: (Int) -> Tensor?) throws -> ByteTable {
      ByteTable(
        from: try QuantizedType(type, scale: tensor(1), zero: tensor(2)),
        to: try QuantizedType(type, scale: tensor(3), zero: tensor(4)), value)
    }
    let known = inputs.areConstant(1...4) ? try table { inputs[$0]?.constant } : nil
    return Kernel { [self] arguments in
      func makeTable() throws -> ByteTable {
        ByteTable(
          from: try QuantizedType(
            type, scale: arguments.optionalInput(1), zero: arguments.optionalInput(2)),
          to: try QuantizedType(
            type, scale: arguments.optionalInput(3), zero: arguments.optionalInput(4)), value)
      }
      let table = try known ?? makeTable()
      try arguments.move { source, target in
        table.apply(
          source.assumingMemoryBound(to: UInt8.self), count: try arguments.output().count,
          to: target.assumingMemoryBound(to: UInt8.self))
      }
    }
  }
}
