// Room: Networks. What a pass is, the passes in their order, and how they are run.

/// A rewriting of graphs that leaves every output as it was.
///
/// Passes run when a network is compiled, and once more when a plan is made, since many a rewriting
/// is right for some shapes only: then every input declares its type and lengths. A pass keeps the
/// graph's inputs and the number of its outputs.
package protocol GraphPass: Sendable {
  /// The pass's name, for switches and listings.
  var name: String { get }

  /// Whether it goes over the graph once, when the others find nothing more.
  var isFinal: Bool { get }

  /// The graph rewritten.
  func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph
}

extension GraphPass {
  package var isFinal: Bool { false }
}

/// The passes that compilation runs.
package enum GraphPasses {
  package static let standard: [any GraphPass] = [
    IntegerComputation(), ScaledProducts(), ConstantFolding(), BranchInlining(), HalfWidening(),
    IdentityRemoval(), CommonSubexpressions(), GrowingJoins(), NormalizationFusion(),
    ActivationFusion(), ConvolutionFusion(), LateEnlargement(),
    GroupNormalizationFusion(), JoinedProducts(), PatchProducts(), ProductFusion(),
    EinsumAttention(), AttentionFusion(), ScatterFusion(), SelectionFusion(), MovementFusion(),
    RowFusion(), DeadNodeRemoval(), WindowFusion(), ConvolutionChaining(), LastConvolutions(),
    ConvolutionPreparation(), ElementwiseFusion(),
  ]

  /// The names that `named(_:)` knows beside those of the passes.
  package static let all = "all", none = "none"

  /// The passes that a name stands for: `all`, `none`, or one pass alone; nil for other names.
  package static func named(_ name: String) -> [any GraphPass]? {
    switch name {
    case all: return standard
    case none: return []
    default:
      let chosen = standard.filter { $0.name == name }
      return chosen.isEmpty ? nil : chosen
    }
  }

  /// How often the passes go over a graph at most; each round may make room for the next.
  private static let rounds = 4

  /// The graph after the passes, which are repeated until they find nothing more.
  ///
  /// `observe` is told what each pass made of the graph.
  package static func run(
    _ passes: [any GraphPass], over graph: Graph, limits: MemoryLimits,
    observe: ((_ pass: String, _ before: Graph, _ after: Graph) -> Void)? = nil
  ) throws(NetworkError) -> Graph {
    var graph = graph
    func apply(_ pass: any GraphPass) throws(NetworkError) {
      let next = try pass.apply(graph, limits: limits)
      observe?(pass.name, graph, next)
      graph = next
    }
    for _ in 0..<rounds {
      let before = graph.outline
      for pass in passes where !pass.isFinal { try apply(pass) }
      if graph.outline == before { break }
    }
    for pass in passes where pass.isFinal { try apply(pass) }
    return graph
  }
}

extension Graph {
  /// What tells whether a pass did anything: operators, and which values they read and make.
  var outline: Int {
    var hasher = Hasher()
    for node in nodes {
      hasher.combine(node.opType)
      hasher.combine(node.inputs)
      hasher.combine(node.outputs)
    }
    hasher.combine(outputs)
    return hasher.finalize()
  }
}
