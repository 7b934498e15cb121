// Room: Networks. What kind of operator one is, told by itself: asking the runtime whether a type
// conforms to a protocol goes through every conformance of the program, once for each pair.

extension Operator {
  package var asDynamic: (any DynamicOperator)? { nil }
  package var asSubgraphs: (any SubgraphOperator)? { nil }
  package var asComposite: (any CompositeOperator)? { nil }
  package var asView: (any ViewOperator)? { nil }
  package var asSelecting: (any SelectingOperator)? { nil }
  package var asUnary: (any UnaryOperator)? { nil }
  package var asBinary: (any BinaryOperator)? { nil }
  package var asPassThrough: (any PassThrough)? { nil }
  package var asNeutralOperand: (any NeutralOperand)? { nil }
}

extension DynamicOperator {
  package var asDynamic: (any DynamicOperator)? { self }
}

extension SubgraphOperator {
  package var asSubgraphs: (any SubgraphOperator)? { self }
}

extension CompositeOperator {
  package var asComposite: (any CompositeOperator)? { self }
}

extension ViewOperator {
  package var asView: (any ViewOperator)? { self }
}

extension SelectingOperator {
  package var asSelecting: (any SelectingOperator)? { self }
}

extension UnaryOperator {
  package var asUnary: (any UnaryOperator)? { self }
}

extension BinaryOperator {
  package var asBinary: (any BinaryOperator)? { self }
}

extension PassThrough {
  package var asPassThrough: (any PassThrough)? { self }
}

extension NeutralOperand {
  package var asNeutralOperand: (any NeutralOperand)? { self }
}
