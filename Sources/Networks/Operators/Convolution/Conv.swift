// Room: Networks. The operator Conv.

package import Tensors

/// Convolution in any number of spatial dimensions, with groups, dilation and every padding.
///
/// **Shapes**: input `[batch, channels, spatial…]`, weights `[outputs, channels / groups,
/// kernel…]`, bias `[outputs]`. **Source**: ONNX Conv, opsets 1, 11, 22.
package struct ConvOperator: Operator {
  private let window: WindowAttributes
  private let groups: Int
  /// Applied to each result; set by fusion.
  package private(set) var activation = Activation.none
  private var packed = PackedOnce<Convolution>()

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
  }

  /// The same convolution followed by `activation`.
  package func followed(by activation: Activation) -> ConvOperator {
    var result = self
    result.activation = activation
    result.packed = PackedOnce()
    return result
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...3)
    let type = try inputs.requireSameType([0, 1, 2])
    guard type.isFloatingPoint else {
      throw OperatorFault.invalid("cannot work on \(type.rawValue) elements")
    }
    return [try ConvolutionShapes(inputs, window, groups).output(type)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try ConvolutionShapes(inputs, window, groups)
    switch try inputs.required(0).elementType {
    case .float32 where VectorConvolution.covers(shapes):
      return try VectorConvolution.kernel(inputs, shapes, activation, packed)
    case .float32 where activation == .none: return DirectConvolution.kernel(Float.self, shapes)
    case .float64 where activation == .none: return DirectConvolution.kernel(Double.self, shapes)
    case let type: throw OperatorFault.unsupported("element type \(type.rawValue)")
    }
  }
}

/// Float32 convolutions in one to three dimensions, through the vector kernels of Tensors.
enum VectorConvolution {
  static func covers(_ shapes: ConvolutionShapes) -> Bool {
    shapes.windows.count <= 3 && shapes.groupInputs > 0 && shapes.groupOutputs > 0
      && shapes.windows.allSatisfy { $0.before >= 0 && $0.after >= 0 && $0.length > 0 }
  }

  static func kernel(
    _ inputs: Operands, _ shapes: ConvolutionShapes, _ activation: Activation,
    _ packed: PackedOnce<Convolution>
  ) throws -> Kernel {
    let (axes, lengths) = (shapes.windows.map(\.axis), shapes.windows.map(\.length))
    let (batch, groups) = (shapes.batch, shapes.groups)
    @Sendable func make(_ weights: Tensor, _ bias: Tensor?) throws -> Convolution {
      try Convolution(
        weights: weights, bias: bias, axes: axes, groups: groups, activation: activation)
    }
    @Sendable func run(_ plan: ConvolutionPlan, _ arguments: KernelArguments) throws {
      let target = try arguments.output().plannedDestination(of: Float.self)
      try arguments.input(0).withElements(of: Float.self) { source in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        plan.run(input: x, batch: batch, residual: nil, output: y)
      }
    }
    let biasIsKnown = inputs[2].map { $0.constant != nil } ?? true
    if let weights = inputs[1]?.constant, biasIsKnown, weights.count > 0 {
      let variant = axes.flatMap { [$0.before, $0.after] }
      let convolution = try packed.get(weights, variant: variant) {
        try make(weights, inputs[2]?.constant)
      }
      let plan = try convolution.plan(for: lengths)
      return Kernel { arguments in try run(plan, arguments) }
    }
    return Kernel { arguments in
      let convolution = try make(
        arguments.input(1).contiguous(), arguments.optionalInput(2)?.contiguous())
      try run(try convolution.plan(for: lengths), arguments)
    }
  }
}

extension Window {
  /// The window without the lengths that it is applied to.
  var axis: WindowAxis {
    WindowAxis(taps: kernel, stride: stride, dilation: dilation, before: before, after: after)
  }
}
