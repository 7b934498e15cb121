// Room: Networks. The operator LinearAttention.

internal import Foundation
internal import Tensors

/// Attention through a state that each step decays, corrects and reads, in time linear in the length.
///
/// With `linear`, the state S gains `k ⊗ v` at each step and the result is `scale · Sᵀ q`; `gated`
/// first multiplies S by `e^decay`; `delta` writes `beta · (v − Sᵀ k)` instead of v; `gated_delta`
/// does both.
///
/// **Shapes**: queries `[batch, length, heads · size]`, keys and values with their own heads, of
/// which each serves a group of query heads; states `[batch, heads, key size, value size]`; decay by
/// head or by key element, beta by head or for all. **Edge cases**: sums are float32 whatever the
/// type. **Source**: ONNX LinearAttention, opset 27.
package struct LinearAttentionOperator: Operator {
  private let queryHeads: Int
  private let keyHeads: Int
  private let scale: Float
  private let decays: Bool
  private let corrects: Bool

  package init(_ node: NodeDescription) throws {
    queryHeads = try node.int("q_num_heads", default: 0)
    keyHeads = try node.int("kv_num_heads", default: 0)
    scale = try node.float("scale", default: 0)
    let rule = try node.choice(
      "update_rule", default: "gated_delta", ["linear", "gated", "delta", "gated_delta"])
    decays = rule.hasPrefix("gated")
    corrects = rule.hasSuffix("delta")
    guard queryHeads > 0, keyHeads > 0, queryHeads % keyHeads == 0 else {
      throw OperatorFault.invalid(
        "\(queryHeads) query heads do not divide among \(keyHeads) key heads")
    }
    guard decays == node.hasInput(4), corrects == node.hasInput(5) else {
      throw OperatorFault.invalid("the rule '\(rule)' does not go with the inputs given")
    }
  }

  package var widening: Widening { .none }

  private func lengths(_ inputs: Operands) throws -> Lengths {
    let query = try inputs.required(0, rank: 3...3).shape
    let key = try inputs.required(1, rank: 3...3).shape
    let value = try inputs.required(2, rank: 3...3).shape
    let (batch, length) = (query[0], query[1])
    let result = Lengths(
      batch: batch, length: length, keySize: query[2] / queryHeads, valueSize: value[2] / keyHeads,
      decaysByElement: inputs[4].map { $0.shape.rank == 3 && $0.shape[2] != keyHeads } ?? false,
      sharesBeta: inputs[5].map { $0.shape.rank == 3 && $0.shape[2] != keyHeads } ?? false)
    guard query[2] == queryHeads * result.keySize, value[2] == keyHeads * result.valueSize,
      key.dimensions == [batch, length, keyHeads * result.keySize], value[0] == batch,
      value[1] == length
    else {
      throw OperatorFault.invalid("shapes \(query), \(key) and \(value) do not go together")
    }
    if let past = inputs[3]?.shape, past.dimensions != result.state(keyHeads) {
      throw OperatorFault.invalid("a state of shape \(past) is not \(result.state(keyHeads))")
    }
    if let decay = inputs[4]?.shape {
      let width = result.decaysByElement ? keyHeads * result.keySize : keyHeads
      guard decay.dimensions == [batch, length, width] else {
        throw OperatorFault.invalid("a decay of shape \(decay) does not fit")
      }
    }
    if let beta = inputs[5]?.shape {
      guard beta.dimensions == [batch, length, result.sharesBeta ? 1 : keyHeads] else {
        throw OperatorFault.invalid("a rate of shape \(beta) does not fit")
      }
    }
    return result
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1, 2, 4, 5])
    let stateType = inputs[3]?.elementType ?? type
    guard type.isFloatingPoint, stateType.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    let lengths = try lengths(inputs)
    let width = try Checked.product(queryHeads, lengths.valueSize)
    return [
      try TensorFacts(type, checking: [lengths.batch, lengths.length, width]),
      try TensorFacts(stateType, checking: lengths.state(keyHeads)),
    ]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let lengths = try lengths(inputs)
    let factor = scale == 0 ? 1 / Float(max(lengths.keySize, 1)).squareRoot() : scale
    return Kernel { [queryHeads, keyHeads, decays, corrects] arguments in
      func floats(_ index: Int) throws -> [Float]? {
        try arguments.optionalInput(index).map {
          try ElementConversion.convert($0, to: .float32).elements(as: Float.self)
        }
      }
      let run = LinearAttentionRun(
        lengths: lengths, queryHeads: queryHeads, keyHeads: keyHeads, factor: factor,
        query: try floats(0) ?? [], key: try floats(1) ?? [], value: try floats(2) ?? [],
        decay: decays ? try floats(4) : nil, beta: corrects ? try floats(5) : nil)
      let result = Tensor(
        zeros: [lengths.batch, lengths.length, queryHeads * lengths.valueSize], .float32)
      let stateShape = Shape(lengths.state(keyHeads))
      let state = try floats(3).map { Tensor($0, shape: stateShape) } ?? Tensor(zeros: stateShape)
      let target = result.plannedDestination(of: Float.self)
      let states = state.plannedDestination(of: Float.self)
      let cost = Double(lengths.length * lengths.keySize * lengths.valueSize) * 2
      Parallel.items(lengths.batch * keyHeads, nanoseconds: cost) {
        run.head($0, states, target)
      }
      for (index, tensor) in [result, state].enumerated() where index < arguments.outputs.count {
        if let output = arguments.outputs[index] {
          try ElementConversion.convert(tensor, into: output)
        }
      }
    }
  }

  fileprivate struct Lengths: Sendable {
    var batch: Int
    var length: Int
    var keySize: Int
    var valueSize: Int
    var decaysByElement: Bool
    var sharesBeta: Bool

    func state(_ heads: Int) -> [Int] { [batch, heads, keySize, valueSize] }
  }
}

/// One run, head by head.
private struct LinearAttentionRun: Sendable {
  let lengths: LinearAttentionOperator.Lengths
  let queryHeads: Int
  let keyHeads: Int
  let factor: Float
  let query: [Float]
  let key: [Float]
  let value: [Float]
  let decay: [Float]?
  let beta: [Float]?

  /// All steps of one head of keys of one batch.
  func head(
    _ item: Int, _ states: UnsafeMutableBufferPointer<Float>,
    _ target: UnsafeMutableBufferPointer<Float>
  ) {
    let (keySize, valueSize) = (lengths.keySize, lengths.valueSize)
    let (batch, head) = (item / keyHeads, item % keyHeads)
    let state = item * keySize * valueSize
    let group = queryHeads / keyHeads
    var written = [Float](repeating: 0, count: valueSize)
    for step in 0..<lengths.length {
      let row = batch * lengths.length + step
      let keys = (row * keyHeads + head) * keySize
      let values = (row * keyHeads + head) * valueSize
      if let decay {
        for own in 0..<keySize {
          let place = lengths.decaysByElement ? keys + own : row * keyHeads + head
          let gate = exp(decay[place])
          for column in 0..<valueSize { states[state + own * valueSize + column] *= gate }
        }
      }
      for column in 0..<valueSize { written[column] = value[values + column] }
      if let beta {
        let rate = beta[lengths.sharesBeta ? row : row * keyHeads + head]
        for own in 0..<keySize {
          for column in 0..<valueSize {
            written[column] -= states[state + own * valueSize + column] * key[keys + own]
          }
        }
        for column in 0..<valueSize { written[column] *= rate }
      }
      for own in 0..<keySize {
        for column in 0..<valueSize {
          states[state + own * valueSize + column] += key[keys + own] * written[column]
        }
      }
      for member in head * group..<(head + 1) * group {
        let queries = (row * queryHeads + member) * keySize
        let result = (row * queryHeads + member) * valueSize
        for own in 0..<keySize {
          let weight = query[queries + own] * factor
          for column in 0..<valueSize {
            target[result + column] += weight * states[state + own * valueSize + column]
          }
        }
      }
    }
  }
}
