// Room: Networks. Element types that are computed in a wider one.

package import Tensors

/// Which element types an operator's kernel does not compute itself: inputs of these types are
/// converted first, and outputs converted back, so that each result is rounded once.
package struct Widening: OptionSet, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Half precision, bfloat16 and smaller floats are computed as float32.
  package static let halves = Widening(rawValue: 1)
  /// Integers of fewer than 64 bits are computed as int64 and wrap around as their own type does.
  package static let integers = Widening(rawValue: 2)
  /// Booleans are computed as int64, 0 and 1.
  package static let booleans = Widening(rawValue: 4)
  /// Floats of several types are all computed in the widest.
  package static let mixedFloats = Widening(rawValue: 8)
  /// Integers and booleans are computed in the floats that stand beside them.
  package static let numbersAsFloats = Widening(rawValue: 16)
  /// Results that lie outside a narrow integer's range stop at its ends, instead of wrapping around.
  package static let saturating = Widening(rawValue: 32)
  /// int8 and uint8 are computed as themselves, whatever other integers are.
  package static let ownBytes = Widening(rawValue: 64)
  /// Every type is taken as it is, mostly because elements are only moved; between nodes that
  /// compute halves in float32 the node gets and gives float32, too (`HalfWidening`).
  package static let adapts = Widening(rawValue: 128)
  /// float64 is computed as itself, unless this is set: then as float32. For nothing yet.
  package static let none: Widening = []

  /// The type that `type` is computed in.
  package func computing(_ type: ElementType) -> ElementType {
    switch type {
    case _ where type.isNarrowFloat: contains(.halves) ? .float32 : type
    case _ where contains(.numbersAsFloats) && !type.isFloatingPoint: .float32
    case .int8 where contains(.ownBytes), .uint8 where contains(.ownBytes): type
    case _ where type.isNarrowInteger: contains(.integers) ? .int64 : type
    case .bool: contains(.booleans) ? .int64 : type
    default: type
    }
  }
}

extension Operator {
  /// The type that `type` is computed in beside operands of `types`.
  private func computing(_ type: ElementType, beside types: [ElementType]) -> ElementType {
    let own = widening.computing(type)
    guard widening.contains(.mixedFloats), own == .float32, types.contains(.float64) else {
      return own
    }
    return .float64
  }

  /// `prepare`, with inputs and outputs of narrow types converted around the kernel.
  package func prepareWidened(
    _ inputs: Operands, outputs: [TensorFacts?], limits: MemoryLimits
  ) throws -> Kernel {
    let widening = self.widening
    let types = (inputs.facts + outputs).compactMap { $0?.elementType }
    func widened(_ facts: TensorFacts?) throws -> TensorFacts? {
      guard var facts else { return nil }
      let type = computing(facts.elementType, beside: types)
      if type != facts.elementType {
        facts.elementType = type
        facts.constant = try facts.constant.map { try ElementConversion.convert($0, to: type) }
      }
      return facts
    }
    var wideInputs = inputs
    wideInputs.facts = try inputs.facts.map(widened)
    let wideOutputs = try outputs.map(widened)
    let kernel = try prepare(wideInputs, outputs: wideOutputs)
    let inputTypes = wideInputs.facts.map { $0?.elementType }
    // Constants are converted here, not in every run.
    let constants = wideInputs.facts.map { $0?.constant }
    let changed =
      zip(inputs.facts, wideInputs.facts).contains { $0?.elementType != $1?.elementType }
      || zip(outputs, wideOutputs).contains { $0?.elementType != $1?.elementType }
    guard changed else { return kernel }
    return Kernel(scratchBytes: kernel.scratchBytes, name: "\(kernel.name), widened") { arguments in
      var wide = arguments
      for (index, type) in inputTypes.enumerated() {
        guard let type, let input = arguments.inputs[index], input.elementType != type else {
          continue
        }
        wide.inputs[index] =
          try constants[index] ?? ElementConversion.convert(input, to: type)
      }
      for (index, facts) in wideOutputs.enumerated() where index < arguments.outputs.count {
        guard let facts, let output = arguments.outputs[index],
          output.elementType != facts.elementType
        else { continue }
        wide.outputs[index] = try limits.allocate(facts)
      }
      try kernel.run(wide)
      for (index, output) in arguments.outputs.enumerated() {
        guard let output, var result = wide.outputs[index],
          result.elementType != output.elementType
        else { continue }
        if widening.contains(.saturating), result.elementType == .int64 {
          result = result.limited(to: output.elementType)
        }
        try ElementConversion.convert(result, into: output)
      }
    }
  }
}
