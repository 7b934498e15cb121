// Room: Networks. Functions of single values in a row, as passes find them in a graph.

internal import Tensors

/// The functions of single values that a value has gone through, up to where it came from.
struct SingleValueChain {
  /// The functions, the last one first, with the place of their varying input.
  private(set) var nodes: [(node: GraphNode, input: Int)] = []
  /// What the first function works on.
  private(set) var source: ValueID
  private let constants: [ValueID: Tensor]

  /// Arithmetic that is a function of one value when all other operands are single constants.
  private static let arithmetic: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Clip", "PRelu",
  ]

  /// The functions that lead to `value`, as far as nobody else uses what lies between.
  init(_ value: ValueID, in rewriting: IntegerRewriting) {
    source = value
    constants = rewriting.graph.constants
    var current = value
    while rewriting.isPrivate(current), let node = rewriting.maker(current), node.domain.isEmpty,
      node.outputs.count == 1, let input = Self.varying(node, rewriting),
      let from = node.inputs[input]
    {
      nodes.append((node, input))
      current = from
    }
    source = current
  }

  /// The place of the only input that is not a single constant, where the node maps single values.
  private static func varying(_ node: GraphNode, _ rewriting: IntegerRewriting) -> Int? {
    let isUnary = node.implementation.asUnary != nil
    guard isUnary || arithmetic.contains(node.opType) else { return nil }
    var result: Int?
    for (index, input) in node.inputs.enumerated() {
      guard let input else { continue }
      if let constant = rewriting.graph.constants[input] {
        guard constant.count == 1, constant.shape.rank <= 1, constant.elementType == .float32 else {
          return nil
        }
      } else if result != nil {
        return nil
      } else {
        result = index
      }
    }
    return result
  }

  /// What the functions make of `values`; nil where they cannot be computed.
  func results(_ values: [Float], _ limits: MemoryLimits) -> [Float]? {
    var tensor = Tensor(values, shape: [values.count])
    for (node, input) in nodes.reversed() {
      let operands = Operands(
        node.inputs.enumerated().map { index, value in
          if index == input { return TensorFacts(constant: tensor) }
          return value.flatMap { constants[$0] }.map { TensorFacts(constant: $0) }
        })
      guard let outputs = try? node.implementation.infer(operands),
        outputs.first??.shape.count == values.count, outputs.first??.elementType == .float32,
        let kernel = try? node.implementation.prepareWidened(
          operands, outputs: [outputs[0]], limits: limits),
        let made = try? Kernel.run(
          kernel, inputs: operands.facts.map { $0?.constant }, outputs: [outputs[0]],
          limits: limits),
        let result = made.first ?? nil
      else { return nil }
      tensor = result
    }
    return tensor.elements(as: Float.self)
  }

  /// The bytes that the functions leave, when each only limits its values; all of them when there is
  /// none.
  func bounds(_ type: QuantizedType) -> ClosedRange<Int32>? {
    guard
      nodes.allSatisfy({
        $0.node.implementation is ReluOperator || $0.node.implementation is ClipOperator
      })
    else { return nil }
    let huge = Float.greatestFiniteMagnitude
    guard let ends = results([-huge, huge], MemoryLimits(bytes: 1 << 20)) else { return nil }
    func whole(_ value: Float) -> Int32 {
      Int32(
        Rounding.quantized(
          value / type.scale, Float(type.zero), Float(type.range.low), Float(type.range.high)))
    }
    let (low, high) = (whole(ends[0]), whole(ends[1]))
    return low <= high ? low...high : nil
  }
}
