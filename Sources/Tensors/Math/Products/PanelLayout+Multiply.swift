// Room: Tensors. A block of rows times panels of packed weights.

internal import CVectorKernels

extension PanelLayout {
  /// `act(X W + bias + residual)` for `count` rows of X and the panels of these numbers; `residual`
  /// may be the output where the sums are not split. With `depth`, only the first rows of W count.
  func multiply(
    panels chosen: Range<Int>, of memory: UnsafeRawPointer, rows depth: Int? = nil,
    input: UnsafePointer<Float>, count: Int, inputStride: Int,
    residual: UnsafePointer<Float>? = nil, residualStride: Int = 0,
    output: UnsafeMutablePointer<Float>, outputStride: Int,
    finish: squall_epilogue = squall_epilogue()
  ) {
    let steps = depth ?? self.steps
    let gemm = variant.halfProducts.flatMap { format == .pairs ? $0.pointee.gemm : nil }
    let multiply = gemm ?? variant.table.pointee.f32_gemm
    withLines(input, count, inputStride) { input, inputStride in
      withPiece { piece in
        for index in chosen {
          let panel = panels[index]
          var start = 0
          repeat {
            let length = min(Self.depth, steps - start)
            let isLast = start + length == steps
            var epilogue = isLast ? finish : squall_epilogue()
            epilogue.accumulate = start > 0
            // Weights are read in the order in which they lie, and from the beginning for the next
            // rows.
            let bytes = length * panel.width * format.byteWidth
            let end = panel.weights + (start + length) * panel.width * format.byteWidth
            let next = end < byteCount ? end : 0
            multiply(
              count, panel.vectors, panel.columns, length, input + start, inputStride,
              weights(panel, from: start, length, of: memory, piece), output + panel.firstColumn,
              outputStride, isLast ? residual.map { $0 + panel.firstColumn } : nil,
              residualStride, memory + next, min(bytes, byteCount - next), &epilogue)
            start += length
          } while start < steps
        }
      }
    }
  }

  /// The same for all panels.
  func multiply(
    _ memory: UnsafeRawPointer, rows depth: Int? = nil, input: UnsafePointer<Float>, count: Int,
    inputStride: Int,
    residual: UnsafePointer<Float>? = nil, residualStride: Int = 0,
    output: UnsafeMutablePointer<Float>, outputStride: Int,
    finish: squall_epilogue = squall_epilogue()
  ) {
    multiply(
      panels: panels.indices, of: memory, rows: depth, input: input, count: count,
      inputStride: inputStride,
      residual: residual, residualStride: residualStride, output: output,
      outputStride: outputStride, finish: finish)
  }

  /// Lends the rows of X as the kernel reads them: as they are, or as pairs.
  private func withLines(
    _ input: UnsafePointer<Float>, _ count: Int, _ stride: Int,
    _ body: (UnsafePointer<Float>, Int) -> Void
  ) {
    guard format == .pairs, let half = variant.halfProducts else { return body(input, stride) }
    // Rows a page apart would fall into the same places of the first cache.
    let words = steps % 256 == 0 ? steps + 16 : steps
    Scratch.with(UInt32.self, count: count * words) { lines in
      half.pointee.round_rows(count, rows, input, stride, lines, words)
      body(UnsafeRawPointer(lines).assumingMemoryBound(to: Float.self), words)
    }
  }

  /// Lends memory for the piece of a panel that a call of the kernel reads, where it is widened.
  private func withPiece(_ body: (UnsafeMutablePointer<Float>?) -> Void) {
    guard format == .float16 || format == .bfloat16, widest > 0 else { return body(nil) }
    Scratch.with(Float.self, count: (min(Self.depth, rows) + 1) * widest) { body($0) }
  }

  /// `length` rows of a panel's weights as floats, behind its biases where they are the first; the
  /// kernel starts from the output elsewhere.
  private func weights(
    _ panel: Panel, from start: Int, _ length: Int, of memory: UnsafeRawPointer,
    _ piece: UnsafeMutablePointer<Float>?
  ) -> UnsafePointer<Float> {
    let place = memory + panel.weights + start * panel.width * format.byteWidth
    let biasBytes = panel.width * MemoryLayout<Float>.stride
    guard let piece else { return (place - biasBytes).assumingMemoryBound(to: Float.self) }
    if start == 0 {
      UnsafeMutableRawPointer(piece).copyMemory(from: memory + panel.offset, byteCount: biasBytes)
    }
    widen(length * panel.width, place, into: piece + panel.width)
    return UnsafePointer(piece)
  }
}
