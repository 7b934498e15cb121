// Room: Tensors. Several element-wise functions in one pass over memory.

internal import CVectorKernels

/// A straight line of element-wise functions of float32 operands, computed piece by piece, so that
/// only operands and the last result pass through memory.
///
/// Results are those of the same vector kernels called one after another, to the last bit.
package struct ElementwiseProgram: Sendable {
  /// Where a step reads: one of the operands, or an earlier step's result.
  package enum Source: Sendable, Hashable {
    case operand(Int)
    case step(Int)
  }

  /// One function. Comparisons give booleans, which `select` takes first; all else is float32.
  package enum Step: Sendable, Hashable {
    case unary(UnaryFunction, p: Float, q: Float, Source)
    case binary(BinaryOperation, Source, Source)
    /// The first times the second plus the third.
    case multiplyAdd(Source, Source, Source)
    case compare(Comparison, Source, Source)
    case select(Source, Source, Source)

    var sources: [Source] {
      switch self {
      case .unary(_, _, _, let x): [x]
      case .binary(_, let a, let b), .compare(_, let a, let b): [a, b]
      case .select(let a, let b, let c), .multiplyAdd(let a, let b, let c): [a, b, c]
      }
    }

    var nanoseconds: Double {
      switch self {
      case .unary(let function, _, _, _): function.nanoseconds
      case .binary(let operation, _, _): operation.nanoseconds
      case .multiplyAdd, .compare, .select: 0.2
      }
    }
  }

  /// An operand's elements for one piece: at `base`, one after the other or, with a step of 0, all
  /// the same.
  package struct Operand {
    package var base: UnsafeRawPointer
    package var step: Int

    package init(base: UnsafeRawPointer, step: Int) {
      self.base = base
      self.step = step
    }
  }

  /// The steps, the last of which is the result.
  package let steps: [Step]
  /// By step: which of the registers holds its result; the last writes to the output.
  private let register: [Int]
  private let registerCount: Int

  /// The most elements of a piece: what a few registers of leave room for in the first cache.
  package static let pieceLength = 1024

  /// Rough nanoseconds an element, to decide what is worth a parallel region.
  package var nanoseconds: Double { steps.reduce(0.2) { $0 + $1.nanoseconds } }

  /// A program of `steps`, each of which reads operands and steps before it.
  package init(_ steps: [Step]) {
    self.steps = steps
    var lastUse = [Int](repeating: -1, count: steps.count)
    for (index, step) in steps.enumerated() {
      for case .step(let source) in step.sources { lastUse[source] = index }
    }
    var register: [Int] = []
    var free: [Int] = []
    var count = 0
    for (index, step) in steps.enumerated() {
      // Taken before the sources' are given back: booleans and floats have no common places.
      if let place = free.popLast() {
        register.append(place)
      } else {
        register.append(count)
        count += 1
      }
      for case .step(let source) in Set(step.sources) where lastUse[source] == index {
        free.append(register[source])
      }
    }
    (self.register, registerCount) = (register, count)
  }

  /// Computes `count` elements, `pieceLength` at most, into `output`, which may be the memory of
  /// operands with a step of 1.
  package func run(
    _ operands: [Operand], count: Int, into output: UnsafeMutablePointer<Float>
  ) {
    assert(count <= Self.pieceLength)
    let kernels = KernelVariant.current.table
    Scratch.with(Float.self, count: registerCount * Self.pieceLength) { registers in
      func floats(_ source: Source) -> (UnsafePointer<Float>, Int) {
        switch source {
        case .operand(let index):
          (operands[index].base.assumingMemoryBound(to: Float.self), operands[index].step)
        case .step(let index): (UnsafePointer(registers + register[index] * Self.pieceLength), 1)
        }
      }
      func bytes(_ source: Source) -> UnsafePointer<UInt8> {
        switch source {
        case .operand(let index): operands[index].base.assumingMemoryBound(to: UInt8.self)
        case .step(let index):
          UnsafeRawPointer(registers + register[index] * Self.pieceLength)
            .assumingMemoryBound(to: UInt8.self)
        }
      }
      for (index, step) in steps.enumerated() {
        let isLast = index == steps.count - 1
        let target = isLast ? output : registers + register[index] * Self.pieceLength
        switch step {
        case .unary(let function, let p, let q, let source):
          let (x, step) = floats(source)
          if step == 0 {
            kernels.pointee.f32_unary[Int(function.code.rawValue)](1, x, target, p, q)
            target.update(repeating: target[0], count: count)
          } else {
            kernels.pointee.f32_unary[Int(function.code.rawValue)](count, x, target, p, q)
          }
        case .binary(let operation, let first, let second):
          let ((a, aStep), (b, bStep)) = (floats(first), floats(second))
          kernels.pointee.f32_binary[Int(operation.code.rawValue)](
            count, a, aStep, b, bStep, target)
        case .multiplyAdd(let first, let second, let third):
          let ((a, aStep), (b, bStep)) = (floats(first), floats(second))
          let (c, cStep) = floats(third)
          kernels.pointee.f32_fma(count, a, aStep, b, bStep, c, cStep, target)
        case .compare(let comparison, let first, let second):
          let ((a, aStep), (b, bStep)) = (floats(first), floats(second))
          kernels.pointee.f32_compare[Int(comparison.code.rawValue)](
            count, a, aStep, b, bStep,
            UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt8.self))
        case .select(let mask, let first, let second):
          let ((a, aStep), (b, bStep)) = (floats(first), floats(second))
          kernels.pointee.f32_select(count, bytes(mask), a, aStep, b, bStep, target)
        }
      }
    }
  }
}
