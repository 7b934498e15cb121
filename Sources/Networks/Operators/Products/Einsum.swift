// Room: Networks. The operator Einsum.

internal import Tensors

/// Sums of products by Einstein's notation, with ellipses, repeated labels and implicit outputs.
///
/// Operands are taken two at a time. A pair becomes one batched matrix product: labels that both
/// have and the result needs are the batch, those that both have and nobody needs are summed. Two
/// float32 operands are multiplied where they lie, or rearranged first if that is faster.
package struct EinsumOperator: Operator {
  let equation: String
  private let packed = PackedOnce<ArrangedConstant>()

  package init(_ node: NodeDescription) throws {
    equation = try node.string("equation", default: "")
  }

  package var widening: Widening { [.halves, .integers] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let type = try inputs.requireSameType(Array(0..<inputs.count))
    guard type.isNumber else { throw OperatorFault.invalid("cannot work on booleans") }
    let notation = try EinsteinNotation(equation, shapes: shapes(inputs))
    return [try TensorFacts(type, checking: notation.output.map { notation.lengths[$0] ?? 1 })]
  }

  private func shapes(_ inputs: Operands) throws -> [Shape] {
    try (0..<inputs.count).map { try inputs.required($0).shape }
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let notation = try EinsteinNotation(equation, shapes: shapes(inputs))
    if let kernel = try arranged(notation, inputs) { return kernel }
    return try inputs.required(0).elementType.computing(EinsumBody(notation: notation))
  }

  /// A kernel of matrix products, each operand as it lies or rearranged whole; nil where that cannot
  /// be.
  private func arranged(_ notation: EinsteinNotation, _ inputs: Operands) throws -> Kernel? {
    guard inputs.count == 2, try inputs.required(0).elementType == .float32 else { return nil }
    for (operand, shape) in zip(notation.operands, try shapes(inputs)) {
      let isWhole = zip(operand, shape.dimensions).allSatisfy { notation.lengths[$0] == $1 }
      guard isWhole, !shape.dimensions.contains(0) else { return nil }
    }
    let isConstant = try (0..<2).map { try inputs.required($0).constant != nil }
    return try ArrangedProduct(notation, isConstant: isConstant)?.kernel(inputs, packed: packed)
  }
}

/// An equation with the lengths of its labels.
struct EinsteinNotation: Sendable {
  /// By operand, a label for each dimension.
  let operands: [[Int]]
  let output: [Int]
  let lengths: [Int: Int]

  init(_ equation: String, shapes: [Shape]) throws {
    func fault(_ text: String) -> OperatorFault { .invalid("equation '\(equation)' \(text)") }
    let compact = equation.filter { $0 != " " }
    let sides = compact.replacing("->", with: ">").split(
      separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
    let terms = (sides.first ?? "").split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == shapes.count else {
      throw fault("has \(terms.count) terms for \(shapes.count) inputs")
    }
    // Letters are their code; dimensions under an ellipsis are negative, counted from the last.
    func labels(_ term: Substring, dots: Int) throws -> [Int] {
      let parts = term.replacing("...", with: ".")
      var result: [Int] = []
      for scalar in parts.unicodeScalars {
        if scalar == "." {
          result += (0..<dots).map { $0 - dots }
        } else {
          guard scalar.properties.isAlphabetic, scalar.isASCII else { throw fault("is malformed") }
          result.append(Int(scalar.value))
        }
      }
      guard parts.count(where: { $0 == "." }) <= 1 else { throw fault("is malformed") }
      return result
    }
    var operands: [[Int]] = []
    var lengths: [Int: Int] = [:]
    var widest = 0
    for (term, shape) in zip(terms, shapes) {
      let named = term.replacing("...", with: "").count
      let dots = shape.rank - named
      guard term.contains("...") ? dots >= 0 : dots == 0 else {
        throw fault("does not fit an input of shape \(shape)")
      }
      widest = max(widest, term.contains("...") ? dots : 0)
      let own = try labels(term, dots: dots)
      for (label, length) in zip(own, shape.dimensions) {
        let known = lengths[label] ?? 1
        guard known == length || known == 1 || length == 1 else {
          throw fault("gives one label the lengths \(known) and \(length)")
        }
        lengths[label] = known == 1 ? length : known
      }
      operands.append(own)
    }
    self.operands = operands
    self.lengths = lengths
    if sides.count == 2 {
      output = try labels(sides[1], dots: widest)
    } else {
      let all = operands.flatMap { $0 }
      let once = Set(all.filter { $0 > 0 }).filter { label in all.count { $0 == label } == 1 }
      output = (0..<widest).map { $0 - widest } + once.sorted()
    }
    guard Set(output).count == output.count, output.allSatisfy({ lengths[$0] != nil }) else {
      throw fault("asks for labels that no input has")
    }
  }
}

private struct EinsumBody: NumberBody {
  let notation: EinsteinNotation

  /// An operand between the steps: dense, one label a dimension.
  private struct Factor<T: Number> {
    var labels: [Int]
    var lengths: [Int]
    var values: [T]
  }

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { arguments in
      var factors: [Factor<T>] = []
      for (index, labels) in notation.operands.enumerated() {
        let input = try arguments.input(index)
        factors.append(try reduced(input, labels, others: index))
      }
      var result = factors[0]
      for (index, factor) in factors.enumerated().dropFirst() {
        var needed = Set(notation.output)
        for later in factors[(index + 1)...] { needed.formUnion(later.labels) }
        result = try product(result, factor, needed: needed)
      }
      let final = arranged(result, notation.output, summing: true)
      let target = try arguments.output().plannedDestination(of: T.self)
      guard final.values.count == target.count else {
        throw OperatorFault.invalid("an output label has length 1 in every input but one")
      }
      for position in target.indices { target[position] = final.values[position] }
    }
  }

  /// An input with diagonals taken and broadcast dimensions filled, labels once each.
  private func reduced<T: Number>(
    _ tensor: Tensor, _ labels: [Int], others: Int
  ) throws -> Factor<T> {
    var unique: [Int] = []
    var strides: [Int] = []
    let dense = tensor.shape.rowMajorStrides
    for (place, label) in labels.enumerated() {
      let stride = tensor.shape[place] == 1 ? 0 : dense[place]
      if let known = unique.firstIndex(of: label) {
        strides[known] += stride
      } else {
        unique.append(label)
        strides.append(stride)
      }
    }
    let lengths = unique.map { notation.lengths[$0] ?? 1 }
    let shape = try Shape(checking: lengths)
    let result = try Tensor(working: shape, T.elementType)
    tensor.withBytes { bytes in
      guard let from = bytes.baseAddress, let to = result.plannedBytes.baseAddress,
        shape.count > 0
      else { return }
      Movement.gather(
        from, strides: strides, shape: shape, into: to, width: T.elementType.byteWidth)
    }
    return Factor(labels: unique, lengths: lengths, values: result.elements(as: T.self))
  }

  /// The factor with its labels in another order; labels that are left out are summed.
  private func arranged<T: Number>(
    _ factor: Factor<T>, _ order: [Int], summing: Bool
  ) -> Factor<T> {
    let present = order.filter(factor.labels.contains)
    let rest = factor.labels.filter { !order.contains($0) }
    let strides = Shape(factor.lengths).rowMajorStrides
    let all = present + rest
    let places = all.compactMap { factor.labels.firstIndex(of: $0) }
    let shape = Shape(places.map { factor.lengths[$0] })
    let walk = BroadcastWalk(shape, strides: [places.map { strides[$0] }])
    let tail = rest.compactMap { factor.labels.firstIndex(of: $0) }.reduce(1) {
      $0 * factor.lengths[$1]
    }
    var values = [T](repeating: .zero, count: tail == 0 ? 0 : shape.count / tail)
    if shape.count > 0 {
      walk.forEachPiece(in: 0..<shape.count) { start, count, offsets in
        for index in 0..<count {
          let value = factor.values[offsets[0] + index * walk.rowStrides[0]]
          let place = (start + index) / tail
          values[place] = tail == 1 ? value : T.adding(values[place], value)
        }
      }
    } else {
      values = [T](
        repeating: .zero,
        count: present.compactMap { factor.labels.firstIndex(of: $0) }.reduce(1) {
          $0 * factor.lengths[$1]
        })
    }
    return Factor(
      labels: present,
      lengths: present.compactMap { factor.labels.firstIndex(of: $0) }.map { factor.lengths[$0] },
      values: values)
  }

  private func product<T: Number>(
    _ left: Factor<T>, _ right: Factor<T>, needed: Set<Int>
  ) throws -> Factor<T> {
    let shared = Set(left.labels).intersection(right.labels)
    let batch = left.labels.filter { shared.contains($0) && needed.contains($0) }
    let summed = left.labels.filter { shared.contains($0) && !needed.contains($0) }
    let rows = left.labels.filter { !shared.contains($0) && needed.contains($0) }
    let columns = right.labels.filter { !shared.contains($0) && needed.contains($0) }
    func size(_ labels: [Int]) -> Int { labels.reduce(1) { $0 * (notation.lengths[$1] ?? 1) } }
    // Labels that only one factor has and nobody needs are summed on the way.
    let a = arranged(left, batch + rows + summed, summing: true)
    let b = arranged(right, batch + summed + columns, summing: true)
    let (batches, m, k, n) = (size(batch), size(rows), size(summed), size(columns))
    let count = try Checked.product(Checked.product(batches, m), n)
    try WorkMemory.require(
      Checked.sum(count, Checked.sum(a.values.count, b.values.count)), of: T.self)
    var values = [T](repeating: .zero, count: count)
    values.withUnsafeMutableBufferPointer { target in
      a.values.withUnsafeBufferPointer { a in
        b.values.withUnsafeBufferPointer { b in
          guard let x = a.baseAddress, let y = b.baseAddress, let z = target.baseAddress, k > 0,
            count > 0
          else { return }
          Parallel.items(batches, nanoseconds: Double(m * n * k) * 0.1) { batch in
            multiply(
              m, n, k, x + batch * m * k, y + batch * k * n, z + batch * m * n)
          }
        }
      }
    }
    let labels = batch + rows + columns
    return Factor(
      labels: labels, lengths: labels.map { notation.lengths[$0] ?? 1 }, values: values)
  }

  private func multiply<T: Number>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<T>, _ b: UnsafePointer<T>,
    _ c: UnsafeMutablePointer<T>
  ) {
    if T.self == Float.self {
      let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
      return MatrixProduct.multiply(
        m, n, k, MatrixOperand(x.assumingMemoryBound(to: Float.self), stride: k),
        MatrixOperand(y.assumingMemoryBound(to: Float.self), stride: n),
        UnsafeMutableRawPointer(c).assumingMemoryBound(to: Float.self), stride: n)
    }
    for row in 0..<m {
      for step in 0..<k {
        let value = a[row * k + step]
        for column in 0..<n {
          c[row * n + column] = T.adding(
            c[row * n + column], T.multiplying(value, b[step * n + column]))
        }
      }
    }
  }
}
