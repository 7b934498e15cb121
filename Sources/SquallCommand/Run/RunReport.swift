// Room: SquallCommand. What `squall run` says when it is done.

internal import Foundation
internal import Networks
internal import Tensors

/// The outputs of a network and how long they took.
struct RunReport: Encodable {
  struct Output: Encodable {
    let name: String
    let kind: String
    let elementType: String?
    let shape: [Int]?
    let minimum: Double?
    let maximum: Double?
    let mean: Double?
    /// Values that are not finite numbers.
    let notFinite: Int?
    let file: String?

    init(name: String, value: NetworkValue, file: String?) {
      self.name = name
      self.file = file
      guard let tensor = value.tensor else {
        kind = value.kindDescription
        (elementType, shape, minimum, maximum, mean, notFinite) = (nil, nil, nil, nil, nil, nil)
        return
      }
      kind = "tensor"
      elementType = tensor.elementType.rawValue
      shape = tensor.shape.dimensions
      let statistics = Statistics(tensor)
      minimum = statistics.finite == 0 ? nil : statistics.minimum
      maximum = statistics.finite == 0 ? nil : statistics.maximum
      mean = statistics.finite == 0 ? nil : statistics.sum / Double(statistics.finite)
      notFinite = tensor.count - statistics.finite
    }
  }

  let outputs: [Output]
  let loadSeconds: Double
  let readSeconds: Double
  let runSeconds: Double

  var text: String {
    var page = Page()
    for output in outputs {
      guard let type = output.elementType, let shape = output.shape else {
        page.add(output.name, output.kind + (output.file.map { " → \($0)" } ?? ""))
        continue
      }
      var words = "\(type) \(shape)"
      if let minimum = output.minimum, let maximum = output.maximum, let mean = output.mean {
        words += String(format: "  from %.6g to %.6g, mean %.6g", minimum, maximum, mean)
      }
      if let count = output.notFinite, count > 0 { words += ", \(Page.count(count)) not finite" }
      if let file = output.file { words += " → \(file)" }
      page.add(output.name, words)
    }
    page.add(
      "seconds",
      "load \(Page.seconds(loadSeconds)), read \(Page.seconds(readSeconds)), "
        + "run \(Page.seconds(runSeconds))")
    return page.text
  }
}

/// Range and sum of a tensor's finite values.
private struct Statistics {
  var finite = 0
  var minimum = Double.infinity
  var maximum = -Double.infinity
  var sum = 0.0

  init(_ tensor: Tensor) {
    switch tensor.elementType {
    case .float32: add(tensor, Float.self) { Double($0) }
    case .float64: add(tensor, Double.self) { $0 }
    case .int8: add(tensor, Int8.self) { Double($0) }
    case .int16: add(tensor, Int16.self) { Double($0) }
    case .int32: add(tensor, Int32.self) { Double($0) }
    case .int64: add(tensor, Int64.self) { Double($0) }
    case .uint8: add(tensor, UInt8.self) { Double($0) }
    case .uint16: add(tensor, UInt16.self) { Double($0) }
    case .uint32: add(tensor, UInt32.self) { Double($0) }
    case .uint64: add(tensor, UInt64.self) { Double($0) }
    case .bool: add(tensor, Bool.self) { $0 ? 1 : 0 }
    case .float16: add(tensor, Half.self) { Double(Float($0)) }
    case .bfloat16: add(tensor, BFloat16.self) { Double(Float($0)) }
    default: add(tensor.converted(to: .float32), Float.self) { Double($0) }
    }
  }

  private mutating func add<Scalar: TensorScalar>(
    _ tensor: Tensor, _: Scalar.Type, _ number: (Scalar) -> Double
  ) {
    tensor.withElements(of: Scalar.self) { elements in
      for element in elements {
        let value = number(element)
        guard value.isFinite else { continue }
        finite += 1
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        sum += value
      }
    }
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
