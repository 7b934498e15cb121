// Room: Networks. Pass: element-wise operators that follow each other pass over memory once.

internal import Tensors

/// Makes one `FusedElementwise` of element-wise operators on float32 whose results nobody else uses:
/// gates, masks, scales and shifts.
///
/// Only where shapes are known and the results on the way are as large as the last. It comes last,
/// when the other passes have taken what they can into products, convolutions and normalisations.
package struct ElementwiseFusion: GraphPass {
  package let name = "elementwise-fusion"
  package let isFinal = true

  package init() {}

  /// Longer programs gain nothing, and their operands crowd the cache.
  private static let mostSteps = 24

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var rewriter = GraphRewriter(graph, limits: limits)
    let places = graph.producers()
    var taken = Set<Int>()
    for index in rewriter.nodes.indices.reversed() where !taken.contains(index) {
      guard let group = group(endingAt: index, places, taken, &rewriter) else { continue }
      taken.formUnion(group.members)
      rewriter.replace(at: index, with: group.node)
    }
    return taken.isEmpty ? graph : try rewriter.finished()
  }

  private struct Group {
    var members: Set<Int>
    var node: GraphNode
  }

  private func group(
    endingAt last: Int, _ places: [Int?], _ taken: Set<Int>, _ rewriter: inout GraphRewriter
  ) -> Group? {
    guard let shape = rewriter.facts(rewriter.nodes[last].result)?.shape, shape.count > 1,
      let end = ElementwiseStep(rewriter.nodes[last], &rewriter), !end.givesBooleans
    else { return nil }
    var steps = [last: end]
    // Makers are looked at once all their users are: a node's users stand behind it.
    func makers(_ step: ElementwiseStep) -> [Int] {
      step.inputs.compactMap { $0 < places.count ? places[$0] : nil }
    }
    var waiting = Set(makers(end))
    while let next = waiting.max(), steps.count < Self.mostSteps {
      waiting.remove(next)
      let node = rewriter.nodes[next]
      guard !taken.contains(next), let result = node.result,
        !rewriter.graph.outputs.contains(result), rewriter.facts(result)?.shape == shape
      else { continue }
      let uses = steps.values.reduce(0) { sum, step in
        sum + step.inputs.count { $0 == result }
      }
      guard uses == rewriter.useCount(result), let step = ElementwiseStep(node, &rewriter) else {
        continue
      }
      steps[next] = step
      waiting.formUnion(makers(step))
    }
    guard steps.count > 1 else { return nil }
    return Group(
      members: Set(steps.keys), node: fused(steps, rewriter.nodes[last], rewriter))
  }

  private func fused(
    _ steps: [Int: ElementwiseStep], _ node: GraphNode, _ rewriter: GraphRewriter
  ) -> GraphNode {
    let order = steps.keys.sorted()
    var made: [ValueID: Int] = [:]
    for (place, index) in order.enumerated() {
      if let result = rewriter.nodes[index].result { made[result] = place }
    }
    var inputs: [ValueID] = []
    var masks: Set<Int> = []
    var program: [ElementwiseProgram.Step] = []
    for index in order {
      guard let step = steps[index] else { continue }
      let sources = step.inputs.enumerated().map { place, value in
        if let earlier = made[value] { return ElementwiseProgram.Source.step(earlier) }
        let operand = inputs.firstIndex(of: value) ?? inputs.count
        if operand == inputs.count { inputs.append(value) }
        if place == step.mask { masks.insert(operand) }
        return .operand(operand)
      }
      program.append(step.make(sources))
    }
    let operation = FusedElementwise(
      program: ElementwiseProgram(program), masks: masks, inputCount: inputs.count)
    return node.replaced(by: node.opType, operation, inputs: inputs)
  }
}

/// A node that a program can hold: which values it reads, and what it does with them.
private struct ElementwiseStep {
  var inputs: [ValueID]
  /// Which input is booleans.
  var mask: Int?
  var givesBooleans = false
  var make: ([ElementwiseProgram.Source]) -> ElementwiseProgram.Step

  /// Nil for every other node.
  init?(_ node: GraphNode, _ rewriter: inout GraphRewriter) {
    var inputs: [ValueID] = []
    for value in node.inputs {
      guard let value else { return nil }
      inputs.append(value)
    }
    func areFloats(_ range: Range<Int>) -> Bool {
      range.allSatisfy {
        $0 < inputs.count && rewriter.facts(inputs[$0])?.elementType == .float32
      }
    }
    switch node.implementation {
    case let batch as BatchNormalizationOperator:
      guard areFloats(0..<1), let (scale, shift) = batch.affine(node, &rewriter) else { return nil }
      inputs = [inputs[0], scale, shift]
      make = { .multiplyAdd($0[0], $0[1], $0[2]) }
    case let clip as ClipOperator:
      guard areFloats(0..<1), let (low, high) = clip.bounds(of: node, rewriter) else { return nil }
      inputs = [inputs[0]]
      make = { .unary(.clip, p: low, q: high, $0[0]) }
    case let unary as any UnaryOperator:
      guard let vector = unary.vectorFunction, inputs.count == 1, areFloats(0..<1) else {
        return nil
      }
      make = { .unary(vector.function, p: vector.p, q: vector.q, $0[0]) }
    case let binary as any BinaryOperator:
      guard let operation = binary.vectorOperation, inputs.count == 2, areFloats(0..<2),
        binary.legacy.isPlain
      else { return nil }
      make = { .binary(operation, $0[0], $0[1]) }
    case let variadic as any VariadicOperator:
      guard let operation = variadic.vectorOperation, inputs.count == 2, areFloats(0..<2) else {
        return nil
      }
      make = { .binary(operation, $0[0], $0[1]) }
    case let comparing as any ComparisonOperator:
      guard inputs.count == 2, areFloats(0..<2), comparing.legacy.isPlain else { return nil }
      let comparison = comparing.comparison
      givesBooleans = true
      make = { .compare(comparison, $0[0], $0[1]) }
    case is WhereOperator:
      guard inputs.count == 3, areFloats(1..<3),
        rewriter.facts(inputs[0])?.elementType == .bool
      else { return nil }
      mask = 0
      make = { .select($0[0], $0[1], $0[2]) }
    default: return nil
    }
    self.inputs = inputs
  }
}
