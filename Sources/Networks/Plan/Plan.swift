// Room: Networks. A plan: the order of work, the kernels and the memory for one set of input shapes.

package import Tensors

/// Everything that can be decided before a run for one set of input shapes.
package struct Plan: Sendable {
  /// Where a value is found during a run.
  package enum Place: Sendable {
    case constant(Tensor)
    /// In the arena.
    case arena(offset: Int, TensorFacts)
    /// Given by the caller, made by a dynamic step, or an output that the caller will own: bound
    /// while running, by number.
    case bound(Int)
    /// The value of `Place` `of` under another shape, or a part of it from some byte on.
    case view(of: ValueID, Shape, offset: Int)
    /// Nobody asks for it.
    case unused
  }

  /// One node's work.
  package struct Step: Sendable {
    package enum Work: Sendable {
      /// Shapes are known: a kernel writes into memory that the plan laid out.
      case kernel(Kernel, scratchOffset: Int)
      /// Shapes are known only when the step's turn comes.
      case shaped(Operands)
      /// The operator makes its outputs itself.
      case dynamic(any DynamicOperator)
    }

    package var node: GraphNode
    package var work: Work
    /// Bound values that nobody needs after this step, by number.
    package var releases: [Int] = []
  }

  /// A value that is bound while running.
  package struct Binding: Sendable {
    package var value: ValueID
    /// What it must be where the plan's kernels rely on it.
    package var facts: TensorFacts?
    /// Whether it is an output of a kernel: then a tensor is made for it before the run.
    package var isAllocated: Bool
    /// Inputs and outputs of kernels that it, or a view of it, is.
    package var inputUses: [(step: Int, index: Int, shape: Shape?)] = []
    package var outputUses: [(step: Int, index: Int)] = []
  }

  package var graph: Graph
  package var places: [Place]
  package var steps: [Step]
  package var bindings: [Binding]
  /// The number of each graph input's binding; nil where the plan does not need the input.
  package var inputBindings: [Int?]
  /// How long the arena is: the peak memory of intermediate values, known before the run.
  package var arenaBytes: Int
  /// The least that any layout could need for the same order of work.
  package var arenaLowerBound: Int
  package var limits: MemoryLimits

  /// The type and the shape of a value, nil where only the run will tell.
  package func facts(of value: ValueID) -> TensorFacts? {
    switch places[value] {
    case .constant(let tensor): TensorFacts(tensor.elementType, tensor.shape)
    case .arena(_, let facts): facts
    case .bound(let number): bindings[number].facts
    case .view(let source, let shape, _):
      facts(of: source).map { TensorFacts($0.elementType, shape) }
    case .unused: nil
    }
  }
}
