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

  /// Calls `body` with where the elements of the inputs at `indices` lie, dense; not at all where one
  /// is empty.
  package func withInputs(
    _ indices: [Int], _ body: ([UnsafeRawPointer]) throws -> Void
  ) throws {
    func collect(_ found: [UnsafeRawPointer]) throws {
      guard found.count < indices.count else { return try body(found) }
      try input(indices[found.count]).withBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        try collect(found + [base])
      }
    }
    try collect([])
  }

  /// The same for inputs that are all float32.
  package func withFloats(
    _ indices: [Int], _ body: ([UnsafePointer<Float>]) throws -> Void
  ) throws {
    try withInputs(indices) { bases in
      try body(bases.map { $0.assumingMemoryBound(to: Float.self) })
    }
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

/// How much memory a network may take, all its plans, runs and loops together; checked before it
/// is taken.
package struct MemoryLimits: Sendable {
  /// Where it is counted.
  package let account: MemoryAccount

  /// Whether products with constant matrices may round their operands.
  package let roundsProducts: Bool

  /// Limits of `bytes` bytes, of which none is taken yet.
  package init(bytes: Int, weights: (any WeightStore)? = nil, roundsProducts: Bool = false) {
    account = MemoryAccount(limit: bytes, weights: weights)
    self.roundsProducts = roundsProducts
  }

  /// Runs `body`, which plans or runs the network, on these conditions.
  package func asCurrent<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try account.asCurrent { () throws(Failure) in
      guard roundsProducts else { return try body() }
      return try KernelVariant.current.roundingProducts.asCurrent(body)
    }
  }

  /// The most bytes that may be out at a time.
  package var bytes: Int { account.limit }

  /// Throws unless `byteCount` bytes more may be taken.
  package func require(_ byteCount: Int) throws {
    guard account.allows(byteCount) else {
      let (all, overflow) = account.used.addingReportingOverflow(byteCount)
      throw Self.fault(
        "\(byteCount) bytes beside the \(account.used) in use"
          + (overflow ? "" : " (\(all) in all)"), account)
    }
  }

  /// Throws where an operator has made more than there was room for.
  package func requireBalance() throws {
    guard account.isOverdrawn else { return }
    throw Self.fault("its working memory", account)
  }

  fileprivate static func fault(_ what: String, _ account: MemoryAccount) -> OperatorFault {
    OperatorFault(
      kind: .memoryLimit,
      message: "\(what) would take the network's memory over the \(account.limit) bytes allowed; "
        + "raise the memory limit or use a smaller input")
  }

  /// A tensor with no contents yet; throws when the limit forbids it.
  package func allocate(_ facts: TensorFacts) throws -> Tensor {
    try check(facts.shape, facts.elementType)
    try require(facts.byteCount)
    return Tensor(uninitialized: facts.shape, facts.elementType)
  }

  package func check(_ shape: Shape, _ type: ElementType) throws {
    try WorkMemory.check(shape, bytes: bytes)
    let (byteCount, overflow) = shape.count.multipliedReportingOverflow(by: type.byteWidth)
    guard !overflow, byteCount <= bytes else {
      throw OperatorFault(
        kind: .memoryLimit,
        message: "a \(type.rawValue) tensor \(shape) needs more than the \(bytes) bytes allowed; "
          + "raise the memory limit or use a smaller input")
    }
  }
}

/// Memory that an operator takes for itself while it is prepared or runs.
package enum WorkMemory {
  /// Throws for an empty shape whose lengths nobody could walk along: `[0, 2^40]` takes no bytes,
  /// but an operator that makes something for each of its columns takes a lot.
  package static func check(_ shape: Shape, bytes: Int? = nil) throws {
    guard shape.count == 0, let most = bytes ?? MemoryAccount.current?.limit,
      shape.dimensions.reduce(1, { $0 * max($1, 1) }) > most / 8
    else { return }
    throw OperatorFault(
      kind: .memoryLimit,
      message: "an empty tensor \(shape) is larger than makes sense within the \(most) bytes "
        + "allowed; raise the memory limit or correct the shape")
  }

  /// Throws unless `count` elements of `Element` fit into what the network may take.
  package static func require<Element>(_ count: Int, of _: Element.Type) throws {
    guard let account = MemoryAccount.current else { return }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, account.allows(bytes) else {
      throw MemoryLimits.fault("\(count) values of working memory", account)
    }
  }
}

extension Tensor {
  /// A tensor for an operator's own use, its elements not set yet; throws where the network's limit
  /// leaves no room for it.
  package init(working shape: Shape, _ elementType: ElementType) throws {
    let (bytes, overflow) = shape.count.multipliedReportingOverflow(by: elementType.byteWidth)
    guard !overflow else { throw OperatorFault.invalid("shape \(shape) has too many bytes") }
    try WorkMemory.require(bytes, of: UInt8.self)
    self.init(uninitialized: shape, elementType)
  }
}
