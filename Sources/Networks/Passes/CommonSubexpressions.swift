// Room: Networks. Pass: what is computed twice is computed once.

internal import Tensors

/// Lets nodes that do the same to the same values share one result; equal small constants become one
/// first, since exporters write each anew.
package struct CommonSubexpressions: GraphPass {
  package let name = "common-subexpressions"

  /// Constants up to so many bytes are compared.
  private static let comparedBytes = 1024

  private struct Key: Hashable {
    var opType: String
    var domain: String
    var inputs: [ValueID?]
    var outputCount: Int
  }

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    var result = graph
    result.nodes = []
    var replacement = equalConstants(of: graph)
    var known: [Key: [GraphNode]] = [:]
    for var node in graph.nodes {
      node.inputs = node.inputs.map { value in value.map { replacement[$0] ?? $0 } }
      node.capturedValues = node.capturedValues.map { replacement[$0] ?? $0 }
      guard node.capturedValues.isEmpty, (node.implementation.asDynamic == nil),
        node.implementation.isDeterministic, node.description != nil
      else {
        result.nodes.append(node)
        continue
      }
      let key = Key(
        opType: node.opType, domain: node.domain, inputs: node.inputs,
        outputCount: node.outputs.count)
      if let twin = known[key]?.first(where: { isEqual($0, node) }) {
        for (own, other) in zip(node.outputs, twin.outputs) {
          if let own, let other { replacement[own] = other }
        }
      } else {
        known[key, default: []].append(node)
        result.nodes.append(node)
      }
    }
    result.outputs = result.outputs.map { replacement[$0] ?? $0 }
    return result
  }

  private func isEqual(_ a: GraphNode, _ b: GraphNode) -> Bool {
    guard let x = a.description, let y = b.description, x.opset == y.opset,
      x.attributes.count == y.attributes.count,
      zip(a.outputs, b.outputs).allSatisfy({ $0 != nil || $1 == nil })
    else { return false }
    return x.attributes.allSatisfy { name, value in
      y.attributes[name].map { isEqual(value, $0) } ?? false
    }
  }

  private func isEqual(_ a: AttributeValue, _ b: AttributeValue) -> Bool {
    switch (a, b) {
    case (.int(let x), .int(let y)): x == y
    case (.float(let x), .float(let y)): x.bitPattern == y.bitPattern
    case (.string(let x), .string(let y)): x == y
    case (.ints(let x), .ints(let y)): x == y
    case (.floats(let x), .floats(let y)): x.map(\.bitPattern) == y.map(\.bitPattern)
    case (.strings(let x), .strings(let y)): x == y
    case (.type(let x), .type(let y)): x == y
    case (.tensor(let x), .tensor(let y)): content(x) != nil && content(x) == content(y)
    default: false
    }
  }

  private struct Content: Hashable {
    var type: ElementType
    var shape: Shape
    var bytes: [UInt8]
  }

  private func content(_ tensor: Tensor) -> Content? {
    guard tensor.count * tensor.elementType.byteWidth <= Self.comparedBytes else { return nil }
    return Content(
      type: tensor.elementType, shape: tensor.shape,
      bytes: tensor.contiguous().withBytes { Array($0) })
  }

  /// For each small constant that an earlier one equals, that one.
  private func equalConstants(of graph: Graph) -> [ValueID: ValueID] {
    var first: [Content: ValueID] = [:]
    var result: [ValueID: ValueID] = [:]
    for value in graph.constants.keys.sorted() {
      guard let tensor = graph.constants[value], let content = content(tensor) else { continue }
      if let known = first[content] {
        result[value] = known
      } else {
        first[content] = value
      }
    }
    return result
  }
}
