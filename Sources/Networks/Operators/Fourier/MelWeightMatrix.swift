// Room: Networks. The operator MelWeightMatrix.

internal import Foundation
internal import Tensors

/// Weights that gather a spectrum's bins into triangular bands, evenly spaced on the mel scale.
///
/// **Shapes**: five scalars (bands, transform length, sample rate, lowest and highest frequency);
/// result `[length / 2 + 1, bands]`.
/// **Throws** where a band would reach beyond the spectrum.
/// **Source**: ONNX MelWeightMatrix, opset 17.
package struct MelWeightMatrixOperator: Operator {
  private let type: ElementType

  package init(_ node: NodeDescription) throws {
    type = try node.elementType("output_datatype") ?? .float32
  }

  package var widening: Widening { .none }
  package var valueInputs: [Int] { [0, 1, 2, 3, 4] }

  private func lengths(_ inputs: Operands) throws -> (bins: Int, bands: Int) {
    guard let bands = try inputs.integer(0), let length = try inputs.integer(1), bands >= 0,
      bands < 1 << 28
    else { throw OperatorFault.invalid("inputs 0 and 1 must be numbers of bands and of elements") }
    try FourierLengths.check(length)
    return (length / 2 + 1, bands)
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(5...5)
    let (bins, bands) = try lengths(inputs)
    return [try TensorFacts(type, checking: [bins, bands])]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let (bins, bands) = try lengths(inputs)
    let edges = try edges(inputs, bins: bins, bands: bands)
    return Kernel { arguments in
      var weights = [Double](repeating: 0, count: bins * bands)
      for band in 0..<bands {
        let (low, center, high) = (edges[band], edges[band + 1], edges[band + 2])
        if low == center { weights[center * bands + band] = 1 }
        for bin in stride(from: low, through: center, by: 1) where low < center {
          weights[bin * bands + band] = Double(bin - low) / Double(center - low)
        }
        for bin in stride(from: center, to: high, by: 1) {
          weights[bin * bands + band] = Double(high - bin) / Double(high - center)
        }
      }
      try ElementConversion.convert(
        Tensor(weights, shape: [bins, bands]), into: arguments.output())
    }
  }

  /// The bins where bands begin, have their top and end: band b those at b, b + 1 and b + 2.
  private func edges(_ inputs: Operands, bins: Int, bands: Int) throws -> [Int] {
    guard let length = try inputs.integer(1), let rate = try inputs.integer(2), rate > 0,
      let lowest = try inputs.numbers(3)?.first, let highest = try inputs.numbers(4)?.first
    else { throw OperatorFault.invalid("inputs 2 to 4 must be a sample rate and two frequencies") }
    func mel(_ frequency: Double) -> Double { 2595 * log1p(frequency / 700) / log(10) }
    let step = (mel(highest) - mel(lowest)) / Double(bands + 2)
    return try (0..<bands + 2).map { index in
      let frequency = 700 * expm1((Double(index) * step + mel(lowest)) / 2595 * log(10))
      let bin = try Checked.integer((Double(length + 1) * frequency / Double(rate)).rounded(.down))
      guard (0..<bins).contains(bin) || index == bands + 1 && bin == bins else {
        throw OperatorFault.invalid(
          "the frequencies \(lowest) to \(highest) reach beyond the spectrum of \(length) elements")
      }
      return bin
    }
  }
}
