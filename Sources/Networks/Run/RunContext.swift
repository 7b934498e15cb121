// Room: Networks. One run's memory and tensors: everything is made before the first step, so that
// the steps allocate nothing.

internal import Tensors

/// An arena and the tensors over it for one run at a time; kept for the next run.
///
/// Only one run uses a context at a time, which `PlannedRun` sees to.
final class RunContext: @unchecked Sendable {
  private let plan: Plan
  private let arena: Arena
  private let arenaStorage: TensorStorage
  private var arguments: [KernelArguments]
  private var bound: [NetworkValue?]
  private var inArena: [Bool]
  /// By step: those whose shapes only the run knows.
  private var shaped: [ShapedStep?]

  /// **Throws** `OperatorFault` where the memory limit leaves no room for the arena.
  init(_ plan: Plan) throws {
    self.plan = plan
    arena = try Arena(byteCount: plan.arenaBytes, limits: plan.limits)
    arenaStorage = TensorStorage(
      arena: UnsafeMutableRawBufferPointer(rebasing: arena.bytes[..<plan.arenaBytes]), owner: arena)
    bound = [NetworkValue?](repeating: nil, count: plan.bindings.count)
    inArena = plan.places.map { if case .arena = $0 { true } else { false } }
    for (value, place) in plan.places.enumerated() {
      if case .view(let source, _, _) = place, inArena[source] { inArena[value] = true }
    }
    arguments = []
    shaped = [ShapedStep?](repeating: nil, count: plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      if case .shaped(let operands) = step.work {
        shaped[index] = ShapedStep(
          step.node, operands, step.node.inputs.map { $0.flatMap { source($0) } },
          limits: plan.limits)
      }
      guard case .kernel(let kernel, let scratch) = step.work else {
        arguments.append(KernelArguments(inputs: [], outputs: [], scratch: arena.bytes))
        continue
      }
      let lent = UnsafeMutableRawBufferPointer(
        rebasing: arena.bytes[scratch..<scratch + kernel.scratchBytes])
      arguments.append(
        KernelArguments(
          inputs: step.node.inputs.map { $0.flatMap { plannedTensor($0) } },
          outputs: step.node.outputs.map { $0.flatMap { plannedTensor($0, isOutput: true) } },
          scratch: lent))
    }
  }

  /// The tensor of a value whose place does not depend on the run; nil for bound ones.
  private func plannedTensor(_ value: ValueID, isOutput: Bool = false) -> Tensor? {
    switch plan.places[value] {
    case .constant(let tensor):
      // One constant output among others: it is computed all the same, for nobody.
      return isOutput ? Tensor(uninitialized: tensor.shape, tensor.elementType) : tensor
    case .arena(let offset, let facts):
      return Tensor(
        storage: arenaStorage, elementType: facts.elementType, shape: facts.shape,
        offset: offset / facts.elementType.byteWidth)
    case .view(let source, let shape, let offset):
      return plannedTensor(source)?.part(of: shape, from: offset)
    case .bound, .unused: return nil
    }
  }

  /// Where a step finds a value; nil where nobody makes it.
  private func source(_ value: ValueID) -> StepInput? {
    if let tensor = plannedTensor(value) { return .fixed(tensor, inArena: inArena[value]) }
    switch plan.places[value] {
    case .bound(let number): return .bound(number, nil)
    case .view(let source, let shape, let offset):
      guard case .bound(let number) = plan.places[source] else { return nil }
      return .bound(number, .init(shape: shape, offset: offset))
    default: return nil
    }
  }

  // MARK: Running

  func run(
    _ inputs: [NetworkValue], monitor: RunMonitor
  ) throws(NetworkError) -> [NetworkValue] {
    let profile = monitor.profile
    for (number, value) in zip(plan.inputBindings, inputs) {
      if let number { try bind(value, to: number) }
    }
    for (number, binding) in plan.bindings.enumerated() where binding.isAllocated {
      guard let facts = binding.facts else { continue }
      do {
        try bind(.tensor(try plan.limits.allocate(facts)), to: number)
      } catch {
        throw NetworkError(.memoryLimit, "output '\(plan.graph.names[binding.value])': \(error)")
      }
    }
    for index in plan.steps.indices {
      try monitor.checkCancellation()
      let start = profile?.now() ?? 0
      do {
        switch plan.steps[index].work {
        case .kernel(let kernel, _): try kernel.run(arguments[index])
        case .shaped: try runShaped(index)
        case .dynamic(let dynamic): try runDynamic(index, dynamic, monitor)
        }
        try plan.limits.requireBalance()
      } catch {
        throw plan.steps[index].node.fault(error, running: true)
      }
      profile?.record(plan.steps[index].node, since: start)
      for number in plan.steps[index].releases { unbind(number) }
    }
    var outputs: [NetworkValue] = []
    for value in plan.graph.outputs {
      guard let result = current(value) else {
        throw NetworkError(
          .invalidGraph, "output '\(plan.graph.names[value])' was not made; the graph is damaged")
      }
      outputs.append(result)
    }
    return outputs
  }

  /// Lets go of the caller's tensors.
  func release() {
    for number in bound.indices { unbind(number) }
  }

  private func bind(_ value: NetworkValue, to number: Int) throws(NetworkError) {
    let binding = plan.bindings[number]
    if let facts = binding.facts {
      guard let tensor = value.tensor?.contiguous(), tensor.elementType == facts.elementType,
        tensor.shape == facts.shape
      else {
        throw NetworkError(
          .runFailed,
          "'\(plan.graph.names[binding.value])' is \(value.kindDescription) where "
            + "\(facts.elementType.rawValue) \(facts.shape) was planned")
      }
      bound[number] = .tensor(tensor)
      for use in binding.inputUses {
        arguments[use.step].inputs[use.index] =
          use.shape.map {
            Tensor(
              storage: tensor.storage, elementType: tensor.elementType, shape: $0,
              offset: tensor.offset)
          } ?? tensor
      }
      for use in binding.outputUses { arguments[use.step].outputs[use.index] = tensor }
    } else {
      bound[number] = value
    }
  }

  private func unbind(_ number: Int) {
    bound[number] = nil
    let binding = plan.bindings[number]
    for use in binding.inputUses { arguments[use.step].inputs[use.index] = nil }
    for use in binding.outputUses { arguments[use.step].outputs[use.index] = nil }
  }

  /// A value as it is now; nil before it is made.
  private func current(_ value: ValueID) -> NetworkValue? {
    switch plan.places[value] {
    case .bound(let number): return bound[number]
    case .view(let source, let shape, let offset):
      return current(source)?.tensor.map { .tensor($0.part(of: shape, from: offset)) }
    default: return plannedTensor(value).map { .tensor($0) }
    }
  }

  // MARK: Steps whose shapes only the run knows

  private func runDynamic(
    _ index: Int, _ dynamic: any DynamicOperator, _ monitor: RunMonitor
  ) throws {
    let node = plan.steps[index].node
    func given(_ value: ValueID) throws -> NetworkValue {
      guard let current = current(value) else {
        throw OperatorFault.invalid("'\(plan.graph.names[value])' has no value")
      }
      // What outlives the step must not lie in the arena, where the next value overwrites it.
      if dynamic.keepsInputs, inArena[value], let tensor = current.tensor {
        return .tensor(tensor.copied())
      }
      return current
    }
    let results = try dynamic.evaluate(
      DynamicInputs(
        values: try node.inputs.map { try $0.map(given) },
        captured: try node.capturedValues.map(given), outputCount: node.outputs.count,
        limits: plan.limits, monitor: monitor))
    try store(results, of: node)
  }

  private func store(_ results: [NetworkValue?], of node: GraphNode) throws {
    for (place, value) in node.outputs.enumerated() {
      guard let value, case .bound(let number) = plan.places[value] else { continue }
      guard place < results.count, let result = results[place] else {
        throw OperatorFault.invalid("gives no output \(place)")
      }
      try bind(result, to: number)
    }
  }

  private func runShaped(_ index: Int) throws {
    guard let step = shaped[index] else { return }
    try store(try step.run(bound), of: plan.steps[index].node)
  }
}

extension Tensor {
  /// The elements of `shape` that lie from byte `offset` of a dense tensor on.
  fileprivate func part(of shape: Shape, from offset: Int) -> Tensor {
    Tensor(
      storage: storage, elementType: elementType, shape: shape,
      offset: self.offset + offset / elementType.byteWidth)
  }
}
