// Room: Networks. A convolution and the 1 × 1 convolution of its result, in one pass over the image.

internal import Tensors

/// What the pass `ConvolutionChaining` makes of a depthwise or 1 × 1 convolution and a 1 × 1
/// convolution that alone uses its result.
///
/// Inputs: the image; weights and bias of the first; weights and bias of the second; what the second
/// adds before its activation. Biases and the last may be left out.
package struct FusedConvolutions: FusedOperator {
  private let first: ConvOperator
  private let second: ConvOperator

  package init(_ first: ConvOperator, _ second: ConvOperator) {
    self.first = first
    self.second = second
  }

  /// The inputs of the first, then of the second convolution, and what is between.
  private func split(_ inputs: Operands) throws -> (first: Operands, between: TensorFacts, Operands)
  {
    let own = Operands([inputs[0], inputs[1], inputs[2]])
    guard let between = try first.infer(own.trimmed)[0] else {
      throw OperatorFault.invalid("its first convolution has no result")
    }
    return (own, between, Operands([between, inputs[3], inputs[4], inputs[5]]).trimmed)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try second.infer(split(inputs).2)
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (own, between, later) = try split(inputs)
    let (a, batch) = try first.packedConvolution(own)
    let (b, _) = try second.packedConvolution(later)
    let lengths = Array(try inputs.required(0).shape.dimensions.dropFirst(2))
    if let chain = ConvolutionChain(a, b, lengths: lengths) {
      return Kernel(name: "chained") { arguments in
        try Self.run(arguments) { x, residual, y, _ in
          chain.run(input: x, batch: batch, residual: residual, output: y)
        }
      }
    }
    let start = try a.plan(for: lengths)
    let end = try b.plan(for: Array(between.shape.dimensions.dropFirst(2)))
    let bytes = try Checked.product(between.shape.count, 4)
    return Kernel(scratchBytes: bytes, name: "packed") { arguments in
      try Self.run(arguments) { x, residual, y, between in
        start.run(input: x, batch: batch, residual: nil, output: between)
        end.run(input: between, batch: batch, residual: residual, output: y)
      }
    }
  }

  private typealias Body = (
    _ input: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, _ between: UnsafeMutablePointer<Float>
  ) -> Void

  /// Calls `body` with where everything lies, unless there is nothing to do.
  private static func run(_ arguments: KernelArguments, _ body: Body) throws {
    let target = try arguments.output().plannedDestination(of: Float.self)
    guard let y = target.baseAddress, !target.isEmpty else { return }
    let between = arguments.scratch.bindMemory(to: Float.self).baseAddress ?? y
    let places = arguments.optionalInput(5) == nil ? [0] : [0, 5]
    try arguments.withFloats(places) { bases in
      body(bases[0], bases.count > 1 ? bases[1] : nil, y, between)
    }
  }
}

extension Operands {
  /// Without what is left out at the end.
  var trimmed: Operands {
    var result = self
    while let last = result.facts.last, last == nil { result.facts.removeLast() }
    return result
  }
}
