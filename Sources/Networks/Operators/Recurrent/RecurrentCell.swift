// Room: Networks. What LSTM, GRU and RNN share: directions, lengths, activations and weights.

internal import Foundation
internal import Tensors

/// A recurrent node's attributes.
struct RecurrentAttributes: Sendable {
  enum Direction: String, Sendable { case forward, reverse, bidirectional }

  /// An activation with its parameters.
  struct Activation: Sendable {
    var name: String
    var alpha: Float
    var beta: Float

    func callAsFunction<T: Real>(_ x: T) -> T {
      switch name {
      case "sigmoid": T.sigmoid(x)
      case "tanh": T.tanh(x)
      case "relu": Swift.max(x, 0)
      case "leakyrelu": x < 0 ? T(alpha) * x : x
      case "thresholdedrelu": x > T(alpha) ? x : 0
      case "scaledtanh": T(alpha) * T.tanh(T(beta) * x)
      case "hardsigmoid": Swift.max(0, Swift.min(1, T(alpha) * x + T(beta)))
      case "elu": x < 0 ? T(alpha) * T.expm1(x) : x
      case "softsign": x / (1 + x.magnitude)
      case "softplus": T.softplus(x)
      default: T(alpha) * x + T(beta)
      }
    }

    static let defaults: [String: (Float, Float)] = [
      "sigmoid": (1, 0), "tanh": (1, 0), "relu": (1, 0), "leakyrelu": (0.01, 0),
      "thresholdedrelu": (1, 0), "scaledtanh": (1, 1), "hardsigmoid": (0.2, 0.5), "elu": (1, 0),
      "softsign": (1, 0), "softplus": (1, 0), "affine": (1, 0),
    ]
    static let takingAlpha: Set = [
      "affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu",
    ]
    static let takingBeta: Set = ["affine", "hardsigmoid", "scaledtanh"]
  }

  let direction: Direction
  let hidden: Int
  let clip: Float?
  let batchFirst: Bool
  /// For each direction, as many activations as the cell has kinds of gates.
  let activations: [Activation]
  let directions: Int

  init(_ node: NodeDescription, defaults names: [String]) throws {
    guard let direction = Direction(rawValue: try node.string("direction", default: "forward")),
      let hidden = try node.int("hidden_size"), hidden > 0, hidden < 1 << 24
    else { throw OperatorFault.invalid("the direction or the hidden size makes no sense") }
    self.direction = direction
    self.hidden = hidden
    directions = direction == .bidirectional ? 2 : 1
    clip = try node.float("clip")
    batchFirst = try node.flag("layout")
    let given = try node.strings("activations") ?? []
    let wanted = given.isEmpty ? names + (directions == 2 ? names : []) : given
    guard wanted.count == names.count * directions else {
      throw OperatorFault.invalid(
        "\(wanted.count) activations where \(names.count * directions) are needed")
    }
    let alphas = try node.floats("activation_alpha") ?? []
    let betas = try node.floats("activation_beta") ?? []
    let keys = wanted.map { $0.lowercased() }
    let ownAlphas = Self.parameters(alphas, of: keys, taking: Activation.takingAlpha)
    let ownBetas = Self.parameters(betas, of: keys, taking: Activation.takingBeta)
    activations = try keys.enumerated().map { index, key in
      guard let (alpha, beta) = Activation.defaults[key] else {
        throw OperatorFault.unsupported("activation '\(wanted[index])'")
      }
      return Activation(
        name: key, alpha: ownAlphas[index] ?? alpha, beta: ownBetas[index] ?? beta)
    }
  }

  /// The parameter of each activation: those that take one use up the list in order, unless it has
  /// one for each, whether it takes it or not.
  private static func parameters(
    _ values: [Float], of names: [String], taking: Set<String>
  ) -> [Float?] {
    if values.count == names.count { return values }
    var rest = values[...]
    return names.map { taking.contains($0) ? rest.popFirst() : nil }
  }
}

/// A recurrent layer's lengths, checked, and its outputs' shapes.
struct RecurrentShapes: Sendable {
  let steps: Int
  let batch: Int
  let input: Int
  let hidden: Int
  let directions: Int
  let gates: Int
  let batchFirst: Bool

  init(_ inputs: Operands, _ attributes: RecurrentAttributes, gates: Int, states: [Int]) throws {
    let x = try inputs.required(0, rank: 3...3).shape
    let w = try inputs.required(1, rank: 3...3).shape
    let r = try inputs.required(2, rank: 3...3).shape
    (hidden, directions, self.gates) = (attributes.hidden, attributes.directions, gates)
    batchFirst = attributes.batchFirst
    (steps, batch) = batchFirst ? (x[1], x[0]) : (x[0], x[1])
    input = x[2]
    let rows = gates * hidden
    guard w.dimensions == [directions, rows, input], r.dimensions == [directions, rows, hidden]
    else {
      throw OperatorFault.invalid(
        "weights of shapes \(w) and \(r) do not fit an input of shape \(x) and \(hidden) hidden values"
      )
    }
    if let bias = inputs[3]?.shape, bias.dimensions != [directions, 2 * rows] {
      throw OperatorFault.invalid("bias of shape \(bias) does not fit")
    }
    if let lengths = inputs[4] {
      try inputs.requireType(4, .int32, .int64)
      guard lengths.shape.dimensions == [batch] else {
        throw OperatorFault.invalid("there is not one length for each of the \(batch) sequences")
      }
    }
    for index in states {
      guard let state = inputs[index]?.shape else { continue }
      let wanted = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
      guard state.dimensions == wanted else {
        throw OperatorFault.invalid("input \(index) of shape \(state) is not \(wanted)")
      }
    }
  }

  func outputs(_ type: ElementType, states: Int) throws -> [TensorFacts?] {
    let sequence =
      batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    let state = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    return [try TensorFacts(type, checking: sequence)]
      + (try (0..<states).map { _ in try TensorFacts(type, checking: state) })
  }

  func stateOffset(_ direction: Int, _ item: Int) -> Int {
    batchFirst
      ? (item * directions + direction) * hidden : (direction * batch + item) * hidden
  }

  func inputOffset(_ step: Int, _ item: Int) -> Int {
    (batchFirst ? item * steps + step : step * batch + item) * input
  }

  func outputOffset(_ step: Int, _ direction: Int, _ item: Int) -> Int {
    batchFirst
      ? ((item * steps + step) * directions + direction) * hidden
      : ((step * directions + direction) * batch + item) * hidden
  }
}

/// What a cell makes of one item's gate sums.
protocol RecurrentCell: Sendable {
  var attributes: RecurrentAttributes { get }
  /// Gates for one item: `x` holds `W x + bias`, `h` holds `R h + bias` by gate; writes the new state.
  func step<T: Real>(
    _ x: UnsafeMutablePointer<T>, _ h: UnsafeMutablePointer<T>, previous: UnsafePointer<T>,
    state: UnsafeMutablePointer<T>, cell: UnsafeMutablePointer<T>, peephole: UnsafePointer<T>?,
    direction: Int, recurrent: (UnsafePointer<T>, UnsafeMutablePointer<T>, _ gate: Int) -> Void)
}

extension RecurrentCell {
  func clipped<T: Real>(_ x: T) -> T {
    guard let clip = attributes.clip else { return x }
    return Swift.max(-T(clip), Swift.min(T(clip), x))
  }
}

/// Runs a cell over time.
struct RecurrentBody<Cell: RecurrentCell>: RealBody {
  let cell: Cell
  let shapes: RecurrentShapes
  /// Which inputs are the cell's state and its peephole weights, if it has any.
  let cellInput: Int?
  let peepholeInput: Int?

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    let (gates, hidden, batch) = (shapes.gates, shapes.hidden, shapes.batch)
    _ = try Checked.product(Checked.product(gates * hidden, max(batch, 1)), 64)
    return Kernel { [self] arguments in
      func floats(_ index: Int) -> [T]? {
        arguments.optionalInput(index)?.elements(as: T.self)
      }
      let (x, w, r) = (
        try arguments.input(0).elements(as: T.self), try arguments.input(1).elements(as: T.self),
        try arguments.input(2).elements(as: T.self)
      )
      let bias = floats(3)
      let lengths =
        try arguments.optionalInput(4)?.integerElements(input: 4)
        ?? [Int](repeating: shapes.steps, count: batch)
      guard lengths.allSatisfy({ (0...shapes.steps).contains($0) }) else {
        throw OperatorFault.invalid("a sequence length is more than \(shapes.steps)")
      }
      let (initial, initialCell) = (floats(5), cellInput.flatMap(floats))
      let peepholes = peepholeInput.flatMap(floats)
      func destination(_ index: Int) -> UnsafeMutableBufferPointer<T>? {
        guard index < arguments.outputs.count else { return nil }
        return arguments.outputs[index]?.plannedDestination(of: T.self)
      }
      let (sequence, last, lastCell) = (destination(0), destination(1), destination(2))
      sequence?.update(repeating: 0)
      let rows = gates * hidden
      let backwards = cell.attributes.direction == .reverse
      Parallel.items(
        shapes.directions * batch,
        nanoseconds: Double(shapes.steps * rows * (shapes.input + hidden)) * 0.3
      ) { task in
        let (direction, item) = (task / batch, task % batch)
        let offset = shapes.stateOffset(direction, item)
        var state =
          initial.map { Array($0[offset..<offset + hidden]) } ?? [T](repeating: 0, count: hidden)
        var memory =
          initialCell.map { Array($0[offset..<offset + hidden]) }
          ?? [T](repeating: 0, count: hidden)
        var own = [T](repeating: 0, count: rows)
        var recurrent = [T](repeating: 0, count: rows)
        let length = lengths[item]
        for position in 0..<length {
          let step = backwards || direction == 1 ? length - 1 - position : position
          let inputStart = shapes.inputOffset(step, item)
          for row in 0..<rows {
            own[row] =
              (bias?[direction * 2 * rows + row] ?? 0)
              + dot(x, inputStart, w, (direction * rows + row) * shapes.input, shapes.input)
            recurrent[row] =
              (bias?[direction * 2 * rows + rows + row] ?? 0)
              + dot(state, 0, r, (direction * rows + row) * hidden, hidden)
          }
          let previous = state
          let peephole = peepholes.map {
            Array($0[direction * 3 * hidden..<(direction + 1) * 3 * hidden])
          }
          previous.withUnsafeBufferPointer { previous in
            own.withUnsafeMutableBufferPointer { own in
              recurrent.withUnsafeMutableBufferPointer { recurrent in
                state.withUnsafeMutableBufferPointer { state in
                  memory.withUnsafeMutableBufferPointer { memory in
                    guard let previous = previous.baseAddress, let own = own.baseAddress,
                      let recurrent = recurrent.baseAddress, let state = state.baseAddress,
                      let memory = memory.baseAddress
                    else { return }
                    func run(_ peephole: UnsafePointer<T>?) {
                      cell.step(
                        own, recurrent, previous: previous, state: state, cell: memory,
                        peephole: peephole, direction: direction
                      ) { source, target, gate in
                        for unit in 0..<hidden {
                          let row = gate * hidden + unit
                          var sum = bias?[direction * 2 * rows + rows + row] ?? 0
                          let start = (direction * rows + row) * hidden
                          for index in 0..<hidden { sum += source[index] * r[start + index] }
                          target[unit] = sum
                        }
                      }
                    }
                    if let peephole {
                      peephole.withUnsafeBufferPointer { run($0.baseAddress) }
                    } else {
                      run(nil)
                    }
                  }
                }
              }
            }
          }
          if let sequence {
            let start = shapes.outputOffset(step, direction, item)
            for unit in 0..<hidden { sequence[start + unit] = state[unit] }
          }
        }
        for unit in 0..<hidden {
          last?[offset + unit] = state[unit]
          lastCell?[offset + unit] = memory[unit]
        }
      }
    }
  }

  @inline(__always)
  private func dot<T: Real>(_ a: [T], _ aStart: Int, _ b: [T], _ bStart: Int, _ count: Int) -> T {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        if T.self == Float.self, let x = a.baseAddress, let y = b.baseAddress {
          return T(
            VectorMath.dot(
              UnsafeRawPointer(x + aStart).assumingMemoryBound(to: Float.self),
              UnsafeRawPointer(y + bStart).assumingMemoryBound(to: Float.self), count: count))
        }
        var sum: T = 0
        for index in 0..<count { sum += a[aStart + index] * b[bStart + index] }
        return sum
      }
    }
  }
}
