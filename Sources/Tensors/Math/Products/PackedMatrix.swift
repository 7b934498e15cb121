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

  private let variant: KernelVariant
  private let panels: [Panel]
  private let memory: AlignedArray<Float>

  private struct Panel: Sendable {
    var firstColumn: Int, columns: Int, vectors: Int, offset: Int
  }

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
    let variant = KernelVariant.current
    self.variant = variant
    var panels: [Panel] = []
    var offset = 0
    var column = 0
    let vectors = (columns + variant.lanes - 1) / variant.lanes
    let count = (vectors + variant.tileVectors - 1) / variant.tileVectors
    for index in 0..<count {
      // Evenly: four vectors are two panels of two, not one of three and one of one.
      let wide = vectors * (index + 1) / count - vectors * index / count
      let width = min(wide * variant.lanes, columns - column)
      panels.append(Panel(firstColumn: column, columns: width, vectors: wide, offset: offset))
      offset += wide * variant.lanes * (rows + 1)
      column += width
    }
    self.panels = panels
    let (rowStep, columnStep) = transposed ? (1, rows) : (columns, 1)
    let lanes = variant.lanes
    memory = .stored(
      as: "matrix", settings: [rows, columns, transposed ? 1 : 0], of: [weights, bias],
      count: offset
    ) { base in
      let biases = bias?.elements(as: Float.self)
      weights.withWeights(of: Float.self) { source in
        guard let source = source.baseAddress else { return }
        ThreadPool.current.forEachTile(panels.count, nanoseconds: Double(offset)) { index in
          let panel = panels[index]
          let width = panel.vectors * lanes
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
  /// `outputStride` apart; `residual` lies like the output and may be the same memory.
  package func run(
    input: UnsafePointer<Float>, count: Int, inputStride: Int? = nil,
    residual: UnsafePointer<Float>? = nil, output: UnsafeMutablePointer<Float>,
    outputStride: Int? = nil
  ) {
    guard count > 0, !panels.isEmpty else { return }
    let inputStride = inputStride ?? rows
    let outputStride = outputStride ?? columns
    // A block of rows fits the second cache while all panels go over it.
    let block = min(192, max(24, (48 << 10) / max(rows, 1) / 24 * 24))
    let blocks = (count + block - 1) / block
    let split = min(panels.count, max(1, (16 + blocks - 1) / blocks))
    let panelsPerTile = (panels.count + split - 1) / split
    let panelBlocks = (panels.count + panelsPerTile - 1) / panelsPerTile
    let work = Double(count) * Double(rows) * Double(columns)
    // Few rows: reading the weights is the work.
    let nanoseconds = variant.nanoseconds(multiplyAdds: work) * (count < 4 ? 3 : 1)
    ThreadPool.current.forEachTile(blocks * panelBlocks, nanoseconds: nanoseconds) { tile in
      let start = tile / panelBlocks * block
      let chosen = tile % panelBlocks * panelsPerTile
      for index in chosen..<min(chosen + panelsPerTile, panels.count) {
        multiply(
          panels[index], input: input + start * inputStride, count: min(block, count - start),
          inputStride, residual.map { $0 + start * outputStride },
          output + start * outputStride, outputStride)
      }
    }
  }

  /// Sums longer than this are split, so that a panel's weights stay in the second cache.
  private static let depth = 1536

  private func multiply(
    _ panel: Panel, input: UnsafePointer<Float>, count: Int, _ inputStride: Int,
    _ residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    let base = memory.base + panel.offset
    let target = output + panel.firstColumn
    let width = panel.vectors * variant.lanes
    let finish = activation.epilogue
    var start = 0
    repeat {
      let length = min(Self.depth, rows - start)
      let isLast = start + length == rows
      var epilogue = isLast ? finish : squall_epilogue()
      epilogue.accumulate = start > 0
      // Where a later part begins, the row of weights before it stands in the bias's place; the
      // kernel starts from the output instead.
      variant.table.pointee.f32_gemm(
        count, panel.vectors, panel.columns, length, input + start, inputStride,
        base + start * width, target, outputStride,
        isLast ? residual.map { $0 + panel.firstColumn } : nil, outputStride, &epilogue)
      start += length
    } while start < rows
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
