// Tests of SquallCommand: ONNX files of one node, written byte by byte, and values to feed them.

import Foundation

/// A network `y = Op(x)` on float32 of shape [n].
struct TinyNetwork {
  var opType = "Relu"

  /// The file's bytes, as `onnx.proto` lays them out.
  var bytes: [UInt8] {
    let node = Message().text(1, "x").text(2, "y").text(4, opType)
    let graph = Message().message(1, node).text(2, "tiny")
      .message(11, Self.port("x")).message(12, Self.port("y"))
    let opset = Message().text(1, "").number(2, 17)
    return Message().number(1, 8).text(2, "squall tests").message(7, graph).message(8, opset).bytes
  }

  private static func port(_ name: String) -> Message {
    let shape = Message().message(1, Message().text(2, "n"))
    let type = Message().message(1, Message().number(1, 1).message(2, shape))
    return Message().text(1, name).message(2, type)
  }

  /// A `TensorProto` of float32.
  static func tensor(_ values: [Float]) -> [UInt8] {
    Message().number(1, values.count).number(2, 1)
      .raw(9, values.withUnsafeBytes { Array($0) }).bytes
  }

  /// A `.npy` file of numbers that NumPy calls `descr`.
  static func npy<Number: BitwiseCopyable>(_ values: [Number], descr: String = "<f4") -> [UInt8] {
    let shape = "'shape': (\(values.count),)"
    var header = Array("{'descr': '\(descr)', 'fortran_order': False, \(shape), }".utf8)
    header += [UInt8](repeating: 0x20, count: 128 - 11 - header.count) + [0x0A]
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header
      + values.withUnsafeBytes { Array($0) }
  }

  /// Writes a case in ONNX's backend-test layout: inputs and the answer that is called right.
  func writeCase(
    _ name: String, in folder: ScratchFolder, input: [Float], output: [Float]
  ) throws {
    let root = folder.url.appending(path: name)
    let set = root.appending(path: "test_data_set_0")
    try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
    try Data(bytes).write(to: root.appending(path: "model.onnx"))
    try Data(Self.tensor(input)).write(to: set.appending(path: "input_0.pb"))
    try Data(Self.tensor(output)).write(to: set.appending(path: "output_0.pb"))
  }
}

/// A Protocol Buffers message in the making.
private struct Message {
  private(set) var bytes: [UInt8] = []

  func number(_ field: Int, _ value: Int) -> Message {
    adding(Self.varint(field << 3) + Self.varint(value))
  }

  func text(_ field: Int, _ text: String) -> Message { raw(field, Array(text.utf8)) }

  func message(_ field: Int, _ message: Message) -> Message { raw(field, message.bytes) }

  func raw(_ field: Int, _ content: [UInt8]) -> Message {
    adding(Self.varint(field << 3 | 2) + Self.varint(content.count) + content)
  }

  private func adding(_ more: [UInt8]) -> Message {
    var copy = self
    copy.bytes += more
    return copy
  }

  private static func varint(_ value: Int) -> [UInt8] {
    var value = UInt64(value)
    var bytes: [UInt8] = []
    repeat {
      bytes.append(UInt8(value & 0x7F) | (value > 0x7F ? 0x80 : 0))
      value >>= 7
    } while value > 0
    return bytes
  }
}
