// Room: Networks. The operator Range.

internal import Tensors

/// Numbers from a start by a step, up to but without a limit.
package struct RangeOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package var widening: Widening { [.halves, .integers] }
  package var valueInputs: [Int] { [0, 1, 2] }

  private func count(_ inputs: Operands) throws -> Int {
    func scalar(_ index: Int) throws -> Double {
      guard let values = try inputs.numbers(index), values.count == 1 else {
        throw OperatorFault.invalid("input \(index) is not one number")
      }
      return values[0]
    }
    let (start, limit, step) = (try scalar(0), try scalar(1), try scalar(2))
    guard step != 0 else { throw OperatorFault.invalid("the step is 0") }
    return max(0, try Checked.integer(((limit - start) / step).rounded(.up)))
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1, 2])
    guard type.isNumber else { throw OperatorFault.invalid("cannot count in booleans") }
    return [try TensorFacts(type, checking: [count(inputs)])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    try inputs.required(0).elementType.computing(RangeBody())
  }
}

private struct RangeBody: NumberBody {
  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { arguments in
      let start = try arguments.input(0).elements(as: T.self)[0]
      let step = try arguments.input(2).elements(as: T.self)[0]
      let target = try arguments.output().plannedDestination(of: T.self)
      for index in target.indices {
        target[index] = T.adding(start, T.multiplying(step, T(number: Double(index))))
      }
    }
  }
}
