// Room: Networks. The operator RotaryEmbedding.

internal import Tensors

/// Pairs of values turned by angles that depend on the position.
///
/// **Shapes**: `[batch, heads, length, size]` or `[batch, length, heads · size]`; cosines and sines
/// `[positions, size / 2]` with position ids, or `[batch, length, size / 2]` without.
/// **Source**: ONNX RotaryEmbedding, opset 23.
package struct RotaryEmbeddingOperator: Operator {
  private let interleaves: Bool
  private let heads: Int
  private let dimension: Int

  package init(_ node: NodeDescription) throws {
    interleaves = try node.flag("interleaved")
    heads = try node.int("num_heads", default: 0)
    dimension = try node.int("rotary_embedding_dim", default: 0)
  }

  private struct Lengths {
    var batch: Int
    var heads: Int
    var length: Int
    var size: Int
    var rotated: Int
    var isFolded: Bool
  }

  private func lengths(_ inputs: Operands) throws -> Lengths {
    let x = try inputs.required(0, rank: 3...4).shape
    var result: Lengths
    if x.rank == 4 {
      result = Lengths(
        batch: x[0], heads: x[1], length: x[2], size: x[3], rotated: 0, isFolded: false)
    } else {
      guard heads > 0, x[2] % heads == 0 else {
        throw OperatorFault.invalid("\(heads) heads do not divide \(x[2]) values")
      }
      result = Lengths(
        batch: x[0], heads: heads, length: x[1], size: x[2] / heads, rotated: 0, isFolded: true)
    }
    result.rotated = dimension == 0 ? result.size : dimension
    guard result.rotated > 0, result.rotated % 2 == 0, result.rotated <= result.size else {
      throw OperatorFault.invalid("cannot rotate \(result.rotated) of \(result.size) values")
    }
    let half = result.rotated / 2
    for index in 1...2 {
      let table = try inputs.required(index).shape
      let fits =
        inputs[3] == nil
        ? table.dimensions == [result.batch, result.length, half]
        : table.rank == 2 && table[1] == half
      guard fits else { throw OperatorFault.invalid("a table of shape \(table) does not fit") }
    }
    if let ids = inputs[3]?.shape, ids.dimensions != [result.batch, result.length] {
      throw OperatorFault.invalid("position ids of shape \(ids) do not fit")
    }
    return result
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType([0, 1, 2])
    _ = try lengths(inputs)
    return [TensorFacts(type, try inputs.required(0).shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let lengths = try lengths(inputs)
    let positions = inputs[3] == nil ? nil : try inputs.required(1).shape[0]
    guard try inputs.required(0).elementType == .float32 else {
      throw OperatorFault.unsupported("this element type")
    }
    return Kernel { [interleaves] arguments in
      let ids = try arguments.optionalInput(3)?.integerElements(input: 3)
      if let ids, let positions, !ids.allSatisfy({ (0..<positions).contains($0) }) {
        throw OperatorFault.invalid("a position lies outside the table of \(positions)")
      }
      let cosines = try arguments.input(1).elements(as: Float.self)
      let sines = try arguments.input(2).elements(as: Float.self)
      let half = lengths.rotated / 2
      try arguments.map(Float.self, to: Float.self) { x, y in
        for item in 0..<lengths.batch * lengths.length * lengths.heads {
          let (batch, rest) = (
            item / (lengths.length * lengths.heads), item % (lengths.length * lengths.heads)
          )
          let step = lengths.isFolded ? rest / lengths.heads : rest % lengths.length
          let row = batch * lengths.length + step
          let table = (ids.map { $0[row] } ?? row) * half
          let start = item * lengths.size
          for pair in 0..<half {
            let a = start + (interleaves ? 2 * pair : pair)
            let b = start + (interleaves ? 2 * pair + 1 : half + pair)
            let (cosine, sine) = (cosines[table + pair], sines[table + pair])
            (y[a], y[b]) = (cosine * x[a] - sine * x[b], sine * x[a] + cosine * x[b])
          }
          for index in start + lengths.rotated..<start + lengths.size { y[index] = x[index] }
        }
      }
    }
  }
}
