import Foundation
import Squall

/// Radar reflectivity (dBZ) of rain (mm/h), `10 log₁₀(a Rᵇ)`: a node `org.example.Reflectivity`
/// with the attributes `a` and `b`, by default those of Marshall and Palmer (1948).
struct Reflectivity: CustomOperator {
  let a, b: Float

  init(_ node: NodeDescription) throws {
    a = try node.float("a", default: 200)
    b = try node.float("b", default: 1.6)
  }

  func outputs(for inputs: CustomInputs) throws -> [TensorType] { [try inputs.type(0)] }

  func run(_ call: CustomCall) throws {
    try call.input(0).withElements(of: Float.self) { rain in
      try call.withOutput(0, of: Float.self) { reflectivity in
        for i in rain.indices { reflectivity[i] = 10 * log10(a * pow(rain[i], b)) }
      }
    }
  }
}

/// `OwnOperator [NETWORK.onnx]` runs a network that asks for the operator.
@main struct OwnOperator {
  static func main() throws {
    let ours = "Examples/Sources/OwnOperator/reflectivity.onnx"
    let path = CommandLine.arguments.dropFirst().first ?? ours
    var options = CompiledNetwork.Options()
    options.register(Reflectivity.self, as: "Reflectivity", domain: "org.example")
    let network = try CompiledNetwork(contentsOf: URL(filePath: path), options: options)
    let rain = Tensor([0.1, 1, 10, 100] as [Float], shape: [1, 4])
    let outputs: [String: Tensor] = try network.run(["rainfall_rate": rain])
    for (name, tensor) in outputs { print(name, tensor.elements(as: Float.self)) }
  }
}
