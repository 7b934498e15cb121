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
  /// The last kernel of each step whose shapes only the run knows.
  private var shapedKernels: [Int: ShapedKernel] = [:]

  private struct ShapedKernel {
    var signature: [Signature]
    var contents: [[UInt8]]
    var outputs: [TensorFacts?]
    var view: Int?
    var kernel: Kernel
  }

  private struct Signature: Equatable {
    var type: ElementType?
    var shape: Shape?
  }

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
    for step in plan.steps {
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
        case .shaped(let operands): try runShaped(index, operands)
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

  private func runShaped(_ index: Int, _ planned: Operands) throws {
    let node = plan.steps[index].node
    let implementation = node.implementation
    if let pass = implementation as? any PassThrough, let place = pass.passedInput(node),
      place < node.inputs.count, let source = node.inputs[place], let value = current(source),
      value.tensor == nil
    {
      // A sequence or an optional, handed on.
      return try store([value], of: node)
    }
    var operands = planned
    var tensors: [Tensor?] = []
    for (place, value) in node.inputs.enumerated() {
      guard let value else {
        tensors.append(nil)
        continue
      }
      guard let current = current(value) else {
        throw OperatorFault.invalid("'\(plan.graph.names[value])' has no value")
      }
      guard let tensor = current.tensor?.contiguous() else {
        throw OperatorFault.invalid(
          "input \(place) is \(current.kindDescription) where a tensor is needed")
      }
      tensors.append(tensor)
      if operands.facts[place]?.constant == nil {
        operands.facts[place] = TensorFacts(tensor.elementType, tensor.shape)
      }
    }
    let signature = operands.facts.map { Signature(type: $0?.elementType, shape: $0?.shape) }
    var contents: [[UInt8]] = []
    for place in implementation.valueInputs where place < tensors.count {
      guard let tensor = tensors[place] else { continue }
      contents.append(tensor.withBytes { Array($0) })
      operands.facts[place]?.constant = tensor
    }
    let shaped: ShapedKernel
    if let known = shapedKernels[index], known.signature == signature, known.contents == contents {
      shaped = known
    } else {
      // The kernel may be kept: it must not hold tensors that lie in the arena.
      for place in implementation.valueInputs where place < tensors.count {
        operands.facts[place]?.constant = tensors[place]?.copied()
      }
      let outputs = try implementation.infer(operands)
      for case let output? in outputs { try plan.limits.check(output.shape, output.elementType) }
      let kernel = try implementation.prepareWidened(
        operands, outputs: outputs, limits: plan.limits)
      shaped = ShapedKernel(
        signature: signature, contents: contents,
        outputs: Array(outputs.prefix(node.outputs.count)),
        view: implementation.viewedInput(operands), kernel: kernel)
      shapedKernels[index] = shaped
    }
    let results: [Tensor?]
    if let view = shaped.view, view < tensors.count, let source = tensors[view],
      let facts = shaped.outputs.first ?? nil, let value = node.inputs[view]
    {
      results = [try (inArena[value] ? source.copied() : source).reshaped(to: facts.shape)]
    } else {
      results = try Kernel.run(
        shaped.kernel, inputs: tensors, outputs: shaped.outputs, limits: plan.limits)
    }
    try store(results.map { $0.map { .tensor($0) } }, of: node)
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
