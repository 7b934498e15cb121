// Room: Networks. The room's front door: a network that is ready to run.

public import Foundation
package import ONNXFormat
internal import Synchronization
public import Tensors

/// A network: an ONNX file, read, checked and ready to run.
///
/// The file's weights stay where they are, in the mapped file. For each set of input shapes a plan
/// is made once and kept; `run` may be called from several tasks at once, each run having memory of
/// its own.
///
/// **Memory**: nothing that a file says is believed. Reading takes at most 100 times the file's size
/// beside the mapped file itself, and one page for each file of external data. Everything that
/// compiling and running take is counted against `Options.memoryLimit`, all plans and concurrent
/// runs together: the arenas of intermediate values, outputs until they are returned, constants that
/// were computed or copied, packed weights, operators' own working memory, what loops stack and
/// sequences hold. Kept plans are let go before the limit is an error, and kernels that need less
/// memory take the place of faster ones; inputs and returned outputs are the caller's. What one
/// operator may take unasked, beyond the limit, is a small multiple of its own inputs and outputs.
///
/// **Cancellation**: a run looks whether its task is cancelled between nodes and between iterations
/// of its loops, and then throws `cancelled`.
public final class CompiledNetwork: Sendable {
  /// How exactly a network's products are computed.
  public enum Precision: String, Sendable, CaseIterable {
    /// In float32.
    case full
    /// Products with constant matrices round their operands to bfloat16 and sum in float32, on
    /// processors that have an instruction for it (AVX512-BF16), up to twice as fast there; elsewhere
    /// as `full`. Convolutions and attention's own products stay in float32. Measured differences
    /// are in the README; a network's own are to be measured, as by `squall check`.
    case fast
  }

  /// How a network is compiled.
  public struct Options: Sendable {
    /// The most bytes that the network may take at a time, see "Memory" above; by default the
    /// machine's memory.
    public var memoryLimit: Int?
    /// The most iterations that all `Loop`s, `Scan`s and `SequenceMap`s of one run may do together,
    /// so that a loop that never ends ends in an error; by default ten million.
    public var iterationLimit = 10_000_000
    /// Whether the file that `packWeights` wrote beside the network is used where there is one.
    public var usesPackedWeights = true
    /// How exactly products are computed; by default in full float32.
    public var precision = Precision.full
    /// The passes over the graph; by default all.
    package var passes: [any GraphPass]
    private(set) var operators = OperatorRegistry()

    /// The defaults.
    public init(memoryLimit: Int? = nil) {
      self.memoryLimit = memoryLimit
      passes = GraphPasses.standard
    }

    /// The kernels that compute it.
    var variant: KernelVariant {
      let current = KernelVariant.current
      return precision == .fast ? current.roundingProducts : current
    }

    /// Lets nodes `opType` of `domain` be computed by `type`, an operator of the program's own.
    ///
    /// It stands before a function of that name in the file, and before Squall's own operator.
    public mutating func register<Custom: CustomOperator>(
      _ type: Custom.Type, as opType: String, domain: String
    ) {
      operators.register(CustomOperatorAdapter<Custom>.self, as: opType, domain: domain)
    }
  }

  /// The inputs that a caller must give.
  public let inputs: [ValueDescription]
  /// Constants that the file also declares as inputs: a caller may give others in their place.
  public let optionalInputs: [ValueDescription]
  /// The outputs, in the file's order.
  public let outputs: [ValueDescription]

  private let source: Graph
  private let weights: (any WeightStore)?
  private let foundWeights: PackedWeightsState
  let options: Options
  let limits: MemoryLimits
  private let core: NetworkCore
  private let variants = Mutex<[Set<String>: NetworkCore]>([:])

  /// Reads and compiles the ONNX file at `url`.
  ///
  /// **Throws** `NetworkError`: `invalidModel` for a file that cannot be read, `unsupported` with all
  /// missing operators at once, `invalidGraph` where an operator's rules are broken.
  public convenience init(
    contentsOf url: URL, options: Options = Options()
  ) throws(NetworkError) {
    let model: ONNXModel
    do {
      model = try ONNXModel(contentsOf: url)
    } catch {
      throw NetworkError(.invalidModel, "\(error)")
    }
    try self.init(model, options: options)
  }

  /// Compiles a model that has been read already.
  ///
  /// **Throws** as `init(contentsOf:options:)`.
  package convenience init(
    _ model: ONNXModel, options: Options = Options()
  ) throws(NetworkError) {
    try self.init(model, options: options, weights: nil)
  }

  /// Compiles a model whose packed weights `weights` keeps; without it, they are looked for beside
  /// the model.
  init(
    _ model: ONNXModel, options: Options, weights: (any WeightStore)?
  ) throws(NetworkError) {
    self.options = options
    let variant = options.variant
    (self.weights, foundWeights) =
      weights.map { ($0, .none) } ?? variant.asCurrent { Self.storedWeights(model, options) }
    let limits = MemoryLimits(
      bytes: options.memoryLimit ?? Int(clamping: ProcessInfo.processInfo.physicalMemory),
      weights: self.weights, roundsProducts: options.precision == .fast)
    self.limits = limits
    source = try limits.asCurrent { () throws(NetworkError) in
      try GraphBuilder.build(model, operators: options.operators, limits: limits)
    }
    inputs = source.inputs.filter { $0.defaultValue == nil }.map(\.declared)
    optionalInputs = source.inputs.filter { $0.defaultValue != nil }.map(\.declared)
    outputs = model.graph.outputs.map { ValueDescription($0) }
    core = try Self.compile(source, overriding: [], options: options, limits: limits)
  }

  private static func storedWeights(
    _ model: ONNXModel, _ options: Options
  ) -> ((any WeightStore)?, PackedWeightsState) {
    guard options.usesPackedWeights, let files = SourceFiles(model), let path = files.packPath
    else { return (nil, .none) }
    do {
      guard let stored = try PackedWeights(path: path, for: files) else { return (nil, .none) }
      return (stored, .used(path: path))
    } catch {
      return (nil, .ignored(path: path, reason: error.reason))
    }
  }

  /// Whether a pack file is used; arrays of other versions of Squall show only once they are asked
  /// for.
  public var packedWeights: PackedWeightsState {
    if case .used(let path) = foundWeights, let stored = weights as? PackedWeights,
      stored.isOutdated
    {
      return .ignored(path: path, reason: "another version of Squall made it")
    }
    return foundWeights
  }

  private static func compile(
    _ source: Graph, overriding names: Set<String>, options: Options, limits: MemoryLimits
  ) throws(NetworkError) -> NetworkCore {
    var graph = source
    for input in source.inputs where names.contains(input.declared.name) {
      graph.constants[input.value] = nil
    }
    graph.inputs = source.inputs.filter { graph.constants[$0.value] == nil }
    return try limits.asCurrent { () throws(NetworkError) in
      try GraphCompiler.compile(graph, passes: options.passes, limits: limits)
    }
  }

  // MARK: Running

  /// Runs the network on tensors by input name and gives the outputs by name.
  ///
  /// **Shapes**: as `inputs` says; the same symbol means the same length. **Throws** `NetworkError`
  /// when an input is missing, unknown or does not fit, or when the memory limit is too low.
  public func run(
    _ inputs: [String: Tensor], profile: ProfileRecorder? = nil
  ) throws(NetworkError) -> [String: Tensor] {
    let results = try run(inputs.mapValues { NetworkValue.tensor($0) }, profile: profile)
    var tensors: [String: Tensor] = [:]
    for (name, value) in results {
      guard let tensor = value.tensor else {
        throw NetworkError(
          .unsupported,
          "output '\(name)' is \(value.kindDescription), not a tensor; ask for its values instead")
      }
      tensors[name] = tensor
    }
    return tensors
  }

  /// Runs the network on values of any kind by input name and gives the outputs by name.
  ///
  /// **Throws** as `run(_:profile:)` with tensors.
  public func run(
    _ inputs: [String: NetworkValue], profile: ProfileRecorder? = nil
  ) throws(NetworkError) -> [String: NetworkValue] {
    let (core, values) = try limits.asCurrent { () throws(NetworkError) in
      try bound(inputs)
    }
    let monitor = RunMonitor(profile: profile, iterationLimit: options.iterationLimit)
    let results = try RandomRun.start { () throws(NetworkError) in
      try core.run(values, monitor: monitor)
    }
    var named: [String: NetworkValue] = [:]
    for (output, value) in zip(outputs, results) {
      value.settle()
      named[output.name] = value
    }
    return named
  }

  /// The bytes of intermediate values that a run with inputs of these shapes takes, known without
  /// running; also makes the plan, so that the first run does not wait for it.
  ///
  /// **Throws** as `run(_:profile:)`.
  @discardableResult
  public func prepare(for shapes: [String: Shape]) throws(NetworkError) -> Int {
    try plan(for: shapes).arenaBytes
  }

  /// The plan for inputs of these shapes.
  package func plan(for shapes: [String: Shape]) throws(NetworkError) -> Plan {
    var facts: [TensorFacts?] = []
    for input in core.graph.inputs {
      guard let shape = shapes[input.declared.name] else {
        throw missing(input.declared)
      }
      facts.append(TensorFacts(input.declared.elementType ?? .float32, shape))
    }
    return try core.planned(for: facts).plan
  }

  /// Whether the same inputs always give the same outputs: no operator makes random numbers.
  public var isDeterministic: Bool { core.graph.isDeterministic }

  /// The graph as the file has it.
  package var uncompiled: Graph { source }

  /// The graph after the passes.
  package var graph: Graph { core.graph }

  private func missing(_ input: ValueDescription) -> NetworkError {
    NetworkError(.missingInput, "input '\(input.name)' is missing; the network needs \(input)")
  }

  /// The given values in the graph's order, checked, and the graph that takes them.
  private func bound(
    _ given: [String: NetworkValue]
  ) throws(NetworkError) -> (NetworkCore, [NetworkValue]) {
    let known = Set(inputs.map(\.name)), optional = Set(optionalInputs.map(\.name))
    for name in given.keys.sorted() where !known.contains(name) && !optional.contains(name) {
      let names = (inputs + optionalInputs).prefix(20).map { "'\($0.name)'" }
      throw NetworkError(
        .unknownInput,
        "the network has no input '\(name)'; its inputs are \(names.joined(separator: ", "))")
    }
    let core = try core(overriding: Set(given.keys).intersection(optional))
    var symbols: [String: (length: Int, input: String)] = [:]
    var values: [NetworkValue] = []
    for input in core.graph.inputs {
      guard let value = given[input.declared.name] else {
        if input.declared.kind == .optional {
          values.append(.optional(nil))
          continue
        }
        throw missing(input.declared)
      }
      values.append(try checked(value, input.declared, &symbols))
    }
    return (core, values)
  }

  private func core(overriding names: Set<String>) throws(NetworkError) -> NetworkCore {
    guard !names.isEmpty else { return core }
    if let known = variants.withLock({ $0[names] }) { return known }
    let made = try Self.compile(source, overriding: names, options: options, limits: limits)
    variants.withLock { $0[names] = made }
    return made
  }

  private func checked(
    _ value: NetworkValue, _ declared: ValueDescription,
    _ symbols: inout [String: (length: Int, input: String)]
  ) throws(NetworkError) -> NetworkValue {
    func mismatch(_ detail: String) -> NetworkError {
      NetworkError(
        .inputMismatch,
        "input '\(declared.name)' is \(value.kindDescription), but the network declares \(declared)"
          + detail)
    }
    switch (declared.kind, value) {
    case (.optional, .optional): return value
    case (.optional, _): return .optional(value)
    case (.sequence, .sequence(_, let type)):
      guard declared.elementType == nil || declared.elementType == type else { throw mismatch("") }
      return value
    case (.tensor, .tensor(let tensor)):
      if let type = declared.elementType, type != tensor.elementType { throw mismatch("") }
      do {
        try WorkMemory.check(tensor.shape)
      } catch {
        throw mismatch(", and the memory limit forbids so large a shape")
      }
      if let dimensions = declared.dimensions {
        guard dimensions.count == tensor.shape.rank else { throw mismatch("") }
        for (dimension, length) in zip(dimensions, tensor.shape.dimensions) {
          switch dimension {
          case .fixed(let wanted) where wanted != length: throw mismatch("")
          case .symbol(let name):
            if let known = symbols[name], known.length != length {
              throw mismatch(", and '\(name)' is \(known.length) in input '\(known.input)'")
            }
            symbols[name] = (length, declared.name)
          default: break
          }
        }
      }
      return .tensor(tensor.contiguous().normalizedBooleans())
    default: throw mismatch("")
    }
  }
}
