// Room: Networks. Writing updates at indices, combined with what stands there.

internal import Tensors

/// How an update meets what stands at its place.
enum ScatterReduction: Sendable {
  case none, add, multiply, maximum, minimum

  init(_ node: NodeDescription) throws {
    switch try node.string("reduction", default: "none") {
    case "none": self = .none
    case "add": self = .add
    case "mul": self = .multiply
    case "max": self = .maximum
    case "min": self = .minimum
    case let other: throw OperatorFault.invalid("reduction '\(other)' is unknown")
    }
  }

  /// Lets `count` updates meet what stands at `result`.
  @inline(__always)
  func combine<T: Number>(
    _ result: UnsafeMutablePointer<T>, _ update: UnsafePointer<T>, count: Int
  ) {
    switch self {
    case .none: result.update(from: update, count: count)
    case .add: for own in 0..<count { result[own] = T.adding(result[own], update[own]) }
    case .multiply: for own in 0..<count { result[own] = T.multiplying(result[own], update[own]) }
    case .maximum: for own in 0..<count { result[own] = T.maximum(result[own], update[own]) }
    case .minimum: for own in 0..<count { result[own] = T.minimum(result[own], update[own]) }
    }
  }
}

/// A kernel that copies the data and then writes rows of updates, in the updates' order.
struct ScatterBody: NumberBody {
  let reduction: ScatterReduction
  /// Elements a row of updates has.
  let row: Int
  /// Where each row of updates goes, in elements of the output.
  let offsets: @Sendable (KernelArguments) throws -> [Int]

  /// For any type, as no arithmetic is needed.
  func moving(width: Int) -> Kernel {
    Kernel { [row, offsets] arguments in
      let places = try offsets(arguments)
      let output = try arguments.output()
      try ElementConversion.convert(arguments.input(0), into: output)
      try arguments.input(2).withBytes { updates in
        guard let from = updates.baseAddress, let to = output.plannedBytes.baseAddress else {
          return
        }
        for (index, place) in places.enumerated() {
          (to + place * width).copyMemory(
            from: from + index * row * width, byteCount: row * width)
        }
      }
    }
  }

  func run<T: Number>(_: T.Type) throws -> Kernel {
    Kernel { [reduction, row, offsets] arguments in
      let places = try offsets(arguments)
      let output = try arguments.output()
      try ElementConversion.convert(arguments.input(0), into: output)
      let target = output.plannedDestination(of: T.self)
      try arguments.input(2).withElements(of: T.self) { updates in
        guard let from = updates.baseAddress, let to = target.baseAddress else { return }
        for (index, place) in places.enumerated() {
          reduction.combine(to + place, from + index * row, count: row)
        }
      }
    }
  }
}
