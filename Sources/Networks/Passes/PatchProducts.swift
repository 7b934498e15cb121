// Room: Networks. Pass: patches that tokens spread into are products with the tokens' rows.

internal import Tensors

/// Makes `MatMul` of a `ConvTranspose` whose windows lie side by side and whose input is rows of
/// channels that were transposed for it, as the last layer of a transformer over patches is: each
/// token's row makes its patch. Tokens that were joined from parts along the channels are read where
/// the parts are.
///
/// **Shapes**: tokens `[batch, spatial…, channels]`, weights `[channels, outputs, kernel…]`, products
/// `[batch, spatial…, outputs · kernel…]`, which one copy puts in order.
package struct PatchProducts: GraphPass {
  package let name = "patch-products"

  package init() {}

  package func apply(_ graph: Graph, limits: MemoryLimits) throws(NetworkError) -> Graph {
    guard graph.contains(ConvTransposeOperator.self) else { return graph }
    var rewriter = GraphRewriter(graph, limits: limits)
    for index in rewriter.nodes.indices {
      let node = rewriter.nodes[index]
      guard let operation = node.implementation as? ConvTransposeOperator,
        operation.activation == .none,
        let made = product(node, operation, at: index, &rewriter)
      else { continue }
      rewriter.replace(at: index, with: made)
    }
    return try rewriter.finished()
  }

  private func product(
    _ node: GraphNode, _ operation: ConvTransposeOperator, at index: Int,
    _ rewriter: inout GraphRewriter
  ) -> GraphNode? {
    guard let x = node.input(0), let operands = rewriter.operands(of: node),
      operands[0]?.elementType == .float32, let shapes = try? operation.shapes(operands),
      shapes.groups == 1,
      shapes.windows.allSatisfy({ window in
        window.kernel == window.stride && window.dilation == 1 && window.before == 0
          && window.after == 0 && window.length == window.output * window.stride
      }),
      let weights = rewriter.constant(node.input(1)), weights.isContiguous, weights.count > 0,
      let input = rewriter.facts(x)?.shape, input.count > 0,
      let output = rewriter.facts(node.result)?.shape,
      let tokens = tokens(x, input, &rewriter)
    else { return nil }
    let bias = node.input(2).map { rewriter.constant($0) }
    if let bias, bias?.count != shapes.groupOutputs { return nil }
    guard let registry = OperatorRegistry.type("MatMul", domain: ""),
      let sum = OperatorRegistry.type("Add", domain: ""),
      let multiply = try? registry.init(NodeDescription(opType: "MatMul", opset: 13)),
      let add = try? sum.init(NodeDescription(opType: "Add", opset: 14)),
      let reshape = try? ReshapeOperator(NodeDescription(opType: "Reshape", opset: 13))
    else { return nil }
    let taps = shapes.taps, columns = shapes.groupOutputs * taps
    let spatial = shapes.windows.map(\.output), kernel = shapes.windows.map(\.kernel)
    guard let made = try? Shape(checking: [input[0]] + spatial + [columns]) else { return nil }

    var total: ValueID?
    var first = 0
    for part in tokens {
      let movement = FusedMovement(source: part.source, walk: part.walk)
      let rows = rewriter.addNode(before: index, like: node, "\(node.name).tokens") { _ in
        ("Transpose", movement, [part.value])
      }
      guard let channels = part.walk.shape.last,
        let shape = try? Shape(checking: [channels, columns])
      else { return nil }
      let own = rewriter.addConstant(
        Tensor(
          storage: weights.storage, elementType: .float32, shape: shape,
          offset: weights.offset + first * columns), "\(node.name).weights")
      let product = rewriter.addNode(before: index, like: node, "\(node.name).product") { _ in
        ("MatMul", multiply, [rows, own])
      }
      if let sum = total {
        total = rewriter.addNode(before: index, like: node, "\(node.name).sum") { _ in
          ("Add", add, [sum, product])
        }
      } else {
        total = product
      }
      first += channels
    }
    if case let bias?? = bias, let sum = total {
      let values = bias.elements(as: Float.self).flatMap { [Float](repeating: $0, count: taps) }
      let row = rewriter.addConstant(Tensor(values, shape: [columns]), "\(node.name).bias")
      total = rewriter.addNode(before: index, like: node, "\(node.name).biased") { _ in
        ("Add", add, [sum, row])
      }
    }
    guard let result = total else { return nil }
    // [batch, spatial…, outputs, kernel…] with each kernel length behind its spatial one.
    let split = [input[0]] + spatial + [shapes.groupOutputs] + kernel
    let rank = spatial.count
    let order = [0, rank + 1] + (0..<rank).flatMap { [1 + $0, rank + 2 + $0] }
    guard let dense = (try? Shape(checking: split))?.rowMajorStrides else { return nil }
    var walk = StridedWalk(dense: made)
    (walk.shape, walk.strides) = (order.map { split[$0] }, order.map { dense[$0] })
    let placed = rewriter.addNode(before: index, like: node, "\(node.name).patches") { _ in
      ("Transpose", FusedMovement(source: made, walk: walk), [result])
    }
    let lengths = rewriter.addConstant(
      Tensor(output.dimensions.map(Int64.init), shape: [output.rank]), "\(node.name).shape")
    return node.replaced(by: "Reshape", reshape, inputs: [placed, lengths])
  }

  private struct Tokens {
    var value: ValueID
    var source: Shape
    /// As `[batch, spatial…, channels]`.
    var walk: StridedWalk
  }

  /// The rows of channels that `value` was transposed from; several where they were joined.
  private func tokens(
    _ value: ValueID, _ input: Shape, _ rewriter: inout GraphRewriter
  ) -> [Tokens]? {
    guard let traced = StridedSource.trace(value, &rewriter), traced.copies > 0,
      traced.walk.shape == input.dimensions, input.rank > 2,
      let source = rewriter.facts(traced.value)?.shape, let width = source.dimensions.last,
      width == input[1], width > 1, traced.walk.strides[1] == 1,
      traced.walk.offset.isMultiple(of: width)
    else { return nil }
    var walk = traced.walk
    walk.shape = [input[0]] + input.dimensions[2...] + [input[1]]
    walk.strides = [traced.walk.strides[0]] + traced.walk.strides[2...] + [1]
    guard walk.strides.dropLast().allSatisfy({ $0.isMultiple(of: width) }) else { return nil }
    guard rewriter.constant(traced.value) == nil,
      let (join, operation) = rewriter.producer(of: traced.value, ConcatOperator.self),
      operation.axis == -1 || operation.axis == source.rank - 1
    else { return [Tokens(value: traced.value, source: source, walk: walk)] }
    var parts: [Tokens] = []
    for part in join.inputs {
      guard let part, let shape = rewriter.facts(part)?.shape, let own = shape.dimensions.last,
        own > 0
      else { return nil }
      var moved = walk
      moved.shape[moved.shape.count - 1] = own
      moved.strides = walk.strides.dropLast().map { $0 / width * own } + [1]
      moved.offset = walk.offset / width * own
      parts.append(Tokens(value: part, source: shape, walk: moved))
    }
    return parts
  }
}
