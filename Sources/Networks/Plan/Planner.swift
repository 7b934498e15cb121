// Room: Networks. Makes a plan from a graph and the shapes of its inputs.

internal import Tensors

/// Builds a plan in stages: facts, needed steps, places, layout.
struct Planner {
  let graph: Graph
  private let limits: MemoryLimits
  private(set) var table: FactTable
  private(set) var kept: [GraphNode] = []
  /// The value that owns each value's memory: itself unless it is a view.
  private var root: [ValueID]
  private var viewShape: [Shape?]
  /// Where values that are parts of others lie, which those may write that make them.
  private var parts = ValueParts()
  /// By kept node: what it knows of its inputs; nil for dynamic ones.
  private(set) var operands: [Operands?] = []
  private var isKernel: [Bool] = []
  private var bindings: [Plan.Binding] = []
  private var bindingOfRoot: [ValueID: Int] = [:]

  private init(_ graph: Graph, _ inputs: [TensorFacts?], _ limits: MemoryLimits) {
    self.graph = graph
    self.limits = limits
    var known: [ValueID: TensorFacts] = [:]
    for (input, facts) in zip(graph.inputs, inputs) { known[input.value] = facts }
    table = FactTable(graph, inputs: known, limits: limits)
    root = Array(graph.names.indices)
    viewShape = [Shape?](repeating: nil, count: graph.names.count)
  }

  /// A plan of `graph` for inputs of these types and shapes; nil facts for what is no tensor.
  ///
  /// **Throws** what operators find wrong with the shapes, or `memoryLimit`.
  static func plan(
    _ graph: Graph, inputs: [TensorFacts?], limits: MemoryLimits
  ) throws(NetworkError) -> Plan {
    var planner = Planner(graph, inputs, limits)
    for node in graph.nodes { try planner.table.visit(node) }
    planner.keepNeededNodes()
    try planner.classify()
    do throws(NetworkError) {
      var fast = planner
      return try fast.build()
    } catch {
      guard error.code == .memoryLimit, !limits.account.isSparing else { throw error }
      // Slower kernels may need less.
      limits.account.spare()
      return try planner.build()
    }
  }

  private func isConstant(_ value: ValueID) -> Bool { table.facts[value]?.constant != nil }

  /// Drops nodes whose outputs are constants by now or lead to no output.
  private mutating func keepNeededNodes() {
    var needed = [Bool](repeating: false, count: graph.names.count)
    for output in graph.outputs { needed[output] = true }
    for node in graph.nodes.reversed() {
      let wanted = node.outputs.contains { value in
        value.map { needed[$0] && !isConstant($0) } ?? false
      }
      guard wanted else { continue }
      kept.append(node)
      for case let value? in node.inputs { needed[value] = true }
      for value in node.capturedValues { needed[value] = true }
    }
    kept.reverse()
  }

  /// Decides which nodes run as kernels and which values are views.
  private mutating func classify() throws(NetworkError) {
    for node in kept {
      var known: Operands?
      if node.implementation.asDynamic == nil, let operands = table.operands(of: node),
        FactTable.hasNeededContents(node, operands),
        node.outputs.allSatisfy({ value in value.map { table.facts[$0] != nil } ?? true })
      {
        known = operands
      }
      operands.append(known)
      guard let known else {
        isKernel.append(false)
        continue
      }
      if let index = node.implementation.viewedInput(known), index < node.inputs.count,
        let source = node.inputs[index], let output = node.outputs.first ?? nil,
        let from = table.facts[source], let to = table.facts[output], !isConstant(source),
        from.elementType == to.elementType, from.shape.count == to.shape.count
      {
        root[output] = root[source]
        viewShape[output] = to.shape
      }
      isKernel.append(true)
    }
  }

  private func isView(_ value: ValueID) -> Bool { root[value] != value }

  private mutating func bind(_ value: ValueID, facts: TensorFacts?, allocated: Bool) -> Int {
    if let known = bindingOfRoot[value] { return known }
    bindings.append(Plan.Binding(value: value, facts: facts, isAllocated: allocated))
    bindingOfRoot[value] = bindings.count - 1
    return bindings.count - 1
  }

  private mutating func build() throws(NetworkError) -> Plan {
    // Views need no step of their own.
    var steps = kept.indices.filter { index in
      !(isKernel[index] && (kept[index].outputs.first ?? nil).map(isView) ?? false)
    }
    bindRuntimeValues(steps)
    let kernels = try prepareKernels(steps)
    var memory = memoryMap(steps, kernels)
    var place = ArenaLayout.place(memory.blocks)
    if let order = OrderSearch.better(workOrder(steps, kernels)) {
      let other = order.map { steps[$0] }
      let map = memoryMap(other, kernels)
      if let better = ArenaLayout.place(map.blocks),
        place.map({ better.byteCount < $0.byteCount }) ?? true
      {
        (steps, memory, place) = (other, map, better)
      }
    }
    if let known = place, let joined = withParts(steps, kernels, known.byteCount) {
      (parts, memory, place) = joined
    }
    listBoundUses(steps)
    guard let layout = place, limits.account.allows(layout.byteCount) else {
      let need = place.map { "\($0.byteCount)" } ?? "more than 2^63"
      throw NetworkError(
        .memoryLimit,
        "the network's intermediate values need \(need) bytes beside the \(limits.account.used) of "
          + "its weights, and \(limits.bytes) are allowed; raise the memory limit or use a smaller "
          + "input")
    }
    var places = [Plan.Place](repeating: .unused, count: graph.names.count)
    for value in places.indices {
      if let constant = table.facts[value]?.constant {
        places[value] = .constant(constant)
      } else if let part = parts[root[value]],
        let shape = viewShape[value] ?? table.facts[value]?.shape
      {
        places[value] = .view(of: part.owner, shape, offset: part.offset)
      } else if isView(value), let shape = viewShape[value] {
        places[value] = .view(of: root[value], shape, offset: 0)
      } else if let number = bindingOfRoot[value] {
        places[value] = .bound(number)
      } else if let block = memory.blockOfValue[value], let facts = table.facts[value] {
        places[value] = .arena(offset: layout.offsets[block], facts)
      }
    }
    var planSteps: [Plan.Step] = []
    for index in steps {
      let node = kept[index]
      let work: Plan.Step.Work
      if let kernel = kernels[index] {
        let scratch = memory.scratchBlock[index]
        work = .kernel(kernel, scratchOffset: scratch.map { layout.offsets[$0] } ?? 0)
      } else if let dynamic = node.implementation.asDynamic {
        work = .dynamic(dynamic)
      } else {
        work = .shaped(constantOperands(node))
      }
      planSteps.append(Plan.Step(node: node, work: work))
    }
    addReleases(&planSteps)
    return Plan(
      graph: graph, places: places, steps: planSteps, bindings: bindings,
      inputBindings: graph.inputs.map { bindingOfRoot[$0.value] },
      arenaBytes: layout.byteCount, arenaLowerBound: ArenaLayout.lowerBound(memory.blocks),
      limits: limits)
  }

  /// Inputs, outputs and what dynamic steps make live outside the arena.
  private mutating func bindRuntimeValues(_ steps: [Int]) {
    for input in graph.inputs where !isConstant(input.value) {
      _ = bind(input.value, facts: table.facts[input.value], allocated: false)
    }
    for index in steps where !isKernel[index] {
      for case let value? in kept[index].outputs {
        _ = bind(value, facts: table.facts[value], allocated: false)
      }
    }
    for output in graph.outputs where !isConstant(output) {
      let owner = root[output]
      _ = bind(owner, facts: table.facts[owner], allocated: true)
    }
  }

  /// Where kernels read and write what is bound while running.
  private mutating func listBoundUses(_ steps: [Int]) {
    for (position, index) in steps.enumerated() where isKernel[index] {
      for (place, value) in kept[index].inputs.enumerated() {
        guard let value, !isConstant(value), let number = bindingOfRoot[root[value]] else {
          continue
        }
        bindings[number].inputUses.append((position, place, viewShape[value]))
      }
      for (place, value) in kept[index].outputs.enumerated() {
        guard let value, let number = bindingOfRoot[value] else { continue }
        bindings[number].outputUses.append((position, place))
      }
    }
  }

  /// What a dynamic step knows of its inputs before the run.
  private func constantOperands(_ node: GraphNode) -> Operands {
    Operands(
      node.inputs.map { value in
        value.flatMap { isConstant($0) ? table.facts[$0] : nil }
      }, wantedOutputs: node.outputs.map { $0 != nil })
  }

  private struct MemoryMap {
    var blocks: [ArenaLayout.Block] = []
    var blockOfValue: [Int?]
    /// By kept node: its kernel's working memory.
    var scratchBlock: [Int: Int] = [:]

    init(valueCount: Int) { blockOfValue = [Int?](repeating: nil, count: valueCount) }
  }

  /// The kernels, by kept node.
  private func prepareKernels(_ steps: [Int]) throws(NetworkError) -> [Int: Kernel] {
    var result: [Int: Kernel] = [:]
    for index in steps where isKernel[index] {
      guard let operands = operands[index] else { continue }
      let node = kept[index]
      let outputs = node.outputs.map { value in value.flatMap { table.facts[$0] } }
      do {
        result[index] = try node.implementation.prepareWidened(
          operands, outputs: outputs, limits: limits)
        try limits.requireBalance()
      } catch {
        throw node.fault(error)
      }
    }
    return result
  }

  /// Values that may lie inside others, in this order of steps, with what comes of it: the first kind
  /// that hardly takes more than `bytes`; nil where there is none.
  private mutating func withParts(
    _ steps: [Int], _ kernels: [Int: Kernel], _ bytes: Int
  ) -> (ValueParts, MemoryMap, (offsets: [Int], byteCount: Int)?)? {
    let none = parts
    defer { parts = none }
    for reach in ValueParts.reaches {
      let found = ValueParts(
        steps.map { kernels[$0] == nil ? nil : (kept[$0], operands[$0]) }, reach: reach,
        facts: table.facts
      ) { value in
        root[value] == value && bindingOfRoot[value] == nil && !isConstant(value)
      }
      guard !found.isEmpty else { continue }
      parts = found
      let memory = memoryMap(steps, kernels)
      if let place = ArenaLayout.place(memory.blocks), place.byteCount <= bytes + bytes / 64 {
        return (found, memory, place)
      }
    }
    return nil
  }

  /// The value that owns the memory of `value`, which may be a part of it.
  private func owner(_ value: ValueID) -> ValueID { parts[root[value]]?.owner ?? root[value] }

  /// The blocks of memory that the steps need in this order, with their lifetimes.
  private func memoryMap(_ steps: [Int], _ kernels: [Int: Kernel]) -> MemoryMap {
    var memory = MemoryMap(valueCount: graph.names.count)
    var lastUse = [Int](repeating: -1, count: graph.names.count)
    for (position, index) in steps.enumerated() {
      for case let value? in kept[index].inputs { lastUse[owner(value)] = position }
      for value in kept[index].capturedValues { lastUse[owner(value)] = position }
    }
    for (position, index) in steps.enumerated() {
      guard let kernel = kernels[index] else { continue }
      let node = kept[index]
      for (place, value) in node.outputs.enumerated() {
        guard let value, bindingOfRoot[value] == nil, let facts = table.facts[value] else {
          continue
        }
        let owner = owner(value)
        let end = max(lastUse[owner], position)
        if let block = memory.blockOfValue[owner] {
          memory.blocks[block].last = max(memory.blocks[block].last, end)
        } else if owner != value {
          memory.blockOfValue[owner] = memory.blocks.count
          memory.blocks.append(
            .init(
              byteCount: table.facts[owner]?.byteCount ?? facts.byteCount, first: position,
              last: end))
        } else if place == 0, let block = reusable(node, facts, position, lastUse, memory) {
          memory.blockOfValue[value] = block
          memory.blocks[block].last = max(memory.blocks[block].last, end)
        } else {
          memory.blockOfValue[value] = memory.blocks.count
          memory.blocks.append(.init(byteCount: facts.byteCount, first: position, last: end))
        }
      }
      if kernel.scratchBytes > 0 {
        memory.scratchBlock[index] = memory.blocks.count
        memory.blocks.append(
          .init(byteCount: kernel.scratchBytes, first: position, last: position))
      }
    }
    return memory
  }

  /// The block of an input that ends its life here and may hold the output.
  private func reusable(
    _ node: GraphNode, _ output: TensorFacts, _ position: Int, _ lastUse: [Int],
    _ memory: MemoryMap
  ) -> Int? {
    for input in givers(node, output) where lastUse[input] == position {
      // Nobody else may read a part of it, and what is itself a part has no memory to give.
      guard parts[input] == nil,
        node.inputs.allSatisfy({ other in
          other.map { owner($0) != input || root[$0] == input } ?? true
        })
      else { continue }
      if let block = memory.blockOfValue[input],
        memory.blocks[block].byteCount >= output.byteCount
      {
        return block
      }
    }
    return nil
  }

  /// The owners of inputs whose memory may hold output 0, if the node is the last to read them.
  private func givers(_ node: GraphNode, _ output: TensorFacts) -> [ValueID] {
    node.implementation.inPlaceInputs.compactMap { index -> ValueID? in
      guard index < node.inputs.count, let input = node.inputs[index],
        let facts = table.facts[input], facts.elementType == output.elementType,
        facts.shape.count == output.shape.count,
        !node.implementation.exclusiveInputs.contains(where: { other in
          other < node.inputs.count && node.inputs[other].map { root[$0] == root[input] } ?? false
        })
      else { return nil }
      let isSafe = node.inputs.allSatisfy { other in
        guard let other, root[other] == root[input] else { return true }
        return table.facts[other]?.shape.count == output.shape.count
      }
      return isSafe ? root[input] : nil
    }
  }

  /// The steps as a search for another order sees them.
  private func workOrder(_ steps: [Int], _ kernels: [Int: Kernel]) -> WorkOrder {
    // What steps without a kernel make has a size that only the run knows: they stay where they are,
    // and with them all others.
    guard steps.allSatisfy({ kernels[$0] != nil }) else { return WorkOrder([], bytes: []) }
    var bytes = [Int](repeating: 0, count: graph.names.count)
    for index in steps {
      for case let value? in kept[index].outputs where bindingOfRoot[value] == nil {
        let size = table.facts[value]?.byteCount ?? 0
        bytes[value] =
          (size &+ ArenaLayout.alignment - 1) / ArenaLayout.alignment
          * ArenaLayout.alignment
      }
    }
    let work = steps.map { index in
      let node = kept[index]
      var reads: [ValueID] = []
      for case let value? in node.inputs where !reads.contains(root[value]) {
        reads.append(root[value])
      }
      for value in node.capturedValues where !reads.contains(root[value]) {
        reads.append(root[value])
      }
      let first = (node.outputs.first ?? nil).flatMap { table.facts[$0] }
      return WorkOrder.Step(
        reads: reads, makes: node.outputs.compactMap { $0 },
        scratch: kernels[index]?.scratchBytes ?? 0,
        gives: first.map { givers(node, $0) } ?? [],
        isFixed: !node.implementation.isDeterministic)
    }
    return WorkOrder(work, bytes: bytes)
  }

  /// Lets go of bound values once the last step that reads them is done.
  private func addReleases(_ steps: inout [Plan.Step]) {
    var last: [Int: Int] = [:]
    for (position, step) in steps.enumerated() {
      for case let value? in step.node.inputs + step.node.capturedValues.map(Optional.some) {
        if let number = bindingOfRoot[root[value]] { last[number] = position }
      }
    }
    let kept = Set(graph.outputs.compactMap { bindingOfRoot[root[$0]] })
    for (number, position) in last where !kept.contains(number) {
      steps[position].releases.append(number)
    }
  }
}
