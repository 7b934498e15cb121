// Room: Networks. What compilation makes of a network for given lengths, laid open for people.

package import Tensors

/// The graph before and after the passes, what each pass changed, and the plan.
package struct PlanReview: Sendable {
  /// What one pass did, all rounds together: operators by how many fewer or more there are.
  package struct Change: Sendable {
    package var pass: String
    package var gone: [String: Int]
    package var made: [String: Int]
  }

  /// One step of the plan.
  package struct Step: Sendable {
    package var operation: String
    package var node: String
    /// What computes it: a kernel's name, or how it is decided while running.
    package var kernel: String
    package var inputs: [String]
    package var outputs: [String]
  }

  /// Operators by number.
  package var before: [String: Int]
  package var after: [String: Int]
  package var changes: [Change]
  package var steps: [Step]
  package var arenaBytes: Int
  /// The least that any layout of memory could need for this order of work.
  package var arenaLowerBound: Int
}

extension Graph {
  /// Operators by number, subgraphs not counted.
  package var census: [String: Int] {
    Dictionary(
      nodes.map { ($0.domain.isEmpty ? $0.opType : "\($0.domain).\($0.opType)", 1) },
      uniquingKeysWith: +)
  }
}

extension CompiledNetwork {
  /// The shapes of the outputs in terms of the inputs' open lengths, in the outputs' order; nil
  /// where they depend on the data.
  package var symbolicOutputs: (shapes: [[SymbolicLength]?], granularity: Int) {
    let symbolic = SymbolicShapes(uncompiled)
    return (uncompiled.outputs.map { symbolic[$0] }, symbolic.granularity)
  }

  /// The inputs' shapes when the open lengths are those given: by their name in the file, or as
  /// `input.axis`. An open first length is 1 unless it is given.
  ///
  /// **Throws** `inputMismatch` naming a length that is missing or that nothing is called.
  package func shapes(
    lengths: [String: Int]
  ) throws(NetworkError) -> [String: Shape] {
    var result: [String: Shape] = [:]
    var used = Set<String>()
    for input in uncompiled.inputs where input.defaultValue == nil {
      guard let dimensions = input.declared.dimensions else {
        throw NetworkError(
          .inputMismatch,
          "the network does not say how many dimensions '\(input.declared.name)' has")
      }
      var own: [Int] = []
      for (axis, dimension) in dimensions.enumerated() {
        if case .fixed(let length) = dimension {
          own.append(length)
          continue
        }
        let name = SymbolicShapes.symbol(dimension, axis, of: input) ?? ""
        used.insert(name)
        guard let length = lengths[name] ?? (axis == 0 ? 1 : nil) else {
          throw NetworkError(
            .inputMismatch,
            "the network leaves the length '\(name)' open: give it with --dim \(name)=N")
        }
        own.append(length)
      }
      guard let shape = try? Shape(checking: own) else {
        throw NetworkError(
          .inputMismatch, "no tensor can have the lengths \(own) of '\(input.declared.name)'")
      }
      result[input.declared.name] = shape
    }
    if let wrong = lengths.keys.sorted().first(where: { !used.contains($0) }) {
      let names = used.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw NetworkError(
        .inputMismatch,
        "the network has no open length '\(wrong)'; it has \(names.isEmpty ? "none" : names)")
    }
    return result
  }

  /// The passes' and the planner's work for inputs of these shapes.
  ///
  /// **Throws** as a run with such inputs.
  package func review(for shapes: [String: Shape]) throws(NetworkError) -> PlanReview {
    var graph = uncompiled
    graph.inputs = graph.inputs.filter { $0.defaultValue == nil }
    var facts: [TensorFacts?] = []
    for index in graph.inputs.indices {
      let declared = graph.inputs[index].declared
      guard declared.kind == .tensor, let shape = shapes[declared.name] else {
        facts.append(nil)
        continue
      }
      let type = declared.elementType ?? .float32
      graph.inputs[index].declared.elementType = type
      graph.inputs[index].declared.dimensions = shape.dimensions.map { .fixed($0) }
      facts.append(TensorFacts(type, shape))
    }
    var changes: [PlanReview.Change] = []
    let before = graph.census
    graph = try GraphPasses.run(options.passes, over: graph, limits: limits) { pass, old, new in
      let (a, b) = (old.census, new.census)
      let place: Int
      if let known = changes.firstIndex(where: { $0.pass == pass }) {
        place = known
      } else {
        place = changes.count
        changes.append(PlanReview.Change(pass: pass, gone: [:], made: [:]))
      }
      for name in Set(a.keys).union(b.keys) {
        let difference = (b[name] ?? 0) - (a[name] ?? 0)
        if difference < 0 { changes[place].gone[name, default: 0] -= difference }
        if difference > 0 { changes[place].made[name, default: 0] += difference }
      }
    }
    let plan = try Planner.plan(graph, inputs: facts, limits: limits)
    return PlanReview(
      before: before, after: graph.census, changes: changes, steps: plan.steps.map(plan.review),
      arenaBytes: plan.arenaBytes, arenaLowerBound: plan.arenaLowerBound)
  }
}

extension Plan {
  fileprivate func review(_ step: Step) -> PlanReview.Step {
    let kernel: String
    switch step.work {
    case .kernel(let work, _): kernel = work.name
    case .shaped: kernel = "chosen while running"
    case .dynamic: kernel = "evaluated while running"
    }
    return PlanReview.Step(
      operation: step.node.domain.isEmpty
        ? step.node.opType : "\(step.node.domain).\(step.node.opType)",
      node: step.node.name, kernel: kernel,
      inputs: step.node.inputs.compactMap { $0.map(shape) },
      outputs: step.node.outputs.compactMap { $0.map(shape) })
  }

  private func shape(_ value: ValueID) -> String {
    switch places[value] {
    case .constant(let tensor): "\(tensor.shape)"
    case .arena(_, let facts): "\(facts.shape)"
    case .view(_, let shape, _): "\(shape)"
    case .bound(let number): bindings[number].facts.map { "\($0.shape)" } ?? "?"
    case .unused: "-"
    }
  }
}
