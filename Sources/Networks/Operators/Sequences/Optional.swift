// Room: Networks. The operator Optional.

internal import Tensors

/// An optional that holds the input, or an absent one.
package struct OptionalOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    [.optional(inputs[0])]
  }
}
