// Room: Networks. What an operator is: attributes read once, a rule for types and shapes, a kernel.

package import Tensors

/// An operator with its attributes: what a node of a graph does.
///
/// To add one, write `Operators/<Family>/<OpType>.swift` with a `package struct <OpType>Operator`
/// that conforms; nothing else changes, since the registry finds types by name. Operators of other
/// domains put the domain in front: `com.microsoft`'s `FusedConv` is `ComMicrosoftFusedConvOperator`.
package protocol Operator: Sendable {
  /// The opsets whose semantics the type implements.
  static var versions: ClosedRange<Int> { get }

  /// Reads a node's attributes; throws `OperatorFault` for wrong or unsupported ones.
  init(_ node: NodeDescription) throws

  /// Inputs whose contents the types, the shapes or the kernel depend on, as `Reshape`'s second.
  var valueInputs: [Int] { get }

  /// Element types that are computed in a wider one, so that the kernel need not know them.
  var widening: Widening { get }

  /// The outputs' types and shapes (and contents where they follow from shapes alone).
  ///
  /// Every rule that the operator has is checked here, so that kernels meet no bad graph.
  func infer(_ inputs: Operands) throws -> [TensorFacts?]

  /// Whether the same inputs always give the same outputs, so that constants may be computed once.
  var isDeterministic: Bool { get }

  /// `isDeterministic` where some inputs' contents are known.
  func isDeterministic(given constants: [Tensor?]) -> Bool

  /// The input that output 0 shows unchanged under another shape, if so: no kernel runs then.
  func viewedInput(_ inputs: Operands) -> Int?

  /// Inputs whose memory output 0 may take over, when their type and size are the same.
  var inPlaceInputs: [Int] { get }

  /// Inputs whose memory must not become output 0's, though another input of that memory may give it.
  var exclusiveInputs: [Int] { get }

  /// The operator as what else it is; nil where it is not. Whoever conforms need not write them.
  var asDynamic: (any DynamicOperator)? { get }
  var asSubgraphs: (any SubgraphOperator)? { get }
  var asComposite: (any CompositeOperator)? { get }
  var asView: (any ViewOperator)? { get }
  var asSelecting: (any SelectingOperator)? { get }
  var asUnary: (any UnaryOperator)? { get }
  var asBinary: (any BinaryOperator)? { get }
  var asPassThrough: (any PassThrough)? { get }
  var asNeutralOperand: (any NeutralOperand)? { get }

  /// Everything that can be done before the run for these types, shapes and constants.
  func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel
}

extension Operator {
  package static var versions: ClosedRange<Int> { 1...Opset.newest }
  package var valueInputs: [Int] { [] }
  package var widening: Widening { .halves }
  package var isDeterministic: Bool { true }
  package func isDeterministic(given constants: [Tensor?]) -> Bool { isDeterministic }
  package func viewedInput(_ inputs: Operands) -> Int? { nil }
  package var inPlaceInputs: [Int] { [] }
  package var exclusiveInputs: [Int] { [] }
}

/// An operator whose outputs' shapes only the data tell, or whose values are not all tensors.
///
/// It is evaluated when its turn comes, and gives its outputs itself.
package protocol DynamicOperator: Operator {
  /// Whether an output may hold an input's storage, as a sequence holds its tensors.
  var keepsInputs: Bool { get }

  func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?]
}

extension DynamicOperator {
  package var keepsInputs: Bool { true }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    throw OperatorFault.invalid("its outputs are known only while running")
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    throw OperatorFault.invalid("its outputs are known only while running")
  }
}

/// What a dynamic operator works on.
package struct DynamicInputs: Sendable {
  package var values: [NetworkValue?]
  /// Values of the enclosing graph, in the order of the node's `capturedValues`.
  package var captured: [NetworkValue?]
  package var outputCount: Int
  package var limits: MemoryLimits
  package var monitor: RunMonitor

  package subscript(index: Int) -> NetworkValue? {
    index < values.count ? values[index] : nil
  }

  /// Input `index`, which must be a tensor; dense.
  package func tensor(_ index: Int) throws -> Tensor {
    guard let value = self[index] else {
      throw OperatorFault.invalid("input \(index) is missing")
    }
    guard let tensor = value.tensor else {
      throw OperatorFault.invalid("input \(index) is \(value.kindDescription), not a tensor")
    }
    return tensor.contiguous()
  }

  /// Input `index`, which may be left out.
  package func optionalTensor(_ index: Int) throws -> Tensor? {
    self[index] == nil ? nil : try tensor(index)
  }
}

/// The operator sets that are known here.
package enum Opset {
  /// The newest opset of ONNX's own domain whose changes have been looked through.
  package static let newest = 28
}

/// What is known of a tensor before running.
package struct TensorFacts: Sendable {
  package var elementType: ElementType
  package var shape: Shape
  /// The contents, when they are known already.
  package var constant: Tensor?

  package init(_ elementType: ElementType, _ shape: Shape, constant: Tensor? = nil) {
    self.elementType = elementType
    self.shape = shape
    self.constant = constant
  }

  /// Facts from lengths that an operator computed; throws where no tensor can have them.
  package init(_ elementType: ElementType, checking lengths: [Int]) throws {
    self.init(elementType, try Shape(checking: lengths))
    guard !shape.count.multipliedReportingOverflow(by: elementType.byteWidth).overflow else {
      throw OperatorFault.invalid("shape \(shape) has more bytes than an integer can count")
    }
  }

  package init(constant: Tensor) {
    self.init(constant.elementType, constant.shape, constant: constant)
  }

  package var byteCount: Int { shape.count * elementType.byteWidth }
}
