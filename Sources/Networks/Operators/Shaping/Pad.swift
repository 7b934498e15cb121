// Room: Networks. The operator Pad.

internal import Tensors

/// More elements before and after along each axis: a constant, or the input mirrored, repeated or
/// wrapped around. Negative pads cut off.
///
/// **Source**: ONNX Pad, opsets 2 (attributes), 11 (inputs), 18 (axes), 19 (wrap).
package struct PadOperator: Operator {
  private enum Mode: Sendable { case constant, reflect, edge, wrap }

  private let mode: Mode
  private let attributes: (pads: [Int], value: Float)?

  package init(_ node: NodeDescription) throws {
    switch try node.string("mode", default: "constant") {
    case "constant": mode = .constant
    case "reflect": mode = .reflect
    case "edge": mode = .edge
    case "wrap": mode = .wrap
    case let other: throw OperatorFault.unsupported("mode '\(other)'")
    }
    if node.opset < 11 {
      guard let pads = try node.ints(node.opset < 2 ? "paddings" : "pads") else {
        throw OperatorFault.invalid("attribute 'pads' is missing")
      }
      attributes = (pads, try node.float("value", default: 0))
    } else {
      attributes = nil
    }
  }

  package var widening: Widening { .adapts }
  package var valueInputs: [Int] { [1, 3] }

  /// The pads before and after each axis.
  private func pads(_ inputs: Operands) throws -> [(before: Int, after: Int)] {
    let rank = try inputs.required(0).shape.rank
    guard let given = try attributes?.pads ?? inputs.integers(1) else {
      throw OperatorFault.invalid("input 1, the pads, is missing")
    }
    let axes =
      try attributes == nil
      ? inputs.integers(3).map { try $0.map { try Checked.axis($0, rank: rank) } } : nil
    let places = axes ?? Array(0..<rank)
    guard given.count == 2 * places.count, Set(places).count == places.count else {
      throw OperatorFault.invalid("\(given.count) pads do not fit \(places.count) axes")
    }
    var result = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
    guard given.allSatisfy({ -1 << 40...1 << 40 ~= $0 }) else {
      throw OperatorFault.invalid("pads \(given) are absurd")
    }
    for (index, axis) in places.enumerated() {
      result[axis] = (given[index], given[index + places.count])
    }
    return result
  }

  /// The pads before and after each axis, where what they add is zeros.
  func zeros(_ inputs: Operands) -> [(before: Int, after: Int)]? {
    guard mode == .constant, attributes.map({ $0.value == 0 }) ?? true else { return nil }
    if let value = inputs[2] {
      guard let number = try? value.constant?.numericElements().first, number == 0 else {
        return nil
      }
    }
    return try? pads(inputs)
  }

  /// For each axis, the input element of each output element, -1 where there is a zero; nil where what
  /// the pads add is something else, or more than a table holds.
  func selection(_ inputs: Operands) -> [[Int]]? {
    guard let shape = inputs[0]?.shape, let result = (try? infer(inputs))?[0]?.shape,
      result.dimensions.allSatisfy({ $0 <= MappedGather.longestTable }),
      let pads = mode == .constant ? zeros(inputs) : try? pads(inputs)
    else { return nil }
    return maps(shape, pads, result)
  }

  /// Along each axis, the input element of each output element, -1 where there is none.
  private func maps(
    _ shape: Shape, _ pads: [(before: Int, after: Int)], _ result: Shape
  ) -> [[Int]] {
    zip(shape.dimensions, zip(pads, result.dimensions)).map { length, padded in
      (0..<padded.1).map { source($0 - padded.0.before, length) }
    }
  }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0)
    if let value = inputs[2], value.elementType != input.elementType || value.shape.count != 1 {
      throw OperatorFault.invalid("input 2 is no \(input.elementType.rawValue) scalar")
    }
    let lengths = try zip(input.shape.dimensions, pads(inputs)).map { length, pad in
      let result = try Checked.sum(Checked.sum(length, pad.before), pad.after)
      guard result >= 0, length > 0 || result == 0 || mode == .constant else {
        throw OperatorFault.invalid(
          "pads \(pad.before) and \(pad.after) do not fit a length of \(length)")
      }
      return result
    }
    return [try TensorFacts(input.elementType, checking: lengths)]
  }

  package func viewedInput(_ inputs: Operands) -> Int? {
    guard let pads = try? pads(inputs), pads.allSatisfy({ $0 == (0, 0) }) else { return nil }
    return 0
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let input = try inputs.required(0)
    let pads = try pads(inputs)
    let result = try infer(inputs)[0]?.shape ?? input.shape
    let width = input.elementType.byteWidth
    guard result.count > 0 else { return Kernel { _ in } }
    try WorkMemory.require(result.dimensions.reduce(0, +) * 4, of: Int.self)
    let value = attributes?.value
    let gather = MappedGather(input.shape, maps(input.shape, pads, result))
    return Kernel { arguments in
      let output = try arguments.output()
      guard output.count > 0, let to = output.plannedBytes.baseAddress else { return }
      let constant: Tensor
      if let given = arguments.optionalInput(2) {
        constant = given
      } else if let value {
        constant = try ElementConversion.convert(Tensor(value), to: output.elementType)
      } else {
        constant = Tensor(zeros: .scalar, output.elementType)
      }
      try constant.withBytes { element in
        guard let element = element.baseAddress else { return }
        try arguments.input(0).withBytes { bytes in
          gather.run(bytes.baseAddress, to, missing: element, width: width)
        }
      }
    }
  }

  /// The input element that stands at `position`, counted from the input's start.
  private func source(_ position: Int, _ length: Int) -> Int {
    if position >= 0, position < length { return position }
    switch mode {
    case .constant: return -1
    case .edge: return min(max(position, 0), length - 1)
    case .wrap:
      let rest = position % length
      return rest < 0 ? rest + length : rest
    case .reflect:
      guard length > 1 else { return 0 }
      let period = 2 * (length - 1)
      var rest = position % period
      if rest < 0 { rest += period }
      return rest < length ? rest : period - rest
    }
  }
}

/// Gathers by a table of indices for each axis.
struct MappedGather: Sendable {
  private struct Run: Sendable {
    var target: Int
    /// -1 for a run of missing elements.
    var source: Int
    var count: Int
  }

  private let lengths: [Int]
  /// In elements, -1 for missing ones.
  private let offsets: [[Int]]
  /// In units.
  private let runs: [Run]
  /// The last axes that are copied whole are one unit of so many elements.
  private let unit: Int
  /// Files may claim lengths that no table holds.
  static var longestTable: Int { 1 << 24 }
  /// Where rows are fewer, threads share their runs.
  private static var manyRows: Int { 64 }
  /// The elements of a run that is worth sharing.
  private static var longestRun: Int { 1 << 18 }

  init(_ shape: Shape, _ maps: [[Int]]) {
    var maps = maps
    var unit = 1
    while maps.count > 1, let last = maps.last, last.count == shape[maps.count - 1],
      last.enumerated().allSatisfy({ $0 == $1 })
    {
      unit *= last.count
      maps.removeLast()
    }
    self.unit = unit
    lengths = maps.dropLast().map(\.count)
    offsets = zip(maps, shape.rowMajorStrides).dropLast().map { map, stride in
      map.map { $0 < 0 ? -1 : $0 * stride }
    }
    var runs: [Run] = []
    let most = max(1, Self.longestRun / max(unit, 1))
    for (target, source) in (maps.last ?? [0]).enumerated() {
      if let last = runs.last, last.count < most,
        source < 0 ? last.source < 0 : last.source >= 0 && source == last.source + last.count
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(target: target, source: source, count: 1))
      }
    }
    self.runs = runs
  }

  func run(
    _ source: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer, missing: UnsafeRawPointer,
    width: Int
  ) {
    let rows = lengths.reduce(1, *)
    let pieces = rows < Self.manyRows ? runs.count : 1
    let rowLength = runs.reduce(0) { $0 + $1.count } * unit
    let nanoseconds = 20 + Double(rowLength * width) * 0.1 / Double(max(pieces, 1))
    runs.withUnsafeBufferPointer { runs in
      Parallel.items(rows * pieces, nanoseconds: nanoseconds) { item in
        let row = item / pieces
        let line = target + row * rowLength * width
        let start = offset(ofRow: row)
        for index in pieces == 1 ? runs.indices : item % pieces..<item % pieces + 1 {
          let run = runs[index]
          let (to, count) = (line + run.target * unit * width, run.count * unit)
          if let start, let source, run.source >= 0 {
            to.copyMemory(
              from: source + (start + run.source * unit) * width, byteCount: count * width)
          } else {
            Movement.repeated(missing, to, count: count, width: width)
          }
        }
      }
    }
  }

  /// Where a row's elements begin in the input, in elements; nil where there are none.
  private func offset(ofRow row: Int) -> Int? {
    var (rest, offset) = (row, 0)
    var axis = lengths.count - 1
    while axis >= 0 {
      let (next, index) = rest.quotientAndRemainder(dividingBy: lengths[axis])
      let own = offsets[axis][index]
      if own < 0 { return nil }
      offset += own
      rest = next
      axis -= 1
    }
    return offset
  }
}

extension Movement {
  /// Writes one element `count` times on the calling thread.
  static func repeated(
    _ element: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int, width: Int
  ) {
    func run<Bits: BitwiseCopyable>(_: Bits.Type) {
      target.assumingMemoryBound(to: Bits.self).update(
        repeating: element.loadUnaligned(as: Bits.self), count: count)
    }
    switch width {
    case 1: run(UInt8.self)
    case 2: run(UInt16.self)
    case 4: run(UInt32.self)
    default: run(UInt64.self)
    }
  }
}
