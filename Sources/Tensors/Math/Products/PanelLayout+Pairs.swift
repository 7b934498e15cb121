// Room: Tensors. Matrices on their way into panels of pairs, rounded to bfloat16.

internal import CVectorKernels

extension PanelLayout {
  /// Packs one panel of pairs as `pack` does; the numbers lie in the format of `origin`, a layout of
  /// the same matrix.
  func packPairs(
    _ index: Int, as origin: PanelLayout, source: UnsafeRawPointer, stride: Int, transposed: Bool,
    biases: UnsafeBufferPointer<Float>?, into target: UnsafeMutableRawPointer
  ) {
    guard let half = variant.halfProducts else { return }
    let (panel, plain) = (panels[index], origin.panels[index])
    let biasBytes = panel.width * MemoryLayout<Float>.stride
    let count = rows * panel.width
    Scratch.with(Float.self, count: panel.width + 2 * count) { memory in
      let packed = UnsafeMutableRawPointer(memory)
      origin.pack(
        index, source: source, stride: stride, transposed: transposed, biases: biases,
        into: packed - plain.offset)
      (target + panel.offset).copyMemory(from: packed, byteCount: biasBytes)
      let numbers: UnsafeMutablePointer<Float>
      switch origin.format {
      case .float32, .pairs: numbers = memory + panel.width
      case .float16, .bfloat16:
        numbers = memory + panel.width + count
        origin.widen(count, packed + biasBytes, into: numbers)
      }
      let words = (target + panel.weights).assumingMemoryBound(to: UInt32.self)
      for step in 0..<steps {
        let first = numbers + 2 * step * panel.width
        half.pointee.pair_rows(
          panel.width, first, 2 * step + 1 < rows ? first + panel.width : nil,
          words + step * panel.width)
      }
    }
  }

  /// Numbers in this layout's half precision as floats.
  func widen(
    _ count: Int, _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) {
    let kernels = variant.table.pointee
    let function = format == .float16 ? kernels.f16_to_f32 : kernels.bf16_to_f32
    function(count, source.assumingMemoryBound(to: UInt16.self), target)
  }
}
