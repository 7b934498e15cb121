// Room: Networks. Runs a network on reference vectors and says how far its answers are off.

internal import Dispatch
public import Foundation
public import ONNXFormat
package import Tensors

/// One reference case's outcome: what `squall check` prints a line of.
public struct NetworkCheck: Sendable {
  /// How a case ended.
  public enum Status: String, Sendable, Hashable {
    /// Every output is within the tolerance.
    case pass
    /// An output is not, or the run ended in an error.
    case fail
    /// The network needs operators or element types that Squall lacks.
    case unsupported
  }

  /// The case's name: its folder's.
  public let name: String
  /// How it ended.
  public private(set) var status: Status
  /// The largest difference from the reference, in the values' own units.
  public private(set) var maxAbsoluteError: Double
  /// The largest difference relative to the reference's size, where that is not zero.
  public private(set) var maxRelativeError: Double
  /// How long reading, compiling and running took together.
  public private(set) var seconds: Double
  /// Why it failed, or which operators are missing; empty for a pass.
  public private(set) var detail: String

  /// Runs the case in `folder`: `model.onnx`, `test_data_set_*`, and perhaps `tolerance.json`.
  ///
  /// Nothing is thrown: whatever goes wrong is the case's outcome.
  public init(folder: URL, options: CompiledNetwork.Options = .init()) {
    let name = folder.standardizedFileURL.lastPathComponent
    self.init(
      ONNXTestCase(name: name, folder: folder, model: folder.appending(path: "model.onnx")),
      options: options)
  }

  /// Runs one case.
  ///
  /// **Edge cases**: of a network that makes random numbers only types and shapes are compared.
  public init(_ testCase: ONNXTestCase, options: CompiledNetwork.Options = .init()) {
    name = testCase.name
    status = .pass
    maxAbsoluteError = 0
    maxRelativeError = 0
    seconds = 0
    detail = ""
    let start = DispatchTime.now().uptimeNanoseconds
    do {
      try run(testCase, options)
    } catch let error as NetworkError where error.code == .unsupported {
      status = .unsupported
      detail =
        error.operators.isEmpty ? error.message : error.operators.joined(separator: ", ")
    } catch let fault as OperatorFault where fault.kind == .unsupported {
      status = .unsupported
      detail = fault.message
    } catch let fault as OperatorFault {
      status = .fail
      detail = fault.message
    } catch {
      status = .fail
      detail = "\(error)"
    }
    seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }

  private mutating func run(
    _ testCase: ONNXTestCase, _ options: CompiledNetwork.Options
  ) throws {
    let model = try ONNXModel(contentsOf: testCase.model)
    let tolerance = try testCase.tolerance()
    let network = try CompiledNetwork(model, options: options)
    for set in try testCase.dataSets() {
      var inputs: [String: NetworkValue] = [:]
      for (name, value) in try set.inputs(of: model.graph) {
        let type = network.inputs.first { $0.name == name }?.elementType
        inputs[name] = try NetworkValue(value, elementType: type)
      }
      let results = try network.run(inputs)
      for (name, reference) in try set.outputs(of: model.graph) {
        let place = "data set \(set.number), output '\(name)'"
        guard let result = results[name] else {
          throw OperatorFault.invalid("\(place) was not made")
        }
        let type = network.outputs.first { $0.name == name }?.elementType
        try compare(
          result, NetworkValue(reference, elementType: type), tolerance, place,
          valuesCount: network.isDeterministic)
      }
    }
  }

  private mutating func compare(
    _ result: NetworkValue, _ reference: NetworkValue, _ tolerance: ONNXTestCase.Tolerance,
    _ place: String, valuesCount: Bool
  ) throws {
    switch (result, reference) {
    case (.tensor(let result), .tensor(let reference)):
      try compare(result, reference, tolerance, place, valuesCount)
    case (.sequence(let results, _), .sequence(let references, _)):
      guard results.count == references.count else {
        throw OperatorFault.invalid(
          "\(place) has \(results.count) elements where \(references.count) are right")
      }
      for (index, pair) in zip(results, references).enumerated() {
        try compare(pair.0, pair.1, tolerance, "\(place)[\(index)]", valuesCount)
      }
    case (.optional(nil), .optional(nil)): break
    case (.optional(let result?), .optional(let reference?)):
      try compare(result, reference, tolerance, place, valuesCount: valuesCount)
    case (.optional(let result?), _):
      try compare(result, reference, tolerance, place, valuesCount: valuesCount)
    case (_, .optional(let reference?)):
      try compare(result, reference, tolerance, place, valuesCount: valuesCount)
    default:
      throw OperatorFault.invalid(
        "\(place) is \(result.kindDescription) where \(reference.kindDescription) is right")
    }
  }

  private mutating func compare(
    _ result: Tensor, _ reference: Tensor, _ tolerance: ONNXTestCase.Tolerance, _ place: String,
    _ valuesCount: Bool
  ) throws {
    guard result.elementType == reference.elementType, result.shape == reference.shape else {
      throw OperatorFault.invalid(
        "\(place) is \(result.elementType.rawValue) \(result.shape) where "
          + "\(reference.elementType.rawValue) \(reference.shape) is right")
    }
    guard valuesCount else { return }
    guard result.elementType.isFloatingPoint else {
      let differing = zip(result.contiguous().bytes, reference.contiguous().bytes)
        .enumerated().first { $0.element.0 != $0.element.1 }
      if let differing {
        let index = differing.offset / result.elementType.byteWidth
        let (got, wanted) = (
          try result.numericElements()[index], try reference.numericElements()[index]
        )
        maxAbsoluteError = max(maxAbsoluteError, abs(got - wanted))
        throw OperatorFault.invalid("\(place) is \(got) at \(index) where \(wanted) is right")
      }
      return
    }
    var worst: (excess: Double, text: String)?
    for (index, pair) in zip(
      try result.numericElements(), try reference.numericElements()
    ).enumerated() {
      let (got, wanted) = pair
      if got == wanted || (got.isNaN && wanted.isNaN) { continue }
      let difference = abs(got - wanted)
      if difference.isFinite {
        maxAbsoluteError = max(maxAbsoluteError, difference)
        if wanted != 0 { maxRelativeError = max(maxRelativeError, difference / abs(wanted)) }
      }
      let allowed = tolerance.absolute + tolerance.relative * abs(wanted)
      let excess =
        difference.isFinite ? difference / max(allowed, .leastNormalMagnitude) : .infinity
      guard excess > 1, excess > worst?.excess ?? 1 else { continue }
      worst = (excess, "is \(got) at \(index) where \(wanted) is right")
    }
    if let worst { throw OperatorFault.invalid("\(place) \(worst.text)") }
  }
}

extension Tensor {
  fileprivate var bytes: [UInt8] { withBytes { Array($0) } }
}

extension NetworkValue {
  /// A value from a file; `elementType` is that of a sequence without elements.
  ///
  /// **Throws** `OperatorFault` for element types and kinds that Squall lacks.
  package init(_ value: ONNXTestValue, elementType: ElementType?) throws {
    switch value {
    case .tensor(let tensor): self = .tensor(try Tensor(tensor))
    case .sparseTensor(let tensor): self = .tensor(try Tensor(tensor))
    case .sequence(let values):
      let tensors = try values.map { value -> Tensor in
        guard case .tensor(let tensor) = value else {
          throw OperatorFault.unsupported("a sequence of something else than tensors")
        }
        return try Tensor(tensor)
      }
      self = .sequence(tensors, tensors.first?.elementType ?? elementType ?? .float32)
    case .optional(let value):
      self = .optional(try value.map { try NetworkValue($0, elementType: elementType) })
    }
  }
}
