// Room: Networks. The operator OptionalGetElement.

/// What an optional holds; anything else is handed on.
package struct OptionalGetElementOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    switch inputs[0] {
    case .optional(let value?)?: return [value]
    case .optional(nil)?: throw OperatorFault.invalid("the optional is absent")
    case let value?: return [value]
    case nil: throw OperatorFault.invalid("input 0 is missing")
    }
  }
}
