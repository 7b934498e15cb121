// Room: Networks. The operator Shape.

internal import Tensors

/// The lengths of the input's dimensions, or of some (since opset 15).
package struct ShapeOperator: Operator {
  private let start: Int
  private let end: Int

  package init(_ node: NodeDescription) throws {
    start = try node.int("start", default: 0)
    end = try node.int("end", default: .max)
  }

  package var widening: Widening { .none }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let lengths = try inputs.required(0).shape.dimensions
    func clamped(_ index: Int) -> Int {
      min(max(index < 0 ? index + lengths.count : index, 0), lengths.count)
    }
    let (first, last) = (clamped(start), clamped(end))
    let part = first < last ? lengths[first..<last].map(Int64.init) : []
    return [TensorFacts(constant: Tensor(part, shape: [part.count]))]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let known = try infer(inputs)[0]?.constant
    return Kernel { arguments in
      if let known { try ElementConversion.convert(known, into: arguments.output()) }
    }
  }
}
