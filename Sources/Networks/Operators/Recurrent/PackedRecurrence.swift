// Room: Networks. Recurrent layers of float32 with constant weights: products once for all steps, gates
// by vector kernels.

internal import Tensors

/// How a layer's gates make its next state.
enum RecurrentForm: Sendable {
  case plain, longShort
  /// `resetsAfter`: the reset gate acts on the product with the state rather than on the state.
  case gated(resetsAfter: Bool)

  var gates: Int {
    switch self {
    case .plain: 1
    case .gated: 3
    case .longShort: 4
    }
  }

  /// How many activations each direction has.
  var activations: Int {
    switch self {
    case .plain: 1
    case .gated: 2
    case .longShort: 3
    }
  }
}

/// What a layer's weights were packed into, by direction.
final class PackedRecurrence: Sendable {
  struct Direction: Sendable {
    /// `X W + bias` for all gates, and the state's product for all gates but a gated unit's last.
    var input: PackedMatrix, state: PackedMatrix
    /// The state's product for a gated unit's last gate.
    var candidate: PackedMatrix?
  }

  let directions: [Direction]

  /// Packs W `[directions, gates · hidden, input]`, R `[directions, gates · hidden, hidden]` and the
  /// biases `[directions, 2 · gates · hidden]`.
  init(_ form: RecurrentForm, w: Tensor, r: Tensor, bias: Tensor?, hidden: Int) throws {
    let rows = form.gates * hidden
    let biases = bias?.elements(as: Float.self)
    // A gated unit's last state product keeps its bias to itself: the reset gate acts on both.
    var isGated = false
    if case .gated = form { isGated = true }
    let stateRows = isGated ? 2 * hidden : rows
    directions = try (0..<w.shape[0]).map { direction in
      let own = try w.plane(direction), recurrent = try r.plane(direction)
      var sums = [Float](repeating: 0, count: rows)
      var last = [Float](repeating: 0, count: hidden)
      if let biases {
        let start = direction * 2 * rows
        for row in 0..<rows {
          let (first, second) = (biases[start + row], biases[start + rows + row])
          sums[row] = row < stateRows ? first + second : first
          if row >= stateRows { last[row - stateRows] = second }
        }
      }
      return Direction(
        input: try PackedMatrix(
          own, transposed: true, bias: Tensor(sums, shape: Shape([rows]))),
        state: try PackedMatrix(
          recurrent.sliced(0, 0..<stateRows).contiguous(), transposed: true),
        candidate: isGated
          ? try PackedMatrix(
            recurrent.sliced(0, stateRows..<rows).contiguous(), transposed: true,
            bias: Tensor(last, shape: Shape([hidden])))
          : nil)
    }
  }
}

extension Tensor {
  /// The `index`-th of the first dimension's planes.
  fileprivate func plane(_ index: Int) throws -> Tensor {
    try sliced(0, index..<index + 1).contiguous()
      .reshaped(to: Shape(Array(shape.dimensions.dropFirst())))
  }
}

/// Runs a packed layer over time, all items of the batch side by side.
struct PackedRecurrenceRun: Sendable {
  private let form: RecurrentForm
  private let attributes: RecurrentAttributes
  private let shapes: RecurrentShapes
  private let functions: [VectorFunction]
  private let packed: PackedRecurrence

  /// Nil for what needs the general way: lengths, clipping, peepholes, other types, weights that
  /// are not known, activations without a vector kernel.
  init?(
    _ form: RecurrentForm, _ attributes: RecurrentAttributes, _ shapes: RecurrentShapes,
    _ inputs: Operands, _ once: PackedOnce<PackedRecurrence>
  ) throws {
    guard try inputs.required(0).elementType == .float32, attributes.clip == nil,
      !attributes.batchFirst, inputs[4] == nil, inputs[7] == nil,
      let w = inputs[1]?.constant, let r = inputs[2]?.constant, w.count > 0, r.count > 0,
      inputs[3].map({ $0.constant != nil }) ?? true
    else { return nil }
    var functions: [VectorFunction] = []
    for activation in attributes.activations {
      guard let function = activation.vectorFunction else { return nil }
      functions.append(function)
    }
    (self.form, self.attributes, self.shapes) = (form, attributes, shapes)
    self.functions = functions
    let bias = inputs[3]?.constant
    packed = try once.get(w, r, bias, variant: [form.gates]) {
      try PackedRecurrence(form, w: w, r: r, bias: bias, hidden: attributes.hidden)
    }
  }

  var kernel: Kernel {
    get throws {
      let (batch, hidden) = (shapes.batch, shapes.hidden)
      let gates = try Checked.product(
        Checked.product(shapes.steps, batch), shapes.gates * hidden)
      let states = try Checked.product(batch * hidden, 3)
      let floats = try Checked.sum(gates, states)
      return Kernel(scratchBytes: try Checked.product(floats, 4), name: "packed") { arguments in
        guard let scratch = arguments.scratch.baseAddress, batch > 0 else { return }
        let memory = scratch.assumingMemoryBound(to: Float.self)
        for direction in 0..<shapes.directions {
          try run(direction, arguments, gates: memory, states: memory + gates)
        }
      }
    }
  }

  private func run(
    _ direction: Int, _ arguments: KernelArguments, gates: UnsafeMutablePointer<Float>,
    states: UnsafeMutablePointer<Float>
  ) throws {
    let (batch, hidden, steps) = (shapes.batch, shapes.hidden, shapes.steps)
    let size = batch * hidden
    let (state, cell, spare) = (states, states + size, states + 2 * size)
    func start(_ target: UnsafeMutablePointer<Float>, _ index: Int) {
      guard let given = arguments.optionalInput(index) else {
        return target.update(repeating: 0, count: size)
      }
      given.withElements(of: Float.self) { values in
        guard let base = values.baseAddress else { return }
        target.update(from: base + direction * size, count: size)
      }
    }
    func destination(_ index: Int) -> UnsafeMutablePointer<Float>? {
      guard index < arguments.outputs.count else { return nil }
      return arguments.outputs[index]?.plannedDestination(of: Float.self).baseAddress
    }
    start(state, 5)
    start(cell, 6)
    let weights = packed.directions[direction]
    try arguments.input(0).withElements(of: Float.self) { x in
      guard let x = x.baseAddress else { return }
      weights.input.run(input: x, count: steps * batch, output: gates)
    }
    let sequence = destination(0)
    let isBackward = direction == 1 || attributes.direction == .reverse
    for position in 0..<steps {
      let step = isBackward ? steps - 1 - position : position
      advance(
        weights, direction, gates + step * batch * shapes.gates * hidden, state: state, cell: cell,
        spare: spare)
      sequence.map {
        ($0 + (step * shapes.directions + direction) * size).update(from: state, count: size)
      }
    }
    destination(1).map { ($0 + direction * size).update(from: state, count: size) }
    destination(2).map { ($0 + direction * size).update(from: cell, count: size) }
  }

  /// One step of all items: `gates` holds their sums from the input.
  private func advance(
    _ weights: PackedRecurrence.Direction, _ direction: Int, _ gates: UnsafeMutablePointer<Float>,
    state: UnsafeMutablePointer<Float>, cell: UnsafeMutablePointer<Float>,
    spare: UnsafeMutablePointer<Float>
  ) {
    let (batch, hidden) = (shapes.batch, shapes.hidden)
    let width = shapes.gates * hidden
    weights.state.run(
      input: state, count: batch, residual: gates, output: gates, outputStride: width)
    let own = functions[direction * form.activations..<(direction + 1) * form.activations]
    let first = own.startIndex
    func apply(_ function: VectorFunction, _ row: UnsafeMutablePointer<Float>, _ count: Int) {
      VectorMath.apply(function.function, function.p, function.q, row, row, count: count)
    }
    switch form {
    case .plain:
      for item in 0..<batch {
        apply(own[first], gates + item * width, hidden)
        (state + item * hidden).update(from: gates + item * width, count: hidden)
      }
    case .longShort:
      for item in 0..<batch {
        let row = gates + item * width
        let (memory, result) = (cell + item * hidden, state + item * hidden)
        let (input, output, forget, new) = (row, row + hidden, row + 2 * hidden, row + 3 * hidden)
        apply(own[first], row, 3 * hidden)
        apply(own[first + 1], new, hidden)
        VectorMath.combine(.multiply, memory, forget, memory, count: hidden)
        VectorMath.multiplyAdd(input, new, memory, memory, count: hidden)
        result.update(from: memory, count: hidden)
        apply(own[first + 2], result, hidden)
        VectorMath.combine(.multiply, output, result, result, count: hidden)
      }
    case .gated(let resetsAfter):
      for item in 0..<batch {
        let row = gates + item * width
        apply(own[first], row, 2 * hidden)
        if !resetsAfter {
          VectorMath.combine(
            .multiply, row + hidden, state + item * hidden, spare + item * hidden, count: hidden)
        }
      }
      guard let candidate = weights.candidate else { return }
      if resetsAfter {
        candidate.run(input: state, count: batch, output: spare)
      } else {
        candidate.run(
          input: spare, count: batch, residual: gates + 2 * hidden, output: gates + 2 * hidden,
          outputStride: width)
      }
      for item in 0..<batch {
        let row = gates + item * width
        let (update, reset, new) = (row, row + hidden, row + 2 * hidden)
        let (old, extra) = (state + item * hidden, spare + item * hidden)
        if resetsAfter { VectorMath.multiplyAdd(reset, extra, new, new, count: hidden) }
        apply(own[first + 1], new, hidden)
        VectorMath.combine(.subtract, old, new, extra, count: hidden)
        VectorMath.multiplyAdd(update, extra, new, old, count: hidden)
      }
    }
  }
}

extension RecurrentAttributes.Activation {
  /// The same function for the vector kernels, where there is one.
  fileprivate var vectorFunction: VectorFunction? {
    switch name {
    case "sigmoid": VectorFunction(.sigmoid)
    case "tanh": VectorFunction(.tanh)
    case "relu": VectorFunction(.relu)
    case "leakyrelu": VectorFunction(.leakyRelu, alpha)
    case "hardsigmoid": VectorFunction(.hardSigmoid, alpha, beta)
    case "elu": VectorFunction(.elu, alpha)
    case "softplus": VectorFunction(.softplus)
    case "affine": VectorFunction(.affine, alpha, beta)
    default: nil
    }
  }
}
