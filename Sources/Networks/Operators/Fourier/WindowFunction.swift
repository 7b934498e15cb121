// Room: Networks. What the window functions share.

internal import Foundation
internal import Tensors

/// A sum of cosines over a length: `Σ (-1)^k a_k cos(2 π k n / N)`.
package protocol WindowFunction: Operator {
  static var coefficients: [Double] { get }
  var attributes: WindowFunctionAttributes { get }
}

/// The attributes of a window function.
package struct WindowFunctionAttributes: Sendable {
  let type: ElementType
  let isPeriodic: Bool

  package init(_ node: NodeDescription) throws {
    type = try node.elementType("output_datatype") ?? .float32
    isPeriodic = try node.flag("periodic", default: true)
  }
}

extension WindowFunction {
  package var widening: Widening { .none }
  package var valueInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    guard let length = try inputs.integer(0) else {
      throw OperatorFault.invalid("input 0, the length, is missing")
    }
    return [try TensorFacts(attributes.type, checking: [length])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let length = try inputs.integer(0) ?? 0
    let period = Double(max(attributes.isPeriodic ? length : length - 1, 1))
    try WorkMemory.require(2 * length, of: Double.self)
    return Kernel { arguments in
      let values = (0..<length).map { index -> Double in
        Self.coefficients.enumerated().reduce(0) { sum, item in
          sum + (item.offset % 2 == 0 ? 1 : -1) * item.element
            * cos(2 * .pi * Double(item.offset * index) / period)
        }
      }
      try ElementConversion.convert(Tensor(values, shape: [length]), into: arguments.output())
    }
  }
}
