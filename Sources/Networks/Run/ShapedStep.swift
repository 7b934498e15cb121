// Room: Networks. A step whose shapes only the run knows, and the kernel that it was last run with.

internal import Tensors

/// Where a step finds an input, and whether it has to be copied to outlive the step.
enum StepInput {
  /// The same in each run: a constant, or a place in the arena.
  case fixed(Tensor, inArena: Bool)
  /// Bound while running, by number; a part, or under another shape, where one is given.
  case bound(Int, View?)

  /// A shape, and the bytes in front of it.
  struct View {
    var shape: Shape
    var offset: Int
  }
}

/// Prepares an operator for what it meets, and keeps that for the next time: a network whose shapes
/// depend on its values meets the same ones again and again.
final class ShapedStep {
  private let node: GraphNode
  private let implementation: any Operator
  private let planned: Operands
  private let sources: [StepInput?]
  private let valueInputs: [Int]
  /// Inputs that are others in each run.
  private let changing: [Int]
  private let limits: MemoryLimits
  private let passedInput: Int?
  /// The inputs of the present run.
  private var inputs: [Tensor?]
  private var last: Prepared?

  /// A kernel, and for what it was made.
  private final class Prepared {
    let types: [ElementType?]
    let shapes: [Shape?]
    /// The contents that the kernel depends on, by input.
    let contents: [(place: Int, bytes: [UInt8])]
    let outputs: [TensorFacts?]
    let view: Int?
    let kernel: Kernel

    init(
      _ inputs: [Tensor?], contents: [(place: Int, bytes: [UInt8])], outputs: [TensorFacts?],
      view: Int?, kernel: Kernel
    ) {
      types = inputs.map { $0?.elementType }
      shapes = inputs.map { $0?.shape }
      (self.contents, self.outputs, self.view, self.kernel) = (contents, outputs, view, kernel)
    }
  }

  init(_ node: GraphNode, _ planned: Operands, _ sources: [StepInput?], limits: MemoryLimits) {
    self.node = node
    implementation = node.implementation
    (self.planned, self.sources, self.limits) = (planned, sources, limits)
    valueInputs = node.implementation.valueInputs.filter { $0 < sources.count }
    passedInput = node.implementation.asPassThrough?.passedInput(node)
    changing = sources.indices.filter { if case .bound? = sources[$0] { true } else { false } }
    inputs = sources.map { if case .fixed(let tensor, _)? = $0 { tensor } else { nil } }
  }

  /// The outputs, given the values that are bound.
  func run(_ bound: [NetworkValue?]) throws -> [NetworkValue?] {
    if let passedInput, passedInput < sources.count,
      case .bound(let number, _)? = sources[passedInput],
      let value = bound[number], value.tensor == nil
    {
      // A sequence or an optional, handed on.
      return [value]
    }
    defer { for index in changing { inputs[index] = nil } }
    for index in changing {
      guard case .bound(let number, let view)? = sources[index] else { continue }
      inputs[index] = try tensor(bound[number], view, index)
    }
    if !isPreparedForInputs() { try prepare() }
    guard let last else { throw OperatorFault.invalid("was not prepared") }
    if let view = last.view, view < inputs.count, let source = inputs[view],
      let facts = last.outputs.first ?? nil
    {
      let isInArena = if case .fixed(_, true)? = sources[view] { true } else { false }
      return [.tensor(try (isInArena ? source.copied() : source).reshaped(to: facts.shape))]
    }
    var results: [Tensor?] = []
    results.reserveCapacity(last.outputs.count)
    for facts in last.outputs { results.append(try facts.map { try limits.allocate($0) }) }
    if last.kernel.scratchBytes == 0 {
      try last.kernel.run(
        KernelArguments(
          inputs: inputs, outputs: results,
          scratch: UnsafeMutableRawBufferPointer(start: nil, count: 0)))
    } else {
      let scratch = try Arena(byteCount: last.kernel.scratchBytes, limits: limits)
      try withExtendedLifetime(scratch) {
        try last.kernel.run(
          KernelArguments(inputs: inputs, outputs: results, scratch: scratch.bytes))
      }
    }
    return results.map { $0.map { .tensor($0) } }
  }

  private func tensor(
    _ value: NetworkValue?, _ view: StepInput.View?, _ index: Int
  ) throws -> Tensor {
    guard let value else { throw OperatorFault.invalid("input \(index) has no value") }
    guard let tensor = value.tensor else {
      throw OperatorFault.invalid(
        "input \(index) is \(value.kindDescription) where a tensor is needed")
    }
    guard let view else { return tensor.isContiguous ? tensor : tensor.contiguous() }
    return Tensor(
      storage: tensor.storage, elementType: tensor.elementType, shape: view.shape,
      offset: tensor.offset + view.offset / tensor.elementType.byteWidth)
  }

  private func isPreparedForInputs() -> Bool {
    guard let last else { return false }
    for index in changing {
      guard inputs[index]?.elementType == last.types[index],
        inputs[index]?.shape == last.shapes[index]
      else { return false }
    }
    return last.contents.allSatisfy { place, bytes in
      inputs[place]?.withBytes { $0.elementsEqual(bytes) } ?? false
    }
  }

  private func prepare() throws {
    last = nil
    var operands = planned
    for (index, tensor) in inputs.enumerated() {
      guard let tensor, operands.facts[index]?.constant == nil else { continue }
      operands.facts[index] = TensorFacts(tensor.elementType, tensor.shape)
    }
    var contents: [(place: Int, bytes: [UInt8])] = []
    for place in valueInputs {
      guard let tensor = inputs[place] else { continue }
      if case .fixed(_, inArena: false)? = sources[place] { continue }
      contents.append((place, tensor.withBytes { Array($0) }))
      // The kernel may be kept: it must not hold tensors that lie in the arena.
      operands.facts[place]?.constant = tensor.copied()
    }
    let outputs = try implementation.infer(operands)
    for case let output? in outputs { try limits.check(output.shape, output.elementType) }
    last = Prepared(
      inputs, contents: contents, outputs: Array(outputs.prefix(node.outputs.count)),
      view: implementation.viewedInput(operands),
      kernel: try implementation.prepareWidened(operands, outputs: outputs, limits: limits))
  }
}
