// Room: Networks. Attention inside windows, from the rows that its queries, keys and values are made
// of to what is done to its results.

package import Tensors

/// Products that make queries, keys and values, attention inside windows, and steps over the rows of
/// its result, done for a few windows at a time: queries, keys, values and attention's result never
/// exist as a whole.
///
/// **Shapes**: the inputs are the fronts' sources, seen as rows, and what their steps, the scores'
/// steps and the last steps read, as they number them. **Edge cases**: as `FusedAttention`'s.
package struct FusedWindows: FusedOperator {
  /// What makes queries, keys, values, or several of them.
  package struct Front: Sendable {
    /// The number of its source among the inputs.
    package var source: Int
    package var steps: [FusedRows.Step]
    /// Floats in a row of the source, and in one that the steps make.
    package var width: Int, resultWidth: Int
  }

  package var fronts: [Front]
  /// The fronts that make queries, keys and values.
  package var makers: [Int]
  /// Its steps number the inputs of this operator.
  package var attention: FusedAttention
  package var tail: [FusedRows.Step]
  package var windows: WindowRows
  /// Floats in a row of attention's result.
  package var width: Int
  package var sources: [Shape]
  package var output: Shape

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requirePlanned(sources)
    for index in sources.indices { try inputs.requireType(index, .float32) }
    return [TensorFacts(.float32, output)]
  }

  /// A residual's rows are read by the window that writes them.
  package var inPlaceInputs: [Int] {
    tail.compactMap { step in
      if case .combine(_, let input, .rows, _) = step { input } else { nil }
    }
  }

  /// What other windows read may not be overwritten.
  package var exclusiveInputs: [Int] {
    var inputs = attention.steps.map(\.input)
    for (index, maker) in makers.enumerated() where !windows.keepsToItself[index] {
      inputs.append(fronts[maker].source)
    }
    for front in fronts where sources[front.source].count != output.count {
      inputs.append(front.source)
    }
    return inputs
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let plan = try WindowPlan(self, inputs)
    var read = Set(fronts.map(\.source) + attention.steps.map(\.input))
    for step in fronts.flatMap(\.steps) + tail { read.formUnion(step.operands) }
    let first = fronts[0].source
    return Kernel(name: "windows") { [read] arguments in
      let target = try arguments.output().plannedDestination(of: Float.self)
      guard let y = target.baseAddress, !target.isEmpty else { return }
      // What is not read while running may be no array of floats: a source stands in for it.
      let indices = arguments.inputs.indices.map { read.contains($0) ? $0 : first }
      try arguments.withFloats(indices) { pointers in plan.run(pointers, y) }
    }
  }
}

/// Everything that groups of windows need, prepared.
private struct WindowPlan: Sendable {
  private struct Maker: Sendable {
    var source: Int
    var width: Int
    /// Floats between the rows of its results.
    var stride: Int
    var pipeline: RowPipeline
    var origins: RowList
  }

  private let fronts: [Maker]
  private let makers: [Int]
  private let scores: AttentionScores
  private let tail: RowPipeline
  private let windows: WindowRows
  private let windowsPerGroup: Int
  private let width: Int
  private let outputWidth: Int

  /// Rows of a group, where windows are shorter: enough to pay for reading the weights.
  private static let wantedRows = 192

  init(_ operation: FusedWindows, _ inputs: Operands) throws {
    let windows = operation.windows
    let shared = max(1, windows.count / 16)
    let perGroup = min(shared, max(1, Self.wantedRows / windows.length))
    let rows = perGroup * windows.length
    fronts = try operation.fronts.enumerated().map { index, front in
      guard let place = operation.makers.firstIndex(of: index) else {
        throw OperatorFault.invalid("a product that nobody needs")
      }
      let pipeline = RowPipeline(
        try front.steps.map { try $0.prepared(inputs) }, count: rows, width: front.width)
      guard pipeline.resultWidth == front.resultWidth else {
        throw OperatorFault.invalid("its rows do not make up the operands of attention")
      }
      return Maker(
        source: front.source, width: front.width, stride: front.resultWidth, pipeline: pipeline,
        origins: windows.origins[place])
    }
    tail = RowPipeline(
      try operation.tail.map { try $0.prepared(inputs) }, count: rows, width: operation.width)
    scores = try AttentionScores(operation.attention)
    makers = operation.makers
    self.windows = windows
    windowsPerGroup = perGroup
    width = operation.width
    outputWidth = tail.resultWidth
    let wanted = windows.targets.indices.count { $0 >= 0 }
    guard outputWidth * wanted == operation.output.count else {
      throw OperatorFault.invalid("its rows do not make up the result")
    }
  }

  func run(_ inputs: [UnsafePointer<Float>], _ y: UnsafeMutablePointer<Float>) {
    let groups = (windows.count + windowsPerGroup - 1) / windowsPerGroup
    let each =
      fronts.reduce(tail.estimatedNanoseconds) { $0 + $1.pipeline.estimatedNanoseconds }
      + scores.product.nanosecondsPerQuery
      * Double(windowsPerGroup * windows.length * windows.headsPerWindow)
    ThreadPool.current.forEachTile(groups, nanoseconds: each * Double(groups)) { group in
      let first = group * windowsPerGroup
      run(first..<min(first + windowsPerGroup, windows.count), inputs, y)
    }
  }

  private func run(
    _ group: Range<Int>, _ inputs: [UnsafePointer<Float>], _ y: UnsafeMutablePointer<Float>
  ) {
    let rows = group.count * windows.length
    let first = group.lowerBound * windows.length
    let operands = scores.operands.map { inputs[$0] }
    let total = fronts.reduce(width) { $0 + $1.stride } * rows
    Scratch.with(Float.self, count: total) { memory in
      var places: [UnsafeMutablePointer<Float>] = []
      var place = memory
      for front in fronts {
        make(front, first, rows, inputs, place)
        places.append(place)
        place += rows * front.stride
      }
      let bases = makers.map { UnsafePointer(places[$0]) }
      let strides = makers.map { fronts[$0].stride }
      for window in group {
        let row = (window - group.lowerBound) * windows.length
        let start = window * windows.headsPerWindow
        for head in windows.heads[start..<start + windows.headsPerWindow] {
          scores.run(
            head.item, 0..<windows.length,
            query: MatrixOperand(bases[0] + row * strides[0] + head.query, stride: strides[0]),
            key: MatrixOperand(
              bases[1] + row * strides[1] + head.key, stride: strides[1], transposed: true),
            value: MatrixOperand(bases[2] + row * strides[2] + head.value, stride: strides[2]),
            operands, output: place + row * width + head.result, stride: width)
        }
      }
      finish(UnsafePointer(place), first, rows, inputs, y)
    }
  }

  /// The queries, keys or values of a group's rows.
  private func make(
    _ front: Maker, _ first: Int, _ rows: Int, _ inputs: [UnsafePointer<Float>],
    _ place: UnsafeMutablePointer<Float>
  ) {
    front.origins.indices.withUnsafeBufferPointer { list in
      guard let list = list.baseAddress.map({ $0 + first }) else { return }
      let source = inputs[front.source]
      let follows = Self.follows(list, rows)
      front.pipeline.run(
        RowPipeline.Group(
          count: rows, source: follows ? source + Int(list[0]) * front.width : source,
          list: follows ? nil : list, output: place),
        operands: inputs)
    }
  }

  /// The last steps, on those of a group's rows that are wanted.
  private func finish(
    _ source: UnsafePointer<Float>, _ first: Int, _ rows: Int, _ inputs: [UnsafePointer<Float>],
    _ y: UnsafeMutablePointer<Float>
  ) {
    windows.targets.indices.withUnsafeBufferPointer { list in
      guard let targets = list.baseAddress.map({ $0 + first }) else { return }
      if Self.follows(targets, rows) {
        let start = Int(targets[0])
        return tail.run(
          RowPipeline.Group(
            count: rows, source: source, list: nil, first: start,
            output: y + start * outputWidth),
          operands: inputs)
      }
      Scratch.with(Int32.self, count: 2 * rows) { memory in
        let (own, wanted) = (memory, memory + rows)
        var count = 0
        for row in 0..<rows where targets[row] >= 0 {
          (own[count], wanted[count]) = (Int32(row), targets[row])
          count += 1
        }
        tail.run(
          RowPipeline.Group(
            count: count, source: source, list: count == rows ? nil : UnsafePointer(own),
            targets: UnsafePointer(wanted), output: y),
          operands: inputs)
      }
    }
  }

  /// Whether rows follow each other.
  private static func follows(_ list: UnsafePointer<Int32>, _ count: Int) -> Bool {
    guard list[0] >= 0 else { return false }
    return (1..<count).allSatisfy { list[$0] == list[0] + Int32($0) }
  }
}
