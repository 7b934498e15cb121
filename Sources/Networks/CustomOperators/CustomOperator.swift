// Room: Networks. Operators that a program brings along: the protocol a researcher implements.

public import Tensors

/// An operator of a domain of your own, written in Swift.
///
/// Register the type with `CompiledNetwork.Options.register(_:as:domain:)`; every node of that name
/// is then one value of the type. `Examples/` has a whole program, `OwnOperator`.
///
/// ```swift
/// struct Decibels: CustomOperator {
///   let floor: Float
///   init(_ node: NodeDescription) throws { floor = try node.float("floor", default: -32) }
///   func outputs(for inputs: CustomInputs) throws -> [TensorType] { [try inputs.type(0)] }
///   func run(_ call: CustomCall) throws {
///     try call.input(0).withElements(of: Float.self) { rain in
///       try call.withOutput(0, of: Float.self) { decibels in
///         for i in rain.indices { decibels[i] = max(floor, 10 * log10(200 * pow(rain[i], 1.6))) }
///       }
///     }
///   }
/// }
/// ```
///
/// **Element types**: float16 and bfloat16 inputs arrive as float32 and such outputs are rounded
/// back from float32, so an operator for `Float` serves half-precision networks too.
///
/// **Throws**: whatever a method throws ends compilation or the run with a `NetworkError` that names
/// the node and holds the error's description.
public protocol CustomOperator: Sendable {
  /// Reads a node's attributes.
  init(_ node: NodeDescription) throws

  /// The outputs' element types and shapes; checks what the operator asks of its inputs.
  func outputs(for inputs: CustomInputs) throws -> [TensorType]

  /// Writes every element of every output. May be called from several threads at once.
  func run(_ call: CustomCall) throws

  /// Inputs whose contents `outputs(for:)` reads, as a shape or a list of axes; by default none.
  var contentInputs: [Int] { get }

  /// Whether the same inputs always give the same outputs, so that they may be computed once when
  /// all are constants; by default true.
  var isDeterministic: Bool { get }
}

extension CustomOperator {
  /// No inputs.
  public var contentInputs: [Int] { [] }
  /// True.
  public var isDeterministic: Bool { true }
}

/// An element type and a shape.
public struct TensorType: Sendable, Hashable {
  /// The type of the elements.
  public var elementType: ElementType
  /// The lengths of the dimensions, outermost first; none is negative.
  public var dimensions: [Int]

  /// A type; lengths that no tensor can have are found when the network is planned.
  public init(_ elementType: ElementType, _ dimensions: [Int]) {
    self.elementType = elementType
    self.dimensions = dimensions
  }
}

/// What is known of a custom operator's inputs before the run.
public struct CustomInputs: Sendable {
  private let operands: Operands
  private let contentInputs: [Int]

  init(_ operands: Operands, contentInputs: [Int]) {
    self.operands = operands
    self.contentInputs = contentInputs
  }

  /// How many inputs the node names, left-out ones in the middle included.
  public var count: Int { operands.count }

  /// Whether input `index` is given.
  public func has(_ index: Int) -> Bool { index >= 0 && operands[index] != nil }

  /// The element type and shape of input `index`.
  ///
  /// **Throws** when the node does not give it.
  public func type(_ index: Int) throws -> TensorType {
    guard index >= 0 else { throw OperatorFault.invalid("input \(index) is missing") }
    let facts = try operands.required(index)
    return TensorType(facts.elementType, facts.shape.dimensions)
  }

  /// The contents of input `index`.
  ///
  /// **Throws** when the node does not give it, or when `contentInputs` does not name it.
  public func contents(_ index: Int) throws -> Tensor {
    _ = try type(index)
    guard contentInputs.contains(index), let constant = operands[index]?.constant else {
      throw OperatorFault.invalid(
        "the contents of input \(index) are asked for; name it in contentInputs")
    }
    return constant
  }
}

/// The tensors of one run of a custom operator.
public struct CustomCall {
  private let arguments: KernelArguments

  init(_ arguments: KernelArguments) { self.arguments = arguments }

  /// Whether input `index` is given.
  public func hasInput(_ index: Int) -> Bool {
    index >= 0 && arguments.optionalInput(index) != nil
  }

  /// Whether somebody uses output `index`.
  public func wantsOutput(_ index: Int) -> Bool {
    arguments.outputs.indices.contains(index) && arguments.outputs[index] != nil
  }

  /// Input `index`.
  ///
  /// **Throws** when the node does not give it.
  public func input(_ index: Int) throws -> Tensor {
    guard index >= 0 else { throw OperatorFault.invalid("input \(index) is missing") }
    return try arguments.input(index)
  }

  /// Calls `body` with output `index`'s elements in row-major order, to be written. They hold
  /// nothing of use before. Does nothing when nobody uses the output.
  ///
  /// **Throws** when the operator has no such output, or one of another element type.
  public func withOutput<Scalar: TensorScalar>(
    _ index: Int, of type: Scalar.Type,
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) throws {
    guard arguments.outputs.indices.contains(index) else {
      throw OperatorFault.invalid("writes output \(index), which the node does not name")
    }
    guard let output = arguments.outputs[index] else { return }
    guard output.elementType == Scalar.elementType else {
      throw OperatorFault.invalid(
        "writes \(Scalar.elementType.rawValue) to output \(index), which it declared "
          + "\(output.elementType.rawValue)")
    }
    try body(output.plannedDestination(of: type))
  }
}
