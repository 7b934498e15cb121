// Room: Networks. The operator ReverseSequence.

internal import Tensors

/// The first elements of each batch's sequence in reverse, as many as a length says.
package struct ReverseSequenceOperator: Operator {
  private let batchAxis: Int
  private let timeAxis: Int

  package init(_ node: NodeDescription) throws {
    batchAxis = try node.int("batch_axis", default: 1)
    timeAxis = try node.int("time_axis", default: 0)
    guard Set([batchAxis, timeAxis]) == [0, 1] else {
      throw OperatorFault.invalid("batch and time must be axes 0 and 1")
    }
  }

  package var widening: Widening { .adapts }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 2...64)
    guard try inputs.required(1).shape.dimensions == [input.shape[batchAxis]] else {
      throw OperatorFault.invalid("there is not one length for each batch")
    }
    return [TensorFacts(input.elementType, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let (batches, times) = (input.shape[batchAxis], input.shape[timeAxis])
    let row = input.shape.dimensions[2...].reduce(1, *) * input.elementType.byteWidth
    return Kernel { [batchAxis] arguments in
      let lengths = try arguments.input(1).integerElements(input: 1)
      guard lengths.allSatisfy({ $0 >= 0 && $0 <= times }) else {
        throw OperatorFault.invalid("a length of \(lengths) is more than \(times)")
      }
      try arguments.move { source, target in
        for batch in 0..<batches {
          for time in 0..<times {
            let other = time < lengths[batch] ? lengths[batch] - 1 - time : time
            func place(_ time: Int) -> Int {
              batchAxis == 0 ? batch * times + time : time * batches + batch
            }
            (target + place(time) * row).copyMemory(
              from: source + place(other) * row, byteCount: row)
          }
        }
      }
    }
  }
}
