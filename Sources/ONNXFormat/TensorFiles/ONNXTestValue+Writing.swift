// Room: ONNXFormat. Writes values as `.pb` files.

public import Foundation

/// No reader of Protocol Buffers takes a message of 2 GiB or more.
private let messageLimit = Int(Int32.max)

extension ONNXTensor {
  /// The tensor as a `TensorProto`.
  ///
  /// **Throws.** `ONNXError` when it would be 2 GiB or more.
  public func serialized() throws(ONNXError) -> [UInt8] {
    try ONNXTestValue.tensor(self).serialized()
  }

  /// Writes the tensor to `url` as a `TensorProto`; the file appears whole or not at all.
  ///
  /// **Throws.** `ONNXError` when it would be 2 GiB or more, or cannot be written.
  public func write(to url: URL) throws(ONNXError) {
    try ONNXTestValue.tensor(self).write(to: url)
  }

  fileprivate var message: WireWriter {
    var writer = WireWriter()
    writer.packedInts(1, dims)
    writer.int(2, Int(elementType.rawValue))
    switch payload {
    case .bytes(let range):
      if !name.isEmpty { writer.bytes(8, Array(name.utf8)) }
      writer.range(9, range)
    case .strings(let strings):
      for string in strings { writer.bytes(6, Array(string.utf8)) }
      if !name.isEmpty { writer.bytes(8, Array(name.utf8)) }
    }
    return writer
  }
}

extension ONNXSparseTensor {
  fileprivate var message: WireWriter {
    var writer = WireWriter()
    writer.message(1, values.message)
    writer.message(2, indices.message)
    writer.packedInts(3, dims)
    return writer
  }
}

extension ONNXTestValue {
  /// The value as a `TensorProto`, `SparseTensorProto`, `SequenceProto` or `OptionalProto`.
  ///
  /// **Throws.** `ONNXError` when it would be 2 GiB or more, or a sequence is of mixed kinds.
  public func serialized() throws(ONNXError) -> [UInt8] { try file().bytes }

  /// Writes the value to `url`; the file appears whole or not at all.
  ///
  /// **Throws.** `ONNXError` as `serialized()`, or when the file cannot be written.
  public func write(to url: URL) throws(ONNXError) {
    do throws(ONNXError) {
      try file().write(to: url.path)
    } catch {
      throw error.about(url.path)
    }
  }

  private func file() throws(ONNXError) -> WholeFile {
    let file = try message().finished()
    guard file.count < messageLimit else {
      throw ONNXError(
        .unsupported, "\(file.count) bytes are more than a .pb file may hold; write .npy instead")
    }
    return file
  }

  /// ONNX's number for this kind of value (`SequenceProto.DataType`).
  private var kind: Int {
    switch self {
    case .tensor: 1
    case .sparseTensor: 2
    case .sequence: 3
    case .optional: 5
    }
  }

  private func message() throws(ONNXError) -> WireWriter {
    switch self {
    case .tensor(let tensor): return tensor.message
    case .sparseTensor(let tensor): return tensor.message
    case .sequence(let elements):
      var writer = WireWriter()
      let kind = elements.first?.kind ?? 1
      guard elements.allSatisfy({ $0.kind == kind }) else {
        throw ONNXError(.unsupported, "a sequence holds values of several kinds; write them apart")
      }
      writer.int(2, kind)
      for element in elements { writer.message(kind + 2, try element.message()) }
      return writer
    case .optional(let element):
      var writer = WireWriter()
      writer.int(2, element?.kind ?? 0)
      if let element { writer.message(element.kind + 2, try element.message()) }
      return writer
    }
  }
}
