// Room: Tensors. Products with a constant right-hand matrix, packed once.

internal import CVectorKernels

/// A constant matrix W of `rows` by `columns`, packed for `act(X W + bias + residual)`.
///
/// **Shapes**: X is `[…, rows]`, the result `[…, columns]`.
/// **Source**: ONNX `MatMul` and `Gemm` with constant weights, and what exporters add to them.
public final class PackedMatrix: Sendable {
  /// The length of each sum, and the number of results for each row of X.
  public let rows: Int, columns: Int
  /// What is done to each result.
  public let activation: Activation

  private let layout: PanelLayout
  private let memory: AlignedArray<Float>

  /// Packs `weights`, float32 `[rows, columns]` or, with `transposed`, `[columns, rows]`; and a
  /// `bias` of `columns` values (or of one for all).
  ///
  /// **Throws** `elementTypeMismatch` or `shapeMismatch` when these do not belong together.
  public init(
    _ weights: Tensor, transposed: Bool = false, bias: Tensor? = nil,
    activation: Activation = .none
  ) throws(TensorError) {
    guard weights.elementType == .float32, bias.map({ $0.elementType == .float32 }) ?? true else {
      throw TensorError(
        .elementTypeMismatch, "matrix weights and bias must be float32; convert them first")
    }
    guard weights.shape.rank == 2 else {
      throw TensorError(
        .shapeMismatch, "matrix weights \(weights.shape): they must have 2 dimensions")
    }
    let (rows, columns) = (weights.shape[transposed ? 1 : 0], weights.shape[transposed ? 0 : 1])
    guard bias.map({ $0.count == columns || $0.count == 1 }) ?? true else {
      throw TensorError(
        .shapeMismatch,
        "matrix bias \(bias?.shape ?? .scalar) for \(columns) columns: it must have one value each")
    }
    (self.rows, self.columns, self.activation) = (rows, columns, activation)
    let layout = PanelLayout(rows: rows, columns: columns)
    self.layout = layout
    let (rowStep, columnStep) = transposed ? (1, rows) : (columns, 1)
    memory = .stored(
      as: "matrix", settings: [rows, columns, transposed ? 1 : 0], of: [weights, bias],
      count: layout.count
    ) { base in
      let biases = bias?.elements(as: Float.self)
      weights.withWeights(of: Float.self) { source in
        guard let source = source.baseAddress else { return }
        ThreadPool.current.forEachTile(
          layout.panels.count, nanoseconds: Double(layout.count)
        ) { index in
          let panel = layout.panels[index]
          let width = panel.width
          let target = base + panel.offset
          for x in 0..<panel.columns {
            guard let biases else { break }
            target[x] = biases[biases.count == 1 ? 0 : panel.firstColumn + x]
          }
          Self.fill(
            target + width, width, columns: panel.columns, rows: rows,
            source + panel.firstColumn * columnStep, rowStep, columnStep)
        }
      }
    }
  }

  /// Copies a panel's weights into rows `width` apart.
  private static func fill(
    _ target: UnsafeMutablePointer<Float>, _ width: Int, columns: Int, rows: Int,
    _ source: UnsafePointer<Float>, _ rowStep: Int, _ columnStep: Int
  ) {
    if columnStep == 1 {
      for k in 0..<rows {
        (target + k * width).update(from: source + k * rowStep, count: columns)
      }
      return
    }
    // Sixteen rows at a time: a line of the source is read whole before it leaves the cache.
    for start in stride(from: 0, to: rows, by: 16) {
      for x in 0..<columns {
        for k in start..<min(start + 16, rows) {
          target[k &* width &+ x] = source[k &* rowStep &+ x &* columnStep]
        }
      }
    }
  }

  /// Multiplies `count` rows of `input`, `inputStride` floats apart, into rows of `output`,
  /// `outputStride` apart; `residual` lies like the output and may be the same memory unless
  /// `splitsSums`.
  package func run(
    input: UnsafePointer<Float>, count: Int, inputStride: Int? = nil,
    residual: UnsafePointer<Float>? = nil, output: UnsafeMutablePointer<Float>,
    outputStride: Int? = nil
  ) {
    let panels = layout.panels
    guard count > 0, !panels.isEmpty else { return }
    let inputStride = inputStride ?? rows
    let outputStride = outputStride ?? columns
    let block = PanelLayout.rowsPerBlock(count, width: 2 * rows, most: 192)
    let blocks = (count + block - 1) / block
    let split = min(panels.count, max(1, (16 + blocks - 1) / blocks))
    let panelsPerTile = (panels.count + split - 1) / split
    let panelBlocks = (panels.count + panelsPerTile - 1) / panelsPerTile
    // Few rows: reading the weights is the work.
    let nanoseconds = nanoseconds(rows: count) * (count < 4 ? 3 : 1)
    ThreadPool.current.forEachTile(blocks * panelBlocks, nanoseconds: nanoseconds) { tile in
      let start = tile / panelBlocks * block
      let chosen = tile % panelBlocks * panelsPerTile
      for index in chosen..<min(chosen + panelsPerTile, panels.count) {
        layout.multiply(
          panels[index], of: memory.base, input: input + start * inputStride,
          count: min(block, count - start), inputStride: inputStride,
          residual: residual.map { $0 + start * outputStride }, residualStride: outputStride,
          output: output + start * outputStride, outputStride: outputStride,
          finish: activation.epilogue)
      }
    }
  }

  /// About how long `rows` rows of X take one thread.
  package func nanoseconds(rows count: Int) -> Double {
    layout.variant.nanoseconds(multiplyAdds: Double(count) * Double(rows) * Double(columns))
  }

  /// Whether sums are added up in the output, which must then be no other operand's memory.
  package var splitsSums: Bool { rows > PanelLayout.depth }

  /// Multiplies a few rows on the caller's thread. `residual` may be the output's own memory unless
  /// `splitsSums`.
  package func runBlock(
    input: UnsafePointer<Float>, count: Int, inputStride: Int,
    residual: UnsafePointer<Float>? = nil, residualStride: Int = 0,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    layout.multiply(
      memory.base, input: input, count: count, inputStride: inputStride, residual: residual,
      residualStride: residualStride, output: output, outputStride: outputStride,
      finish: activation.epilogue)
  }

  /// `act(X W + bias + residual)` for float32 X of `[…, rows]`; `residual` has the result's shape.
  ///
  /// **Throws** `elementTypeMismatch` or `shapeMismatch` for tensors that do not belong here.
  public func callAsFunction(
    _ input: Tensor, residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    guard input.elementType == .float32, residual.map({ $0.elementType == .float32 }) ?? true
    else {
      throw TensorError(
        .elementTypeMismatch,
        "matrix product of \(input.elementType.rawValue): it takes float32; convert it first")
    }
    guard input.shape.rank >= 1, input.shape[input.shape.rank - 1] == rows else {
      throw TensorError(
        .shapeMismatch, "matrix product of \(input.shape) with a matrix of \(rows) rows")
    }
    let shape = try Shape(checking: Array(input.shape.dimensions.dropLast()) + [columns])
    guard residual.map({ $0.shape == shape }) ?? true else {
      throw TensorError(
        .shapeMismatch, "residual \(residual?.shape ?? .scalar) beside a product's result \(shape)")
    }
    let output = Tensor(uninitialized: shape, .float32)
    guard let target = output.plannedDestination(of: Float.self).baseAddress, shape.count > 0
    else { return output }
    let count = shape.count / columns
    input.withElements(of: Float.self) { source in
      guard let source = source.baseAddress else { return }
      if let residual {
        residual.withElements(of: Float.self) {
          run(input: source, count: count, residual: $0.baseAddress, output: target)
        }
      } else {
        run(input: source, count: count, output: target)
      }
    }
    return output
  }
}
