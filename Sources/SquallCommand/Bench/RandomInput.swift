// Room: SquallCommand. Inputs made up for timing: any network runs, and twice alike.

internal import Networks
internal import Tensors

/// Values for inputs that nobody gave.
///
/// Floats are between 0 and 1, as scaled fields are; integers and booleans are 0 or 1, which as
/// indices are in range nearly everywhere.
struct RandomInput {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func tensor(_ type: ElementType, _ shape: Shape) -> Tensor {
    switch type {
    case .float32, .float16, .bfloat16, .float64:
      return Tensor(numbers(shape.count), shape: shape).converted(to: type)
    default:
      return Tensor(numbers(shape.count).map { $0 < 0.5 ? 0 : 1 } as [UInt8], shape: shape)
        .converted(to: type)
    }
  }

  private mutating func numbers(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(next() >> 40) * 0x1p-24 }
  }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
