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
  /// The packed weights, and who keeps them alive.
  private let memory: Memory

  // Unchecked: nobody writes to packed weights.
  private struct Memory: @unchecked Sendable {
    let base: UnsafeRawPointer
    let owner: AnyObject

    init<Element>(_ array: AlignedArray<Element>) {
      (base, owner) = (UnsafeRawPointer(array.base), array)
    }
  }

  /// Smaller matrices are kept as floats: they stay in a cache, and widening them would be all there
  /// is to gain.
  private static let leastHalves = 1 << 15

  /// Packs `weights`, float32 `[rows, columns]` or, with `transposed`, `[columns, rows]`; and a
  /// `bias` of `columns` values (or of one for all). Weights that were widened from half precision
  /// are kept in it; where the current kernels round products, so are all but small matrices.
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
    let isLarge = weights.count >= Self.leastHalves
    let halves = isLarge ? weights.widenedHalves : nil
    let origin = PanelLayout(
      rows: rows, columns: columns,
      format: halves.map { $0.elementType == .float16 ? .float16 : .bfloat16 } ?? .float32)
    let matrix = Matrix(
      weights: halves ?? weights, bias: bias, origin: origin, columns: columns,
      transposed: transposed)
    if isLarge, KernelVariant.current.halfProducts != nil {
      layout = PanelLayout(rows: rows, columns: columns, format: .pairs)
      memory = Memory(matrix.packed(UInt32.self, layout, as: "matrix of pairs"))
    } else {
      layout = origin
      memory =
        halves == nil
        ? Memory(matrix.packed(Float.self, layout, as: "matrix"))
        : Memory(matrix.packed(UInt16.self, layout, as: "matrix of halves"))
    }
  }

  /// What is packed.
  private struct Matrix {
    var weights: Tensor, bias: Tensor?
    /// How the weights would be packed as they are.
    var origin: PanelLayout
    var columns: Int
    var transposed: Bool

    func packed<Element: WeightElement>(
      _: Element.Type, _ layout: PanelLayout, as name: String
    ) -> AlignedArray<Element> {
      .stored(
        as: name, settings: [layout.rows, columns, transposed ? 1 : 0], of: [weights, bias],
        count: layout.byteCount / MemoryLayout<Element>.stride, isFilled: true
      ) { base in
        let biases = bias?.elements(as: Float.self) ?? []
        let stride = transposed ? layout.rows : columns
        biases.withUnsafeBufferPointer { biases in
          weights.withWeightBytes { source in
            ThreadPool.current.forEachTile(
              layout.panels.count, nanoseconds: Double(layout.byteCount) / 4
            ) { index in
              let target = UnsafeMutableRawPointer(base)
              if layout.format == .pairs {
                layout.packPairs(
                  index, as: origin, source: source, stride: stride, transposed: transposed,
                  biases: biases, into: target)
              } else {
                layout.pack(
                  index, source: source, stride: stride, transposed: transposed, biases: biases,
                  into: target)
              }
            }
          }
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
    let block = PanelLayout.rowsPerBlock(count, width: rows)
    let blocks = (count + block - 1) / block
    let split = min(panels.count, max(1, (16 + blocks - 1) / blocks))
    let panelsPerTile = (panels.count + split - 1) / split
    let panelBlocks = (panels.count + panelsPerTile - 1) / panelsPerTile
    // Few rows: reading the weights is the work.
    let nanoseconds = nanoseconds(rows: count) * (count < 4 ? 3 : 1)
    ThreadPool.current.forEachTile(blocks * panelBlocks, nanoseconds: nanoseconds) { tile in
      let start = tile / panelBlocks * block
      let chosen = tile % panelBlocks * panelsPerTile
      layout.multiply(
        panels: chosen..<max(chosen, min(chosen + panelsPerTile, panels.count)), of: memory.base,
        input: input + start * inputStride, count: min(block, count - start),
        inputStride: inputStride, residual: residual.map { $0 + start * outputStride },
        residualStride: outputStride, output: output + start * outputStride,
        outputStride: outputStride, finish: activation.epilogue)
    }
  }

  /// About how long `rows` rows of X take one thread.
  package func nanoseconds(rows count: Int) -> Double {
    layout.variant.nanoseconds(multiplyAdds: Double(count) * Double(rows) * Double(columns))
  }

  /// Whether sums are added up in the output, which must then be no other operand's memory.
  package var splitsSums: Bool { layout.steps > PanelLayout.depth }

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
