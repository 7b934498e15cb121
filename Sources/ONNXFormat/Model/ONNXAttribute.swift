// Room: ONNXFormat. The value of a node's attribute.

/// The value of a node's attribute.
public indirect enum ONNXAttribute: Sendable {
  /// A number.
  case float(Float)
  /// An integer.
  case int(Int)
  /// Text; invalid UTF-8 is repaired.
  case string(String)
  /// A constant.
  case tensor(ONNXTensor)
  /// A branch or a loop's body.
  case graph(ONNXGraph)
  /// A constant with few values.
  case sparseTensor(ONNXSparseTensor)
  /// A type.
  case type(ONNXType)
  /// Numbers.
  case floats([Float])
  /// Integers.
  case ints([Int])
  /// Texts.
  case strings([String])
  /// Constants.
  case tensors([ONNXTensor])
  /// Graphs.
  case graphs([ONNXGraph])
  /// Constants with few values.
  case sparseTensors([ONNXSparseTensor])
  /// Types.
  case types([ONNXType])
  /// Inside a function: the value that the caller gives the function's attribute of this name.
  case reference(String)

  /// The graphs in this attribute, if any.
  package var subgraphs: [ONNXGraph] {
    switch self {
    case .graph(let graph): [graph]
    case .graphs(let graphs): graphs
    default: []
    }
  }
}
