// Tests: ONNXFormat. Messages written byte by byte, right and wrong.

import Foundation
import ONNXFormat

/// Protocol Buffers written by hand, so that tests do not lean on the room's own writer.
enum Proto {
  static func varint(_ value: UInt64) -> [UInt8] {
    var result: [UInt8] = []
    var rest = value
    repeat {
      result.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return result
  }

  static func int(_ field: UInt64, _ value: Int) -> [UInt8] {
    varint(field << 3) + varint(UInt64(bitPattern: Int64(value)))
  }

  static func bytes(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  static func text(_ field: UInt64, _ text: String) -> [UInt8] { bytes(field, Array(text.utf8)) }

  static func message(_ field: UInt64, _ parts: [UInt8]...) -> [UInt8] {
    bytes(field, parts.flatMap { $0 })
  }

  static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  static func opset(_ version: Int, domain: String = "") -> [UInt8] {
    message(8, text(1, domain), int(2, version))
  }

  static func value(_ field: UInt64, _ name: String, dims: [Int] = [2]) -> [UInt8] {
    let shape = dims.flatMap { message(1, int(1, $0)) }
    return message(field, text(1, name), message(2, message(1, int(1, 1), bytes(2, shape))))
  }

  static func tensor(
    _ field: UInt64, _ name: String, dims: [Int] = [2], type: Int = 1, _ payload: [UInt8]
  ) -> [UInt8] {
    bytes(field, dims.flatMap { int(1, $0) } + int(2, type) + text(8, name) + payload)
  }

  static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [UInt8] = []
  ) -> [UInt8] {
    bytes(
      1,
      inputs.flatMap { text(1, $0) } + outputs.flatMap { text(2, $0) } + text(4, operation)
        + attributes)
  }

  static func graph(_ parts: [UInt8]...) -> [UInt8] { bytes(7, parts.flatMap { $0 }) }

  static func model(_ parts: [UInt8]...) -> [UInt8] {
    int(1, 8) + parts.flatMap { $0 } + opset(13)
  }

  static let weights: [UInt8] = bytes(9, floats([1, 2]))
  static let ports = value(11, "x") + value(12, "y")

  /// y = Relu(x + w), with a branch, an attribute of most kinds, and a note at the end.
  static let small: [UInt8] = {
    let branch = bytes(
      6, node("Neg", ["sum"], ["inner"]) + value(12, "inner") + text(2, "branch"))
    let attributes = [
      message(5, text(1, "alpha"), varint(2 << 3 | 5), floats([0.5]), int(20, 1)),
      message(5, text(1, "axes"), int(8, -1), int(8, 3), int(20, 7)),
      message(5, text(1, "body"), branch, int(20, 5)),
      message(5, text(1, "mode"), text(4, "linear"), int(20, 3)),
    ].flatMap { $0 }
    return model(
      text(2, "by hand"),
      graph(
        node("Add", ["x", "w"], ["sum"]), node("Relu", ["sum"], ["y"], attributes),
        text(2, "small"), tensor(5, "w", weights), ports),
      message(14, text(1, "note"), text(2, "made for tests")))
  }()
}

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(
      path: "squall-onnx-\(UInt64.random(in: .min ... .max))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func write(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = url.appending(path: name)
    try Data(bytes).write(to: file)
    return file
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
