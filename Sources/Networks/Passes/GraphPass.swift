// Room: Networks. What a pass is, and the passes in their order.

/// A rewriting of graphs that leaves every output as it was.
package protocol GraphPass: Sendable {
  /// The pass's name, for switches and listings.
  var name: String { get }

  /// The graph rewritten.
  func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph
}

/// The passes that compilation runs.
package enum GraphPasses {
  package static let standard: [any GraphPass] = [
    ConstantFolding(), IdentityRemoval(), ConvolutionFusion(), DeadNodeRemoval(),
  ]
}
