// Room: Networks. A compiled graph: plans for the shapes it has met, and contexts to run them in.

internal import Synchronization
internal import Tensors

/// A graph ready to run for any input shapes; a whole network, a branch, or a loop's body.
package final class NetworkCore: Sendable {
  package let graph: Graph
  package let limits: MemoryLimits
  private let passes: [any GraphPass]

  private struct Cache {
    /// Most recently used last.
    var entries: [(key: [InputKey], planned: PlannedRun)] = []
  }

  private struct InputKey: Hashable {
    var type: ElementType?
    var shape: Shape?
  }

  private static let cachedPlans = 8
  private let cache = Mutex(Cache())

  /// A core that runs `passes` once more when it learns its inputs' shapes.
  package init(_ graph: Graph, limits: MemoryLimits, passes: [any GraphPass] = []) {
    self.graph = graph
    self.limits = limits
    self.passes = passes
    limits.account.register(self)
  }

  /// The graph for inputs of these types and shapes: what the passes make of it, knowing them.
  private func specialized(for inputs: [TensorFacts?]) throws(NetworkError) -> Graph {
    var special = graph
    var isNews = false
    for (index, facts) in zip(special.inputs.indices, inputs) {
      guard let facts else { continue }
      let dimensions = facts.shape.dimensions.map { ValueDescription.Dimension.fixed($0) }
      let declared = special.inputs[index].declared
      guard declared.dimensions != dimensions || declared.elementType != facts.elementType
      else { continue }
      special.inputs[index].declared.kind = .tensor
      special.inputs[index].declared.dimensions = dimensions
      special.inputs[index].declared.elementType = facts.elementType
      isNews = true
    }
    guard isNews, !passes.isEmpty else { return graph }
    return try GraphPasses.run(passes, over: special, limits: limits)
  }

  /// The plan for inputs of these types and shapes, made at their first use.
  package func planned(for inputs: [TensorFacts?]) throws(NetworkError) -> PlannedRun {
    let key = inputs.map { InputKey(type: $0?.elementType, shape: $0?.shape) }
    let known = cache.withLock { cache -> PlannedRun? in
      guard let index = cache.entries.firstIndex(where: { $0.key == key }) else { return nil }
      let entry = cache.entries.remove(at: index)
      cache.entries.append(entry)
      return entry.planned
    }
    if let known { return known }
    let plan = try limits.asCurrent { () throws(NetworkError) in
      try Planner.plan(specialized(for: inputs), inputs: inputs, limits: limits)
    }
    // Not for each step of a loop whose shapes grow.
    if plan.steps.count > 32 { FreeMemory.giveBack() }
    let planned = PlannedRun(plan)
    cache.withLock { cache in
      if cache.entries.count >= Self.cachedPlans { cache.entries.removeFirst() }
      cache.entries.append((key, planned))
    }
    return planned
  }

  /// Runs the graph; `inputs` in the order of the graph's inputs, the outputs in that of its outputs.
  package func run(
    _ inputs: [NetworkValue], monitor: RunMonitor = RunMonitor()
  ) throws(NetworkError) -> [NetworkValue] {
    let facts = inputs.map { value in
      value.tensor.map { TensorFacts($0.elementType, $0.shape) }
    }
    let planned = try planned(for: facts)
    return try limits.asCurrent { () throws(NetworkError) in
      try planned.run(inputs, monitor: monitor)
    }
  }
}

extension NetworkCore: MemoryKeeper {
  package func letGo(all: Bool) {
    let entries = cache.withLock { cache in
      defer { if all { cache.entries = [] } }
      return cache.entries
    }
    for entry in entries { entry.planned.letGo() }
  }
}

/// A plan and the contexts that idle between runs.
package final class PlannedRun: Sendable {
  package let plan: Plan
  private let idle = Mutex<[RunContext]>([])
  private static let keptContexts = 4

  init(_ plan: Plan) { self.plan = plan }

  /// Runs the plan in a context of its own, so that several tasks may run it at once.
  package func run(
    _ inputs: [NetworkValue], monitor: RunMonitor
  ) throws(NetworkError) -> [NetworkValue] {
    let kept = idle.withLock { $0.popLast() }
    let context = if let kept { kept } else { try made() }
    defer {
      context.release()
      idle.withLock { if $0.count < Self.keptContexts { $0.append(context) } }
    }
    return try context.run(inputs, monitor: monitor)
  }

  private func made() throws(NetworkError) -> RunContext {
    do {
      return try RunContext(plan)
    } catch {
      throw NetworkError(
        .memoryLimit, (error as? OperatorFault)?.message ?? "the run has no memory: \(error)")
    }
  }

  /// Frees the memory of contexts that wait for a run.
  func letGo() {
    // They are freed once the lock is free again.
    _ = idle.withLock { contexts in
      defer { contexts = [] }
      return contexts
    }
  }
}
