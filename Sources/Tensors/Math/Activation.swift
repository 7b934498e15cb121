// Room: Tensors. What products do to each value before they store it.

internal import CVectorKernels

/// A function applied to a product's result while it is still in a register or the first cache.
public enum Activation: Sendable, Hashable {
  case none
  case relu
  /// `x < 0 ? slope x : x`.
  case leakyRelu(slope: Float)
  /// `min(max(x, low), high)`.
  case clip(low: Float, high: Float)
  /// Any other function of one value with its parameters.
  case function(UnaryFunction, Float = 1, Float = 0)

  var epilogue: squall_epilogue {
    switch self {
    case .none:
      squall_epilogue(activation: 0, p: 0, q: 0, accumulate: false, from_zero: false)
    case .relu:
      squall_epilogue(
        activation: Int32(SQUALL_ACTIVATION_RELU.rawValue), p: 0, q: 0, accumulate: false,
        from_zero: false)
    case .leakyRelu(let slope):
      squall_epilogue(
        activation: Int32(SQUALL_ACTIVATION_LEAKY_RELU.rawValue), p: slope, q: 0,
        accumulate: false, from_zero: false)
    case .clip(let low, let high):
      squall_epilogue(
        activation: Int32(SQUALL_ACTIVATION_CLIP.rawValue), p: low, q: high, accumulate: false,
        from_zero: false)
    case .function(let function, let p, let q):
      squall_epilogue(
        activation: Int32(SQUALL_ACTIVATION_UNARY.rawValue + function.code.rawValue), p: p, q: q,
        accumulate: false, from_zero: false)
    }
  }
}

extension Activation {
  /// The function of one value and its parameters; nil for none.
  package var function: (UnaryFunction, Float, Float)? {
    switch self {
    case .none: nil
    case .relu: (.relu, 1, 0)
    case .leakyRelu(let slope): (.leakyRelu, slope, 0)
    case .clip(let low, let high): (.clip, low, high)
    case .function(let function, let p, let q): (function, p, q)
    }
  }
}
