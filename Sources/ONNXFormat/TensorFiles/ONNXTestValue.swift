// Room: ONNXFormat. Values in files of their own (`.pb`): ONNX's reference inputs and outputs.

public import Foundation

/// A value as a `.pb` file holds it.
///
/// Such a file does not say what it holds: whoever reads it must know from the graph.
public indirect enum ONNXTestValue: Sendable {
  /// From a `TensorProto`.
  case tensor(ONNXTensor)
  /// From a `SparseTensorProto`.
  case sparseTensor(ONNXSparseTensor)
  /// From a `SequenceProto`.
  case sequence([ONNXTestValue])
  /// From an `OptionalProto`; nil where the value is absent.
  case optional(ONNXTestValue?)

  /// Reads the file at `url` as the value of an input or output of type `type`; a tensor's bytes
  /// stay mapped.
  ///
  /// **Throws.** `ONNXError`, naming the file, when it is missing, damaged, or holds something else.
  public init(contentsOf url: URL, as type: ONNXType?) throws(ONNXError) {
    do throws(ONNXError) {
      let file = try MappedFile(contentsOf: url)
      let context = ReadingContext(file: file, folder: url.deletingLastPathComponent().path)
      self = try Self.read(file, as: type, context)
    } catch {
      throw error.about(url.path)
    }
  }

  /// Reads a value held in memory, which may have no external data.
  ///
  /// **Throws.** `ONNXError` as `init(contentsOf:as:)`.
  public init(bytes: [UInt8], as type: ONNXType?) throws(ONNXError) {
    let file = MappedFile(copying: bytes)
    self = try Self.read(file, as: type, ReadingContext(file: file, folder: nil))
  }

  private static func read(
    _ file: MappedFile, as type: ONNXType?, _ context: ReadingContext
  ) throws(ONNXError) -> ONNXTestValue {
    try file.withBytes { bytes throws(ONNXError) in
      let reader = WireReader(bytes)
      switch type {
      case .tensor, nil: return .tensor(try readTensor(reader, context))
      case .sparseTensor: return .sparseTensor(try readSparseTensor(reader, context))
      case .sequence: return .sequence(try readSequence(reader, context))
      case .optional: return .optional(try readOptional(reader, context))
      case .map, .opaque: throw mapsUnsupported
      }
    }
  }

  private static func readSequence(
    _ message: WireReader, _ context: ReadingContext
  ) throws(ONNXError) -> [ONNXTestValue] {
    var reader = message
    var kind: Int32 = 0
    var elements: [(kind: Int32, value: ONNXTestValue)] = []
    while let field = try reader.nextField() {
      switch field.number {
      case 2: kind = try reader.int32(field)
      case 3...7:
        let message = try reader.message(field)
        let value = try within("element \(elements.count)") { () throws(ONNXError) in
          try readElement(Int32(field.number - 2), message, context)
        }
        elements.append((Int32(field.number - 2), value))
      default: try reader.skip(field)
      }
    }
    guard elements.allSatisfy({ $0.kind == kind }) else {
      throw ONNXError(
        .malformed, "a sequence holds elements of another kind than it says; write it again")
    }
    return elements.map(\.value)
  }

  private static func readOptional(
    _ message: WireReader, _ context: ReadingContext
  ) throws(ONNXError) -> ONNXTestValue? {
    var reader = message
    var result: ONNXTestValue?
    while let field = try reader.nextField() {
      switch field.number {
      case 3...7:
        let message = try reader.message(field)
        try setOnce(&result, try readElement(Int32(field.number - 2), message, context), "a value")
      default: try reader.skip(field)
      }
    }
    return result
  }

  /// Reads an element of the kind with ONNX's number `kind` (`SequenceProto.DataType`).
  private static func readElement(
    _ kind: Int32, _ message: WireReader, _ context: ReadingContext
  ) throws(ONNXError) -> ONNXTestValue {
    switch kind {
    case 1: return .tensor(try readTensor(message, context))
    case 2: return .sparseTensor(try readSparseTensor(message, context))
    case 3: return .sequence(try readSequence(message, context))
    case 5: return .optional(try readOptional(message, context))
    default: throw mapsUnsupported
    }
  }

  private static var mapsUnsupported: ONNXError {
    ONNXError(.unsupported, "holds a map or an opaque value, which no operator here takes")
  }
}
