// Room: Networks. Products of two tensors by labels: which operands are rearranged before, which not.

internal import Tensors

/// A product of two dense float32 tensors by an equation's labels: as the memory lies where that is
/// fast, else with operands or result put into another order, whatever promises to take least time.
///
/// What is rearranged goes through the planner's scratch memory; a constant is rearranged once.
struct ArrangedProduct: Sendable {
  /// Elements put in another order: where they are read, and in which shape they are written.
  private struct Move: Sendable {
    let strides: [Int]
    let shape: Shape

    /// From dense memory labelled `source` into dense memory labelled `target`.
    init?(from source: [Int], to target: [Int], _ lengths: [Int: Int]) {
      let steps = Shape(source.map { lengths[$0] ?? 1 }).rowMajorStrides
      let step = Dictionary(zip(source, steps)) { first, _ in first }
      strides = target.map { step[$0] ?? 0 }
      guard let shape = try? Shape(checking: target.map { lengths[$0] ?? 1 }) else { return nil }
      self.shape = shape
    }

    func run(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
      Movement.gather(source, strides: strides, shape: shape, into: target, width: 4)
    }
  }

  private struct Operand: Sendable {
    let input: Int
    let labels: [Int]
    let move: Move?
  }

  private let left: Operand, right: Operand
  private let result: Move?
  private let product: StridedProduct
  /// What decided for this order.
  private let nanoseconds: Double

  /// The way that promises to be the fastest; nil where no order makes it a product of matrices.
  ///
  /// - Parameter isConstant: Which of the two operands are known beforehand.
  init?(_ notation: EinsteinNotation, isConstant: [Bool]) {
    guard notation.operands.count == 2, isConstant.count == 2 else { return nil }
    let (lengths, labels) = (notation.lengths, notation.operands)
    var best: ArrangedProduct?
    for (first, second) in [(0, 1), (1, 0)] {
      let (a, b) = (Set(labels[first]), Set(labels[second]))
      let batch = notation.output.filter { a.contains($0) && b.contains($0) }
      let rows = notation.output.filter { a.contains($0) && !b.contains($0) }
      let columns = notation.output.filter { b.contains($0) && !a.contains($0) }
      let sums = labels[first].filter { b.contains($0) && !batch.contains($0) }
      // What only one operand has must be in the result, and nothing may stand twice.
      guard labels[first].count == a.count, labels[second].count == b.count,
        a.union(b).subtracting(sums) == Set(notation.output)
      else { return nil }
      let results = [notation.output, batch + rows + columns]
      for x in [labels[first], batch + rows + sums, batch + sums + rows] {
        for y in [labels[second], batch + sums + columns, batch + columns + sums] {
          for z in results {
            guard
              let way = ArrangedProduct(
                notation, (first, x), (second, y), z, lengths, isConstant: isConstant),
              way.nanoseconds < best?.nanoseconds ?? .infinity
            else { continue }
            best = way
          }
        }
      }
    }
    guard let best else { return nil }
    self = best
  }

  /// One way; nil where it is none.
  private init?(
    _ notation: EinsteinNotation, _ x: (input: Int, labels: [Int]),
    _ y: (input: Int, labels: [Int]),
    _ z: [Int], _ lengths: [Int: Int], isConstant: [Bool]
  ) {
    guard
      let product = StridedProduct(left: x.labels, right: y.labels, result: z, lengths: lengths)
    else { return nil }
    self.product = product
    var nanoseconds = product.nanoseconds(isPacked: isConstant[y.input])
    func operand(_ side: (input: Int, labels: [Int])) -> Operand? {
      let own = notation.operands[side.input]
      guard own != side.labels else { return Operand(input: side.input, labels: own, move: nil) }
      guard let move = Move(from: own, to: side.labels, lengths) else { return nil }
      if !isConstant[side.input] { nanoseconds += Self.nanoseconds(move) }
      return Operand(input: side.input, labels: side.labels, move: move)
    }
    guard let left = operand(x), let right = operand(y) else { return nil }
    (self.left, self.right) = (left, right)
    if z != notation.output {
      guard let move = Move(from: z, to: notation.output, lengths) else { return nil }
      nanoseconds += Self.nanoseconds(move)
      result = move
    } else {
      result = nil
    }
    self.nanoseconds = nanoseconds
  }

  /// What a move takes: through memory twice, and in small pieces.
  private static func nanoseconds(_ move: Move) -> Double { 500 + Double(move.shape.count) }

  /// A kernel for the operands of `inputs`, of which those known beforehand are arranged now.
  func kernel(_ inputs: Operands, packed: PackedOnce<ArrangedConstant>) throws -> Kernel {
    func constant(_ operand: Operand, isRight: Bool) throws -> ArrangedConstant? {
      guard let weights = try inputs.required(operand.input).constant else { return nil }
      let sizes = try inputs.required(left.input).shape.dimensions
      return try packed.get(weights, variant: [operand.input, isRight ? 1 : 0] + sizes) {
        var values = weights
        if let move = operand.move {
          values = try Tensor(working: move.shape, .float32)
          let target = values.plannedDestination(of: Float.self)
          weights.withElements(of: Float.self) { source in
            guard let from = source.baseAddress, let to = target.baseAddress else { return }
            move.run(from, into: to)
          }
        }
        let matrices = isRight ? try product.packed(values) : nil
        // What is packed is not read again.
        return ArrangedConstant(
          values: operand.move == nil || matrices != nil ? nil : values, matrices: matrices)
      }
    }
    let (x, y) = (try constant(left, isRight: false), try constant(right, isRight: true))
    // Scratch memory: the left operand's, the right one's, the result's part.
    func words(_ operand: Operand, _ known: ArrangedConstant?) -> Int {
      known == nil ? operand.move?.shape.count ?? 0 : 0
    }
    let parts = [words(left, x), words(right, y), result?.shape.count ?? 0]
    let total = try Checked.product(parts.reduce(0) { try Checked.sum($0, $1) }, 4)
    return Kernel(scratchBytes: total) { arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let target = target.baseAddress else { return }
      guard try (0..<2).allSatisfy({ try arguments.input($0).count > 0 }) else {
        return target.update(repeating: 0, count: try arguments.output().count)
      }
      let scratch = arguments.scratch.bindMemory(to: Float.self)
      func arranged(
        _ operand: Operand, _ known: ArrangedConstant?, at place: Int,
        _ body: (UnsafePointer<Float>) throws -> Void
      ) throws {
        if let values = known?.values {
          return try values.withElements(of: Float.self) {
            if let base = $0.baseAddress { try body(base) }
          }
        }
        try arguments.withFloats([operand.input]) { bases in
          guard known == nil, let move = operand.move, let base = scratch.baseAddress else {
            return try body(bases[0])
          }
          move.run(bases[0], into: base + place)
          try body(base + place)
        }
      }
      try arranged(left, x, at: 0) { a in
        try arranged(right, y, at: parts[0]) { b in
          guard let result, let base = scratch.baseAddress else {
            return product.run(a, b, packed: y?.matrices, into: target)
          }
          let place = base + parts[0] + parts[1]
          product.run(a, b, packed: y?.matrices, into: place)
          result.run(place, into: target)
        }
      }
    }
  }
}

/// A constant operand in the order that its product wants.
struct ArrangedConstant: Sendable {
  /// Nil where it is read as it was, or not at all.
  let values: Tensor?
  /// By turn of the loops around the product.
  let matrices: [PackedMatrix]?
}
