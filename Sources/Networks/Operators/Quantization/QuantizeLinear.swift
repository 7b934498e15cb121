// Room: Networks. The operator QuantizeLinear.

internal import Tensors

/// `saturate(round(x / scale) + zero point)`, by tensor, by channel, or by block.
///
/// The quotient is rounded to the scale's type, or to that which `precision` names; whole numbers
/// are rounded to nearest, ties to even.
///
/// **Edge cases**: NaN becomes the smallest integer.
/// **Source**: ONNX `QuantizeLinear`, opsets 10 to 28.
package struct QuantizeLinearOperator: Operator {
  let axis: Int
  let block: Int
  let type: ElementType?
  let precision: ElementType?
  private let rounding: SmallFloatRounding

  package init(_ node: NodeDescription) throws {
    axis = try node.int("axis", default: 1)
    block = try node.int("block_size", default: 0)
    func type(_ name: String) throws -> ElementType? {
      try node.int(name, default: 0) == 0 ? nil : node.elementType(name)
    }
    self.type = try type("output_dtype")
    precision = try type("precision")
    rounding = SmallFloatRounding(
      saturates: try node.flag("saturate", default: true), saturatesInfinity: node.opset >= 24)
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    _ = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    if let zero = inputs[2], zero.shape.count != scale.shape.count {
      throw OperatorFault.invalid("zero points of shape \(zero.shape) for scales of \(scale.shape)")
    }
    let result = inputs[2]?.elementType ?? type ?? .uint8
    guard result.integerRange != nil || (result.isFloatingPoint && result.byteWidth == 1) else {
      throw OperatorFault.unsupported("quantisation to \(result.rawValue)")
    }
    return [try TensorFacts(result, checking: x.shape.dimensions)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (x, scale) = (try inputs.required(0), try inputs.required(1))
    let place = try QuantizationAxis(x.shape, scale: scale.shape, axis: axis, block: block)
    guard let output = outputs[0] else { throw OperatorFault.unsupported("this element type") }
    let quotient = QuotientRounding(precision ?? scale.elementType)
    guard let range = output.elementType.integerRange else {
      return Kernel { [rounding] arguments in
        let quotients = try Self.quotients(arguments, place, quotient, addingZeros: true)
        try ElementConversion.convert(quotients, into: arguments.output(), rounding: rounding)
      }
    }
    let limits = (low: Float(range.lowerBound), high: Float(range.upperBound))
    if let byte = output.elementType.byteRange.map({ _ in output.elementType }),
      x.elementType == .float32, quotient == .float, scale.shape.count == 1, block == 0
    {
      return Self.byteKernel(byte)
    }
    return Kernel { arguments in
      let quotients = try Self.quotients(arguments, place, quotient, addingZeros: false)
      let output = try arguments.output()
      let zeros = try Self.floats(arguments.optionalInput(2)) ?? [0]
      func store<Target: TensorScalar>(_: Target.Type, _ convert: (Float) -> Target) {
        let target = output.plannedDestination(of: Target.self)
        quotients.withElements(of: Float.self) { q in
          Parallel.elements(q.count, nanosecondsPerElement: 1) { range in
            place.forEachRun(in: range) { start, count, scale, step in
              for index in 0..<count {
                let zero = zeros.count == 1 ? zeros[0] : zeros[scale + index * step]
                target[start + index] = convert(
                  Rounding.quantized(q[start + index], zero, limits.low, limits.high))
              }
            }
          }
        }
      }
      switch output.elementType {
      case .uint8: store(UInt8.self) { UInt8(truncatingIfNeeded: Int32($0)) }
      case .int8: store(Int8.self) { Int8(truncatingIfNeeded: Int32($0)) }
      case .uint16: store(UInt16.self) { UInt16(truncatingIfNeeded: Int32($0)) }
      case .int16: store(Int16.self) { Int16(truncatingIfNeeded: Int32($0)) }
      case .int4: store(Int4.self) { Int4(truncatingIfNeeded: Int64($0)) }
      case .uint4: store(UInt4.self) { UInt4(truncatingIfNeeded: Int64($0)) }
      case .int2: store(Int2.self) { Int2(truncatingIfNeeded: Int64($0)) }
      case .uint2: store(UInt2.self) { UInt2(truncatingIfNeeded: Int64($0)) }
      case let type: throw OperatorFault.unsupported("quantisation to \(type.rawValue)")
      }
    }
  }

  /// From float32 to bytes with one scale.
  private static func byteKernel(_ type: ElementType) -> Kernel {
    Kernel { arguments in
      let scale = try QuantizationValues.floats(arguments.input(1))[0]
      let zero = try QuantizationValues.integers(arguments.optionalInput(2))[0]
      guard let target = try arguments.output().plannedBytes.baseAddress else { return }
      try arguments.input(0).withElements(of: Float.self) { x in
        guard let x = x.baseAddress else { return }
        VectorMath.quantize(
          x, count: try arguments.output().count, scale: scale, zero: zero,
          isSigned: type == .int8, to: target.assumingMemoryBound(to: UInt8.self))
      }
    }
  }

  private static func floats(_ tensor: Tensor?) throws -> [Float]? {
    try tensor.map { try ElementConversion.convert($0, to: .float32).elements(as: Float.self) }
  }

  /// `x / scale`, each rounded as `rounding` says.
  private static func quotients(
    _ arguments: KernelArguments, _ place: QuantizationAxis, _ rounding: QuotientRounding,
    addingZeros: Bool
  ) throws -> Tensor {
    let scales = try floats(arguments.input(1)) ?? []
    let zeros = addingZeros ? try floats(arguments.optionalInput(2)) : nil
    let source = try ElementConversion.convert(arguments.input(0), to: .float32)
    let result = try Tensor(working: source.shape, .float32)
    let target = result.plannedDestination(of: Float.self)
    source.withElements(of: Float.self) { x in
      Parallel.elements(x.count, nanosecondsPerElement: 1) { range in
        place.forEachRun(in: range) { start, count, scale, step in
          for index in start..<start + count {
            target[index] = x[index] / scales[scale + (index - start) * step]
          }
          if rounding != .float {
            for index in start..<start + count { target[index] = rounding.rounded(target[index]) }
          }
          if let zeros {
            for index in start..<start + count {
              target[index] += zeros[zeros.count == 1 ? 0 : scale + (index - start) * step]
            }
          }
        }
      }
    }
    return result
  }
}

/// The type that a quotient is rounded to.
private enum QuotientRounding: Sendable {
  case float, half, bfloat

  init(_ type: ElementType) {
    switch type {
    case .float16: self = .half
    case .bfloat16: self = .bfloat
    default: self = .float
    }
  }

  func rounded(_ value: Float) -> Float {
    switch self {
    case .float: value
    case .half: Float(Half(value))
    case .bfloat: Float(BFloat16(value))
    }
  }
}

/// Rounding without the processor's rounding instructions, which plain x86-64 lacks.
enum Rounding {
  /// `round(value) + zero`, ties to even, inside `low...high`; `low` for NaN.
  @inline(__always)
  static func quantized(_ value: Float, _ zero: Float, _ low: Float, _ high: Float) -> Float {
    // Adding 1.5 · 2²³ leaves no bits for a fraction.
    let magic: Float = 12_582_912
    let above = value > low - zero ? value : low - zero
    let inside = above < high - zero ? above : high - zero
    return inside + magic - magic + zero
  }
}
