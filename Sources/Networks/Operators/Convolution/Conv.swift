// Room: Networks. The operator Conv.

package import Tensors

/// Convolution in any number of spatial dimensions, with groups, dilation and every padding.
///
/// **Shapes**: input `[batch, channels, spatial…]`, weights `[outputs, channels / groups,
/// kernel…]`, bias `[outputs]`. **Source**: ONNX Conv, opsets 1, 11, 22.
package struct ConvOperator: Operator {
  private(set) var window: WindowAttributes
  let groups: Int
  /// Applied to each result; set by fusion.
  package private(set) var activation = Activation.none
  /// Whether input 3, of the result's shape, is added before the activation; set by fusion.
  package private(set) var addsResidual = false
  /// Whether it does without Winograd's sums, whose errors are larger; set by a pass.
  package private(set) var sumsDirectly = false
  private let packed = PackedOnce<Convolution>()

  package init(_ node: NodeDescription) throws {
    window = try WindowAttributes(node)
    groups = try node.int("group", default: 1)
  }

  /// The same convolution followed by `activation`.
  package func followed(by activation: Activation) -> ConvOperator {
    var result = self
    result.activation = activation
    return result
  }

  /// The same convolution that adds another value to its results.
  package func addingResidual() -> ConvOperator {
    var result = self
    result.addsResidual = true
    return result
  }

  /// The same convolution that adds nothing to its results.
  package func withoutResidual() -> ConvOperator {
    var result = self
    result.addsResidual = false
    return result
  }

  /// The same convolution without Winograd's sums.
  package func summedDirectly() -> ConvOperator {
    var result = self
    result.sumsDirectly = true
    return result
  }

  /// The same convolution with so many zeros more around each spatial dimension; nil where its
  /// padding follows from the input's size.
  package func padded(by pads: [(before: Int, after: Int)]) -> ConvOperator? {
    guard window.autoPad == "NOTSET" || window.autoPad == "VALID" else { return nil }
    let rank = pads.count
    let own = window.autoPad == "VALID" ? nil : window.pads
    let given = own ?? [Int](repeating: 0, count: 2 * rank)
    let added = pads.map(\.before) + pads.map(\.after)
    guard given.count == added.count, given.allSatisfy({ 0...1 << 30 ~= $0 }),
      added.allSatisfy({ 0...1 << 30 ~= $0 })
    else { return nil }
    var result = self
    result.window.autoPad = "NOTSET"
    result.window.pads = zip(given, added).map { $0 + $1 }
    return result
  }

  /// Whether the vector kernels compute it, which also add a residual and apply activations.
  package func hasVectorKernel(_ inputs: Operands) -> Bool {
    guard inputs[0]?.elementType == .float32, inputs[1]?.constant != nil,
      let shapes = try? ConvolutionShapes(inputs, window, groups)
    else { return false }
    return VectorConvolution.covers(shapes)
  }

  /// The convolution with its weights and bias, which are constants, and the number of images.
  func packedConvolution(_ inputs: Operands) throws -> (Convolution, batch: Int) {
    let shapes = try ConvolutionShapes(inputs, window, groups)
    guard let weights = inputs[1]?.constant, VectorConvolution.covers(shapes) else {
      throw OperatorFault.invalid("was planned with other weights")
    }
    let made = try VectorConvolution.packed(
      weights, inputs[2]?.constant, shapes, activation, directly: sumsDirectly, packed)
    return (made, shapes.batch)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    if addsResidual {
      var convolved = inputs
      convolved.facts = Array(inputs.facts.prefix(3))
      let result = try ConvolutionShapes(convolved, window, groups).output(.float32)
      guard try inputs.required(3).shape == result.shape, hasVectorKernel(convolved) else {
        throw OperatorFault.invalid("cannot add a value of another shape to its result")
      }
      return [result]
    }
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
      return try VectorConvolution.kernel(
        inputs, shapes, activation, directly: sumsDirectly, packed)
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

  private static func make(
    _ weights: Tensor, _ bias: Tensor?, _ shapes: ConvolutionShapes, _ activation: Activation,
    directly: Bool
  ) throws -> Convolution {
    try Convolution(
      weights: weights, bias: bias, axes: shapes.windows.map(\.axis), groups: shapes.groups,
      activation: activation, directly: directly)
  }

  /// The convolution with constant weights, made once.
  static func packed(
    _ weights: Tensor, _ bias: Tensor?, _ shapes: ConvolutionShapes, _ activation: Activation,
    directly: Bool, _ packed: PackedOnce<Convolution>
  ) throws -> Convolution {
    let variant = shapes.windows.map(\.axis).flatMap { [$0.before, $0.after] } + [directly ? 1 : 0]
    return try packed.get(weights, bias, variant: variant, activation: activation) {
      try make(weights, bias, shapes, activation, directly: directly)
    }
  }

  static func kernel(
    _ inputs: Operands, _ shapes: ConvolutionShapes, _ activation: Activation, directly: Bool,
    _ packed: PackedOnce<Convolution>
  ) throws -> Kernel {
    let (batch, lengths) = (shapes.batch, shapes.windows.map(\.length))
    @Sendable func run(_ plan: ConvolutionPlan, _ arguments: KernelArguments) throws {
      let target = try arguments.output().plannedDestination(of: Float.self)
      // Unless the weights were not known when memory was planned.
      let scratch =
        arguments.scratch.count / 4 < plan.scratchWords(batch: batch) ?? .max
        ? nil : arguments.scratch.bindMemory(to: Float.self).baseAddress
      try arguments.input(0).withElements(of: Float.self) { source in
        guard let x = source.baseAddress, let y = target.baseAddress, !target.isEmpty else {
          return
        }
        guard let residual = arguments.optionalInput(3) else {
          return plan.run(input: x, batch: batch, residual: nil, output: y, scratch: scratch)
        }
        residual.withElements(of: Float.self) {
          plan.run(
            input: x, batch: batch, residual: $0.baseAddress, output: y, scratch: scratch)
        }
      }
    }
    let biasIsKnown = inputs[2].map { $0.constant != nil } ?? true
    if let weights = inputs[1]?.constant, biasIsKnown, weights.count > 0 {
      let convolution = try Self.packed(
        weights, inputs[2]?.constant, shapes, activation, directly: directly, packed)
      let plan = try convolution.plan(for: lengths)
      guard let words = plan.scratchWords(batch: batch) else {
        throw OperatorFault.invalid("needs more working memory than an integer can count")
      }
      return Kernel(scratchBytes: try Checked.product(words, 4), name: "packed") {
        try run(plan, $0)
      }
    }
    return Kernel { arguments in
      let convolution = try make(
        arguments.input(1).contiguous(), arguments.optionalInput(2)?.contiguous(), shapes,
        activation, directly: directly)
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
