// Room: Tensors. The C kernels as Swift sees them: one variant of them, chosen once.

package import CVectorKernels

/// One instruction set's kernels.
///
/// `SQUALL_SIMD=baseline|avx2|avx512` in the environment forces a plainer set than the processor's
/// best. Objects that pack weights keep the variant they packed for.
package struct KernelVariant: @unchecked Sendable, Hashable {
  /// The kernels; C's constant table, alive as long as the process.
  package let table: UnsafePointer<squall_kernels>

  /// How products with constant matrices round their operands to bfloat16, which doubles their speed;
  /// nil where they do not.
  package let halfProducts: UnsafePointer<squall_bf16_products>?

  package init(
    table: UnsafePointer<squall_kernels>,
    halfProducts: UnsafePointer<squall_bf16_products>? = nil
  ) {
    (self.table, self.halfProducts) = (table, halfProducts)
  }

  /// The same kernels with rounded products, where the processor has an instruction for them.
  package var roundingProducts: KernelVariant {
    KernelVariant(table: table, halfProducts: lanes == 16 ? squall_bf16_products_known() : nil)
  }

  /// The variant this thread uses: the chosen one, unless inside `asCurrent`.
  package static var current: KernelVariant { ThreadState.current.variant ?? chosen }

  /// The process's variant.
  package static let chosen = KernelVariant(table: squall_kernels_chosen())

  /// Every variant this processor can run, the plainest first.
  package static var all: [KernelVariant] {
    (0..<squall_kernels_count()).map { KernelVariant(table: squall_kernels_at($0)) }
  }

  /// Its name: baseline, avx2, avx512 or neon, and whether it rounds products.
  package var name: String {
    String(cString: table.pointee.name) + (halfProducts == nil ? "" : "-bf16")
  }
  package var lanes: Int { Int(table.pointee.lanes) }
  package var panelRows: Int { Int(table.pointee.mr) }
  package var tileVectors: Int { Int(table.pointee.max_vectors) }

  /// `target[c targetStride + r] = source[r stride + c]` for r < `rows` and c < `columns`, of elements
  /// of four bytes.
  func transpose<Element>(
    rows: Int, columns: Int, _ source: UnsafePointer<Element>, stride: Int,
    to target: UnsafeMutablePointer<Element>, stride targetStride: Int
  ) {
    assert(MemoryLayout<Element>.stride == 4)
    table.pointee.b32_transpose(
      rows, columns, UnsafeRawPointer(source).assumingMemoryBound(to: UInt32.self), stride,
      UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt32.self), targetStride)
  }

  /// Runs `body` with this variant in the chosen one's place: for tests and benchmarks. Parallel
  /// regions inside take the variant along.
  package func asCurrent<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let state = ThreadState.current
    let previous = state.variant
    state.variant = self
    defer { state.variant = previous }
    return try body()
  }
}
