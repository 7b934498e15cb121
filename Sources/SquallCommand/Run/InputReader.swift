// Room: SquallCommand. Reads a network's inputs from `.npy`, `.pb` and NetCDF files.

internal import Foundation
internal import GridFiles
internal import Networks
internal import ONNXFormat
internal import Tensors

/// Reads the value of one input.
struct InputReader {
  let declared: ValueDescription
  /// The type as the file of the network has it, which `.pb` files do not repeat.
  let type: ONNXType?

  /// The values in `files` by the names of the inputs that they are for, which must be among
  /// `declared`; `path` is the network's.
  static func read(
    _ files: [NamedFile], as declared: [ValueDescription], of model: ONNXModel, at path: String
  ) throws -> [String: NetworkValue] {
    var values: [String: NetworkValue] = [:]
    for file in files {
      guard let description = declared.first(where: { $0.name == file.name }) else {
        throw Failure(
          .wrongUsage,
          "\(path) has no input '\(file.name)'; its inputs are "
            + declared.map { "'\($0.name)'" }.joined(separator: ", "))
      }
      let type = model.graph.inputs.first { $0.name == file.name }?.type
      values[file.name] = try InputReader(declared: description, type: type).read(file)
    }
    return values
  }

  func read(_ file: NamedFile) throws -> NetworkValue {
    switch file.format {
    case .numpy:
      let array = try NPYArray(contentsOf: URL(filePath: file.path))
      return try value(.tensor(try array.tensor()), from: file.path)
    case .protobuf:
      let value = try ONNXTestValue(contentsOf: URL(filePath: file.path), as: type)
      return try self.value(value, from: file.path)
    case .netCDF(let path, let variable):
      return .tensor(try tensor(path, variable))
    case nil:
      throw Failure(
        .wrongUsage,
        "--input \(file.name)=\(file.path): the file must end in .npy or .pb, or be FILE.nc:variable"
      )
    }
  }

  private func value(_ value: ONNXTestValue, from path: String) throws(Failure) -> NetworkValue {
    do {
      return try NetworkValue(value, elementType: declared.elementType)
    } catch {
      throw Failure(.badInput, "\(path): \(error)")
    }
  }

  /// A variable's physical values in the network's element type; dimensions of length 1 are put in
  /// front where the network has more of them.
  private func tensor(_ path: String, _ name: String) throws -> Tensor {
    let file = try NetCDFFile(path: path)
    guard let variable = file.variable(name) else {
      let names = file.variables.map(\.name).sorted().prefix(20).joined(separator: ", ")
      throw Failure(.badInput, "\(path): has no variable '\(name)'; its variables are \(names)")
    }
    var lengths = variable.shape
    if let dimensions = declared.dimensions, dimensions.count > lengths.count {
      lengths = Array(repeating: 1, count: dimensions.count - lengths.count) + lengths
    }
    let shape = try Shape(checking: lengths)
    if declared.elementType == .float32 || declared.elementType == nil {
      let values = try file.floats(of: variable)
      try check(values.count, shape, path, name)
      return Tensor(values, shape: shape)
    }
    let values = try file.doubles(of: variable)
    try check(values.count, shape, path, name)
    switch declared.elementType {
    case .float16: return Tensor(values.map { Half(Float($0)) }, shape: shape)
    case .bfloat16: return Tensor(values.map { BFloat16(Float($0)) }, shape: shape)
    case .int8: return try integers(values, shape, path, name, Int8.self)
    case .int16: return try integers(values, shape, path, name, Int16.self)
    case .int32: return try integers(values, shape, path, name, Int32.self)
    case .int64: return try integers(values, shape, path, name, Int64.self)
    case .uint8: return try integers(values, shape, path, name, UInt8.self)
    case .uint16: return try integers(values, shape, path, name, UInt16.self)
    case .uint32: return try integers(values, shape, path, name, UInt32.self)
    case .uint64: return try integers(values, shape, path, name, UInt64.self)
    case .bool:
      let numbers = try integers(values, shape, path, name, UInt8.self).elements(as: UInt8.self)
      return Tensor(numbers.map { $0 != 0 }, shape: shape)
    case let type?: return Tensor(values, shape: shape).converted(to: type)
    case nil: return Tensor(values, shape: shape)
    }
  }

  private func check(
    _ count: Int, _ shape: Shape, _ path: String, _ name: String
  ) throws(Failure) {
    guard count == shape.count else {
      throw Failure(
        .badInput,
        "\(path): variable '\(name)': \(count) values do not fill the shape \(shape); "
          + "repair the file")
    }
  }

  private func integers<Integer: FixedWidthInteger & TensorScalar>(
    _ values: [Double], _ shape: Shape, _ path: String, _ name: String, _: Integer.Type
  ) throws(Failure) -> Tensor {
    var result: [Integer] = []
    result.reserveCapacity(values.count)
    for value in values {
      guard let integer = Integer(exactly: value) else {
        throw Failure(
          .badInput,
          "\(path): variable '\(name)': the value \(value) is no \(Integer.elementType.rawValue), "
            + "which input '\(declared.name)' takes; give a variable of whole numbers without gaps")
      }
      result.append(integer)
    }
    return Tensor(result, shape: shape)
  }
}
