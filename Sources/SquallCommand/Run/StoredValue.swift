// Room: SquallCommand. A network's results as the files hold them.

internal import Networks
internal import ONNXFormat
internal import Tensors

extension ONNXTestValue {
  /// A result under the output's name.
  init(_ value: NetworkValue, named name: String) throws(ONNXError) {
    switch value {
    case .tensor(let tensor): self = .tensor(try ONNXTensor(tensor, named: name))
    case .sequence(let tensors, _):
      var elements: [ONNXTestValue] = []
      for tensor in tensors { elements.append(.tensor(try ONNXTensor(tensor, named: ""))) }
      self = .sequence(elements)
    case .optional(nil): self = .optional(nil)
    case .optional(let value?): self = .optional(try ONNXTestValue(value, named: name))
    }
  }
}

extension ONNXTensor {
  fileprivate init(_ tensor: Tensor, named name: String) throws(ONNXError) {
    try self.init(
      name: name, elementType: tensor.elementType.onnx, dims: tensor.shape.dimensions,
      copying: tensor.packedBytes())
  }
}
