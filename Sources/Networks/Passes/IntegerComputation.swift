// Room: Networks. Pass: what stands between dequantisations and a quantisation is computed in
// integers.

internal import Tensors

/// Turns groups of `DequantizeLinear` → operator → `QuantizeLinear` into operators on bytes.
///
/// Convolutions and matrix products become `QLinearConv`, `QLinearMatMul` and `QGemm`, with 32-bit
/// sums, and take in a bias and a `Relu` or `Clip`; sums, differences and products of two tensors,
/// means of windows and concatenations become their quantised forms; functions of single values,
/// however many in a row, become a table; what only moves elements moves bytes. Results differ from
/// those in floats by at most one quantum. Only scales for whole tensors, and those by output channel
/// of weights, of int8 and uint8; everything else stays in floats.
package struct IntegerComputation: GraphPass {
  package let name = "integer-computation"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.nodes.contains(where: { $0.implementation is any DequantizationNode }) else {
      return graph
    }
    let folded = try ConstantFolding(leavingDequantization: true).apply(graph, limits: limits)
    var rewriting = IntegerRewriting(folded, limits)
    rewriting.moveBytes()
    rewriting.computeInIntegers()
    return try DeadNodeRemoval().apply(rewriting.graph, limits: limits)
  }
}

/// A graph while its quantised groups are rewritten.
struct IntegerRewriting {
  var graph: Graph
  let limits: MemoryLimits
  /// The node that makes each value, by place.
  private(set) var producer: [Int?]
  private(set) var uses: [Int]

  init(_ graph: Graph, _ limits: MemoryLimits) {
    self.graph = graph
    self.limits = limits
    producer = graph.producers()
    uses = graph.useCounts()
  }

  /// A value as bytes with a scale and a zero point for the whole tensor.
  struct Bytes {
    var value: ValueID
    var type: QuantizedType
    var scale: ValueID, zero: ValueID
    var elementType: ElementType { type.isSigned ? .int8 : .uint8 }
  }

  /// The node that makes `value`, when it is not a constant.
  func maker(_ value: ValueID?) -> GraphNode? {
    guard let value, value < producer.count, let place = producer[value] else { return nil }
    return graph.nodes[place]
  }

  func constant(_ value: ValueID?) -> Tensor? { value.flatMap { graph.constants[$0] } }

  /// Whether only one node uses `value`, so that it need not exist.
  func isPrivate(_ value: ValueID) -> Bool { value < uses.count && uses[value] == 1 }

  mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    let value = graph.addValue(name)
    graph.constants[value] = tensor
    producer.append(nil)
    uses.append(1)
    return value
  }

  mutating func addValue(_ name: String) -> ValueID {
    producer.append(nil)
    uses.append(1)
    return graph.addValue(name)
  }

  /// What `node`, a dequantisation or a quantisation, says of its bytes; `element` is their type.
  mutating func quantizedType(_ node: GraphNode, _ element: ElementType) -> (
    type: QuantizedType, scale: ValueID, zero: ValueID
  )? {
    guard element == .int8 || element == .uint8, node.inputs.count >= 2, let scale = node.inputs[1],
      let scaleTensor = graph.constants[scale], scaleTensor.count == 1,
      scaleTensor.elementType == .float32
    else { return nil }
    var zero = node.inputs.count > 2 ? node.inputs[2] : nil
    if let given = zero {
      guard let tensor = graph.constants[given], tensor.count == 1, tensor.elementType == element
      else { return nil }
    } else {
      zero = addConstant("\(node.name)/zero", Tensor(zeros: .scalar, element))
    }
    guard let zero,
      let type = try? QuantizedType(element, scale: scaleTensor, zero: graph.constants[zero]),
      type.scale > 0, type.scale.isFinite
    else { return nil }
    return (type, scale, zero)
  }

  /// The bytes that `value` is dequantised from, as a whole tensor.
  mutating func bytes(_ value: ValueID?) -> Bytes? {
    guard let node = maker(value),
      let dequantization = node.implementation as? any DequantizationNode,
      dequantization.dequantization.block == 0, let source = node.inputs.first ?? nil
    else { return nil }
    let zero = node.inputs.count > 2 ? constant(node.inputs[2]) : nil
    // Without a zero point only the bytes' maker knows their type.
    guard let element = zero?.elementType ?? byteType(source),
      let found = quantizedType(node, element)
    else { return nil }
    return Bytes(value: source, type: found.type, scale: found.scale, zero: found.zero)
  }

  /// The type of a value of bytes, where it is known.
  private func byteType(_ value: ValueID) -> ElementType? {
    if let tensor = graph.constants[value] { return tensor.elementType }
    guard let node = maker(value),
      let quantizer = node.implementation as? any QuantizationNode
    else { return nil }
    guard node.inputs.count > 2, let zero = node.inputs[2] else {
      return quantizer.quantization.type ?? .uint8
    }
    return graph.constants[zero]?.elementType
  }

  // MARK: Moving

  /// Operators that move elements, or pick among them, without computing.
  private static let movements: Set<String> = [
    "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Gather", "Split", "Expand",
    "Tile", "DepthToSpace", "SpaceToDepth", "MaxPool", "GlobalMaxPool",
  ]

  private static func moves(_ node: GraphNode) -> Bool {
    // What another pass has made may hold values of the type that it was made for.
    guard node.description != nil else { return false }
    if let resize = node.implementation as? ResizeOperator { return resize.copies }
    return node.domain.isEmpty && movements.contains(node.opType)
      && (node.opType != "MaxPool" || node.outputs.count == 1)
  }

  /// Lets operators that only move elements move bytes, and dequantises behind them.
  mutating func moveBytes() {
    let nodes = graph.nodes
    graph.nodes = []
    for index in producer.indices { producer[index] = nil }
    for node in nodes {
      var moved = node
      guard Self.moves(node), let source = node.inputs.first ?? nil,
        let place = producer[source], let bytes = bytes(source)
      else {
        append(node)
        continue
      }
      let dequantization = graph.nodes[place]
      moved.inputs[0] = bytes.value
      moved.outputs = node.outputs.map { output in
        output.map { addValue("\(graph.names[$0])/bytes") }
      }
      append(moved)
      for (output, own) in zip(node.outputs, moved.outputs) {
        guard let output, let own else { continue }
        var behind = dequantization
        behind.name = "\(node.name)/dequantized"
        behind.inputs = [own, bytes.scale, bytes.zero]
        behind.outputs = [output]
        append(behind)
      }
    }
    uses = graph.useCounts()
  }

  private mutating func append(_ node: GraphNode) {
    for case let output? in node.outputs { producer[output] = graph.nodes.count }
    graph.nodes.append(node)
  }

  // MARK: Computing

  /// Replaces quantisations, and what they quantise, by operators on bytes.
  mutating func computeInIntegers() {
    for place in graph.nodes.indices {
      let node = graph.nodes[place]
      guard let quantization = node.implementation as? any QuantizationNode,
        quantization.quantization.block == 0, quantization.quantization.precision == nil,
        let target = self.target(of: node, quantization.quantization.type),
        let output = node.outputs.first ?? nil, var made = plan(node, target)
      else { continue }
      made.name = node.name
      made.outputs = [output]
      graph.nodes[place] = made
    }
  }

  /// What a quantisation makes.
  private mutating func target(
    of node: GraphNode, _ type: ElementType?
  ) -> QuantizationTarget? {
    let zero = node.inputs.count > 2 ? constant(node.inputs[2]) : nil
    guard node.inputs.count < 3 || node.inputs[2] == nil || zero != nil,
      let found = quantizedType(node, zero?.elementType ?? type ?? .uint8)
    else { return nil }
    return QuantizationTarget(type: found.type, scale: found.scale, zero: found.zero)
  }

  /// The operator on bytes that gives what `node` quantises.
  private mutating func plan(_ node: GraphNode, _ target: QuantizationTarget) -> GraphNode? {
    guard let start = node.inputs.first ?? nil else { return nil }
    let chain = SingleValueChain(start, in: self)
    if let source = bytes(chain.source) {
      return table(source, chain, target)
    }
    guard chain.nodes.isEmpty || isPrivate(chain.source), let bounds = chain.bounds(target.type),
      let maker = maker(chain.source), isPrivate(chain.source)
    else { return nil }
    return operation(maker, bounds, target)
  }

  /// Functions of single values between quantisations.
  private func table(
    _ source: Bytes, _ chain: SingleValueChain, _ target: QuantizationTarget
  ) -> GraphNode? {
    let inputs = (0..<256).map { source.type.value(UInt8($0)) }
    guard let results = chain.results(inputs, limits) else { return nil }
    let table = ByteTable(results.map { target.type.code($0) })
    if table.isIdentity, target.elementType == source.elementType,
      let identity = try? IdentityOperator(NodeDescription(opType: "Identity", opset: 18))
    {
      return node("Identity", identity, [source.value])
    }
    return node("ByteTable", ByteTableOperator(table, target.elementType), [source.value])
  }

  func node(
    _ opType: String, _ implementation: any Operator, _ inputs: [ValueID?]
  ) -> GraphNode {
    GraphNode(
      name: "", opType: opType, inputs: inputs, outputs: [], implementation: implementation)
  }
}

/// The bytes that a quantisation makes.
struct QuantizationTarget {
  var type: QuantizedType
  var scale: ValueID, zero: ValueID
  var elementType: ElementType { type.isSigned ? .int8 : .uint8 }
}
