// Room: Networks. Pass: activations from the arithmetic they are exported as.

internal import Tensors

/// Recognises GELU (by the error function and by tanh), SiLU, hard swish, Mish, Softplus and the
/// logistic function in whatever order exporters multiply, divide and add.
///
/// Products are read as factors and the insides as polynomials, so that no list of spellings is
/// needed. Constants count as the activation's own when they agree with them to float32.
package struct ActivationFusion: GraphPass {
  package let name = "activation-fusion"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    let starts: [any Operator.Type] = [
      ErfOperator.self, TanhOperator.self, SigmoidOperator.self, HardSigmoidOperator.self,
      ClipOperator.self, ExpOperator.self, SoftplusOperator.self,
    ]
    guard
      graph.nodes.contains(where: { node in starts.contains { $0 == type(of: node.implementation) }
      })
    else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard node.result != nil, let activation = activation(node, &rewriter),
        let operation = try? activation.make()
      else { continue }
      rewriter.replace(
        at: index,
        with: node.replaced(by: activation.opType, operation, inputs: [activation.input]))
    }
    return try rewriter.finished()
  }

  private struct Found {
    var opType: String
    var input: ValueID
    var attributes: [String: AttributeValue] = [:]

    func make() throws -> any Operator {
      let node = NodeDescription(
        opType: opType, opset: Opset.newest, attributes: attributes, inputPresence: [true])
      switch opType {
      case "Gelu": return try GeluOperator(node)
      case "Swish": return try SwishOperator(node)
      case "HardSwish": return try HardSwishOperator(node)
      case "Mish": return try MishOperator(node)
      case "Softplus": return try SoftplusOperator(node)
      default: return try SigmoidOperator(node)
      }
    }
  }

  private func activation(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Found? {
    if let found = softplus(node, &rewriter) ?? logistic(node, &rewriter) { return found }
    guard node.implementation is MulOperator || node.implementation is DivOperator else {
      return nil
    }
    var gates: [ValueID] = []
    collect(node.input(0), into: &gates, rewriter)
    if node.implementation is MulOperator { collect(node.input(1), into: &gates, rewriter) }
    for gate in gates {
      if let found = gated(node, by: gate, &rewriter) { return found }
    }
    return nil
  }

  /// The values that `value` is a product of, and those products.
  private func collect(
    _ value: ValueID?, into gates: inout [ValueID], _ rewriter: GraphRewriter, depth: Int = 3
  ) {
    guard let value, let node = rewriter.producer(of: value) else { return }
    gates.append(value)
    guard depth > 0 else { return }
    if node.implementation is MulOperator {
      collect(node.input(0), into: &gates, rewriter, depth: depth - 1)
      collect(node.input(1), into: &gates, rewriter, depth: depth - 1)
    } else if node.implementation is DivOperator {
      collect(node.input(0), into: &gates, rewriter, depth: depth - 1)
    }
  }

  /// `node` as a number times x times a gate of x.
  private func gated(
    _ node: GraphNode, by gate: ValueID, _ rewriter: inout GraphRewriter
  ) -> Found? {
    for candidate in candidates(gate, rewriter) {
      guard let x = candidate.x,
        let product = Formula.factors(
          node.result, whole: [x, gate], beside: x, &rewriter),
        product.factors.sorted() == [x, gate].sorted()
      else { continue }
      if let found = candidate.check(x, product.number, &rewriter) { return found }
    }
    return nil
  }

  private struct Candidate {
    var x: ValueID?
    var check: (ValueID, Double, inout GraphRewriter) -> Found?
  }

  /// What a gate may be a gate of: found by following its first operands.
  private func candidates(_ gate: ValueID, _ rewriter: GraphRewriter) -> [Candidate] {
    guard let node = rewriter.producer(of: gate) else { return [] }
    let reach = { (value: ValueID?) in sources(value, rewriter) }
    switch node.implementation {
    case is SigmoidOperator:
      return reach(node.input(0)).map { x in
        Candidate(x: x) { x, number, rewriter in
          guard number == 1,
            let inner = Formula.polynomial(node.input(0), in: x, &rewriter), inner.count == 2,
            inner[0] == 0, let alpha = Float(exactly: Double(Float(inner[1])))
          else { return nil }
          return Found(opType: "Swish", input: x, attributes: ["alpha": .float(alpha)])
        }
      }
    case let hard as HardSigmoidOperator:
      return [
        Candidate(x: node.input(0)) { x, number, _ in
          guard number == 1, hard.isSixth else { return nil }
          return Found(opType: "HardSwish", input: x)
        }
      ]
    case let clip as ClipOperator:
      return reach(node.input(0)).map { x in
        Candidate(x: x) { x, number, rewriter in
          guard Formula.isClose(number, 1.0 / 6),
            clip.bounds(node, in: rewriter.graph).map({ $0 == (0, 6) }) ?? false,
            Formula.isClose(Formula.polynomial(node.input(0), in: x, &rewriter), [3, 1])
          else { return nil }
          return Found(opType: "HardSwish", input: x)
        }
      }
    case is TanhOperator:
      guard let (inner, _) = rewriter.producer(of: node.input(0), SoftplusOperator.self) else {
        return []
      }
      return [
        Candidate(x: inner.input(0)) { x, number, _ in
          number == 1 ? Found(opType: "Mish", input: x) : nil
        }
      ]
    case is AddOperator:
      return [(0, 1), (1, 0)].flatMap { own, other in
        halfGates(node, own, other, rewriter)
      }
    default: return []
    }
  }

  /// GELU's gate: `1 + erf(x / √2)` or `1 + tanh(√(2/π) (x + 0.044715 x³))`.
  private func halfGates(
    _ node: GraphNode, _ own: Int, _ other: Int, _ rewriter: GraphRewriter
  ) -> [Candidate] {
    guard let inner = rewriter.producer(of: node.input(own)) else { return [] }
    let isErf = inner.implementation is ErfOperator
    guard isErf || inner.implementation is TanhOperator else { return [] }
    let root = (2 / Double.pi).squareRoot()
    let wanted = isErf ? [0, 0.5.squareRoot()] : [0, root, 0, root * 0.044715]
    return sources(inner.input(0), rewriter).map { x in
      Candidate(x: x) { x, number, rewriter in
        guard number == 0.5, rewriter.scalar(node.input(other), beside: node.input(own)) == 1,
          Formula.isClose(Formula.polynomial(inner.input(0), in: x, &rewriter), wanted)
        else { return nil }
        return Found(
          opType: "Gelu", input: x,
          attributes: ["approximate": .string(isErf ? "none" : "tanh")])
      }
    }
  }

  /// `value` and what it is made from by arithmetic: one of them may be the x of a formula.
  private func sources(
    _ value: ValueID?, _ rewriter: GraphRewriter, depth: Int = 6
  ) -> [ValueID] {
    guard let value, rewriter.constant(value) == nil else { return [] }
    guard depth > 0, let node = rewriter.producer(of: value) else { return [value] }
    switch node.implementation {
    case is AddOperator, is SubOperator, is MulOperator:
      var result = [value]
      for index in 0..<2 {
        for source in sources(node.input(index), rewriter, depth: depth - 1)
        where !result.contains(source) { result.append(source) }
      }
      return Array(result.prefix(12))
    case is DivOperator, is PowOperator, is NegOperator:
      return [value] + sources(node.input(0), rewriter, depth: depth - 1)
    default: return [value]
    }
  }

  // MARK: Functions without a gate

  /// `log(1 + e^x)`.
  private func softplus(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Found? {
    guard node.implementation is LogOperator,
      let exponent = exponentPlusOne(node.input(0), &rewriter), let x = exponent.input(0)
    else { return nil }
    return Found(opType: "Softplus", input: x)
  }

  /// `1 / (1 + e^-x)`.
  private func logistic(_ node: GraphNode, _ rewriter: inout GraphRewriter) -> Found? {
    let sum: ValueID?
    switch node.implementation {
    case is ReciprocalOperator: sum = node.input(0)
    case is DivOperator:
      guard rewriter.scalar(node.input(0), beside: node.input(1)) == 1 else { return nil }
      sum = node.input(1)
    default: return nil
    }
    guard let exponent = exponentPlusOne(sum, &rewriter),
      let (negative, _) = rewriter.producer(of: exponent.input(0), NegOperator.self),
      let x = negative.input(0)
    else { return nil }
    return Found(opType: "Sigmoid", input: x)
  }

  /// The exponential in `1 + e^y`.
  private func exponentPlusOne(
    _ value: ValueID?, _ rewriter: inout GraphRewriter
  ) -> GraphNode? {
    guard let (sum, _) = rewriter.producer(of: value, AddOperator.self) else { return nil }
    for (own, other) in [(0, 1), (1, 0)] {
      if let (exponent, _) = rewriter.producer(of: sum.input(own), ExpOperator.self),
        rewriter.scalar(sum.input(other), beside: sum.input(own)) == 1
      {
        return exponent
      }
    }
    return nil
  }
}
