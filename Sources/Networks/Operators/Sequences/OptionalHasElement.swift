// Room: Networks. The operator OptionalHasElement.

internal import Tensors

/// Whether an optional holds something; an omitted input does not, anything else does.
package struct OptionalHasElementOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    switch inputs[0] {
    case .optional(nil)?, nil: [.tensor(Tensor(false))]
    default: [.tensor(Tensor(true))]
    }
  }
}
