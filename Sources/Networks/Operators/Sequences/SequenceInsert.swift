// Room: Networks. The operator SequenceInsert.

internal import Tensors

/// A sequence with one more element, at the end unless a place is given.
package struct SequenceInsertOperator: DynamicOperator {
  package init(_ node: NodeDescription) throws {}

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    var (tensors, type) = try inputs.sequence(0)
    let tensor = try inputs.tensor(1)
    guard tensors.isEmpty || tensor.elementType == type else {
      throw OperatorFault.invalid(
        "cannot put a \(tensor.elementType.rawValue) tensor into a sequence of \(type.rawValue)")
    }
    // A place may also be the one behind the last element.
    let place = try inputs.position(2, count: tensors.count + 1) ?? tensors.count
    let negative = try inputs.optionalTensor(2)?.integerElements(input: 2).first.map { $0 < 0 }
    tensors.insert(tensor, at: negative == true ? max(place - 1, 0) : place)
    return [.sequence(tensors, tensor.elementType)]
  }
}
