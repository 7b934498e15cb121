// Room: ONNXFormat. Reads `AttributeProto`, whose `type` says which of its fields counts.

/// Reads an `AttributeProto`.
///
/// **Edge cases.** Files of the first IR versions give no type: then the field that is there says
/// it. A number that is not there is zero, as Protocol Buffers leaves out zeros.
func readAttribute(
  _ message: WireReader, _ context: ReadingContext
) throws(ONNXError) -> (name: String, value: ONNXAttribute) {
  var fields = AttributeFields()
  do throws(ONNXError) {
    try fields.read(message, context)
    guard !fields.name.isEmpty else {
      throw ONNXError(.invalidGraph, "an attribute has no name; the file is damaged")
    }
    return (fields.name, try fields.value())
  } catch {
    throw fields.name.isEmpty ? error : error.inside("attribute \(ONNXError.quoted(fields.name))")
  }
}

/// All the fields that an `AttributeProto` may have.
private struct AttributeFields {
  var name = ""
  private var reference: String?
  private var type: Int32 = 0
  private var float: Float?
  private var int: Int?
  private var string: String?
  private var tensor: ONNXTensor?
  private var graph: ONNXGraph?
  private var sparseTensor: ONNXSparseTensor?
  private var typeValue: ONNXType?
  private var floats: [Float] = []
  private var ints: [Int] = []
  private var strings: [String] = []
  private var tensors: [ONNXTensor] = []
  private var graphs: [ONNXGraph] = []
  private var sparseTensors: [ONNXSparseTensor] = []
  private var types: [ONNXType] = []

  mutating func read(_ message: WireReader, _ context: ReadingContext) throws(ONNXError) {
    var reader = message
    while let field = try reader.nextField() {
      switch field.number {
      case 1: name = try reader.name(field)
      case 2: float = try reader.float(field)
      case 3: int = try reader.int(field)
      case 4: string = try reader.text(field)
      case 5: try setOnce(&tensor, try readTensor(try reader.message(field), context), "a tensor")
      case 6: try setOnce(&graph, try readGraph(try reader.message(field), context), "a graph")
      case 7: try reader.appendFloats(field, to: &floats)
      case 8: try reader.appendInts(field, to: &ints)
      case 9: strings.append(try reader.text(field))
      case 10: tensors.append(try readTensor(try reader.message(field), context))
      case 11: graphs.append(try readGraph(try reader.message(field), context))
      case 14: try setOnce(&typeValue, try readRequiredType(try reader.message(field)), "a type")
      case 15: types.append(try readRequiredType(try reader.message(field)))
      case 20: type = try reader.int32(field)
      case 21: reference = try reader.name(field)
      case 22:
        let value = try readSparseTensor(try reader.message(field), context)
        try setOnce(&sparseTensor, value, "a sparse tensor")
      case 23: sparseTensors.append(try readSparseTensor(try reader.message(field), context))
      default: try reader.skip(field)
      }
    }
  }

  func value() throws(ONNXError) -> ONNXAttribute {
    if let reference, !reference.isEmpty { return .reference(reference) }
    switch type == 0 ? impliedType : type {
    case 1: return .float(float ?? 0)
    case 2: return .int(int ?? 0)
    case 3: return .string(string ?? "")
    case 4: return .tensor(try present(tensor))
    case 5: return .graph(try present(graph))
    case 6: return .floats(floats)
    case 7: return .ints(ints)
    case 8: return .strings(strings)
    case 9: return .tensors(tensors)
    case 10: return .graphs(graphs)
    case 11: return .sparseTensor(try present(sparseTensor))
    case 12: return .sparseTensors(sparseTensors)
    case 13: return .type(try present(typeValue))
    case 14: return .types(types)
    case 0:
      throw ONNXError(.malformed, "has neither type nor value; export the network again")
    default:
      throw ONNXError(
        .unsupported, "is of type \(type), which is not known here; export for an older opset")
    }
  }

  private var impliedType: Int32 {
    if float != nil { return 1 }
    if int != nil { return 2 }
    if string != nil { return 3 }
    if tensor != nil { return 4 }
    if graph != nil { return 5 }
    if sparseTensor != nil { return 11 }
    if typeValue != nil { return 13 }
    if !floats.isEmpty { return 6 }
    if !ints.isEmpty { return 7 }
    if !strings.isEmpty { return 8 }
    if !tensors.isEmpty { return 9 }
    if !graphs.isEmpty { return 10 }
    if !sparseTensors.isEmpty { return 12 }
    if !types.isEmpty { return 14 }
    return 0
  }

  private func present<Value>(_ value: Value?) throws(ONNXError) -> Value {
    guard let value else {
      throw ONNXError(.malformed, "has a type but no value; the file is damaged")
    }
    return value
  }
}
