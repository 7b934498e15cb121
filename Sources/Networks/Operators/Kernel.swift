// Room: Networks. What a plan runs: a prepared operator and the tensors it reads and writes.

package import Tensors

/// A prepared operator: a closure that holds packed weights and everything else known beforehand.
package struct Kernel: Sendable {
  /// Bytes of working memory that the planner lends while the kernel runs.
  package var scratchBytes: Int
  /// What computes, for people who ask what a plan does.
  package var name: String
  package let run: @Sendable (KernelArguments) throws -> Void

  package init(
    scratchBytes: Int = 0, name: String = "loop",
    _ run: @escaping @Sendable (KernelArguments) throws -> Void
  ) {
    self.scratchBytes = scratchBytes
    self.name = name
    self.run = run
  }
}

/// The tensors of one run of a kernel. Outputs are dense and may be written whole, whoever else
/// holds their storage; an unnamed output is nil, except output 0.
package struct KernelArguments {
  package var inputs: [Tensor?]
  package var outputs: [Tensor?]
  package var scratch: UnsafeMutableRawBufferPointer

  /// Input `index`, which inference has made sure is there.
  package func input(_ index: Int) throws -> Tensor {
    guard index < inputs.count, let tensor = inputs[index] else {
      throw OperatorFault.invalid("input \(index) is missing")
    }
    return tensor
  }

  package func optionalInput(_ index: Int) -> Tensor? {
    index < inputs.count ? inputs[index] : nil
  }

  /// Output `index`.
  package func output(_ index: Int = 0) throws -> Tensor {
    guard index < outputs.count, let tensor = outputs[index] else {
      throw OperatorFault.invalid("output \(index) is not wanted")
    }
    return tensor
  }

  /// Calls `body` with input 0's elements and output 0's destination.
  package func map<Source: TensorScalar, Target: TensorScalar>(
    _: Source.Type, to _: Target.Type,
    _ body: (UnsafeBufferPointer<Source>, UnsafeMutableBufferPointer<Target>) throws -> Void
  ) throws {
    let target = try output().plannedDestination(of: Target.self)
    try input(0).withElements(of: Source.self) { try body($0, target) }
  }
}

/// How much memory a run may take, checked before it is taken.
package struct MemoryLimits: Sendable {
  /// The most bytes that an arena or a single value may have.
  package var bytes: Int

  package init(bytes: Int) { self.bytes = bytes }

  /// A tensor with no contents yet; throws when the limit forbids it.
  package func allocate(_ facts: TensorFacts) throws -> Tensor {
    try check(facts.shape, facts.elementType)
    return Tensor(uninitialized: facts.shape, facts.elementType)
  }

  package func check(_ shape: Shape, _ type: ElementType) throws {
    let (byteCount, overflow) = shape.count.multipliedReportingOverflow(by: type.byteWidth)
    guard !overflow, byteCount <= bytes else {
      throw OperatorFault(
        kind: .memoryLimit,
        message: "a \(type.rawValue) tensor \(shape) needs more than the \(bytes) bytes allowed; "
          + "raise the memory limit or use a smaller input")
    }
  }
}
