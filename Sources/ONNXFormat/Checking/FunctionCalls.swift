// Room: ONNXFormat. A model's functions: named once, no circles, and no explosion when expanded.

/// How many nodes a model may have once its functions are written out: far above any real model's.
private let expandedNodeLimit = 10_000_000

private struct FunctionKey: Hashable {
  let domain: String
  let name: String
  let overload: String
}

/// Throws where two functions share a name, functions call each other in a circle, or a short file
/// would grow beyond measure when its functions are written out.
func checkFunctionCalls(
  graph: ONNXGraph, functions: [ONNXFunction]
) throws(ONNXError) {
  guard !functions.isEmpty else { return }
  var numbers: [FunctionKey: Int] = [:]
  for (index, function) in functions.enumerated() {
    let key = FunctionKey(
      domain: function.domain, name: function.name, overload: function.overload)
    guard numbers.updateValue(index, forKey: key) == nil else {
      throw ONNXError(
        .invalidGraph,
        "two functions are named \(ONNXError.quoted(function.name)); export the network again")
    }
  }
  let calls = functions.map { callCounts($0.nodes, numbers) }
  // A fixed order, so that the same file always gives the same error.
  let order =
    try sortedOrder(calls.map { $0.callees.keys.sorted() }) {
      "function \(ONNXError.quoted(functions[$0].name))"
    } ?? Array(functions.indices)
  var sizes = [Int](repeating: 0, count: functions.count)
  for index in order { sizes[index] = try expandedSize(calls[index], sizes) }
  _ = try expandedSize(callCounts(graph.nodes, numbers), sizes)
}

private struct CallCounts {
  var nodes = 0
  var callees: [Int: Int] = [:]
}

private func callCounts(_ nodes: [ONNXNode], _ numbers: [FunctionKey: Int]) -> CallCounts {
  var counts = CallCounts()
  func count(_ nodes: [ONNXNode]) {
    for node in nodes {
      counts.nodes += 1
      let key = FunctionKey(domain: node.domain, name: node.opType, overload: node.overload)
      if let callee = numbers[key] { counts.callees[callee, default: 0] += 1 }
      for attribute in node.attributes.values {
        for graph in attribute.subgraphs { count(graph.nodes) }
      }
    }
  }
  count(nodes)
  return counts
}

private func expandedSize(_ counts: CallCounts, _ sizes: [Int]) throws(ONNXError) -> Int {
  var total = counts.nodes
  for (callee, times) in counts.callees {
    let (product, overflow) = sizes[callee].multipliedReportingOverflow(by: times)
    guard !overflow, product <= expandedNodeLimit, total + product <= expandedNodeLimit else {
      throw ONNXError(
        .invalidGraph,
        "its functions would expand to more than \(expandedNodeLimit) nodes; "
          + "the file is damaged or hostile")
    }
    total += product
  }
  return total
}
