// Room: Networks. What the fused operators of ONNX Runtime's own domain share.

internal import Tensors

/// The activation that a fused operator applies to its result, with its parameters.
package struct FusedActivation: Sendable {
  private let opType: String
  private let attributes: [String: AttributeValue]
  private let bounds: (Float, Float)?

  /// Reads `activation` and its parameters, one list (`activation_params`) or one attribute each.
  package init(_ node: NodeDescription) throws {
    opType = try node.string("activation", default: "")
    var parameters = try node.floats("activation_params") ?? []
    if parameters.isEmpty {
      for name in ["activation_alpha", "activation_beta", "activation_gamma"] {
        guard let value = try node.float(name) else { break }
        parameters.append(value)
      }
    }
    func named(_ names: String...) -> [String: AttributeValue] {
      Dictionary(
        uniqueKeysWithValues: zip(names, parameters).map { ($0, AttributeValue.float($1)) })
    }
    switch opType {
    case "", "Relu", "Tanh", "Sigmoid", "Softplus", "Softsign", "HardSwish", "Gelu":
      (attributes, bounds) = ([:], nil)
    case "LeakyRelu", "Elu", "ThresholdedRelu": (attributes, bounds) = (named("alpha"), nil)
    case "HardSigmoid": (attributes, bounds) = (named("alpha", "beta"), nil)
    case "Clip":
      guard parameters.count == 2 else {
        throw OperatorFault.invalid("the activation Clip needs two bounds")
      }
      (attributes, bounds) = ([:], (parameters[0], parameters[1]))
    default: throw OperatorFault.unsupported("the activation '\(opType)'")
    }
  }

  package func apply(to value: ValueID, in body: inout CompositeBody) throws -> ValueID {
    if opType.isEmpty { return value }
    var inputs: [ValueID?] = [value]
    if let bounds {
      inputs.append(try body.number(bounds.0, like: value))
      inputs.append(try body.number(bounds.1, like: value))
    }
    return try body.one(opType, inputs, attributes)
  }
}

extension NodeDescription {
  /// The attributes called `names` that the node has.
  package func attributes(_ names: String...) -> [String: AttributeValue] {
    attributes.filter { names.contains($0.key) }
  }
}

extension CompositeBody {
  /// `[batch, channels, spatial…]` of `[batch, spatial…, channels]`.
  package mutating func channelsFirst(_ value: ValueID) throws -> ValueID {
    try one("Einsum", [value], ["equation": .string("n...c->nc...")])
  }

  /// `[batch, spatial…, channels]` of `[batch, channels, spatial…]`.
  package mutating func channelsLast(_ value: ValueID) throws -> ValueID {
    try one("Einsum", [value], ["equation": .string("nc...->n...c")])
  }
}
