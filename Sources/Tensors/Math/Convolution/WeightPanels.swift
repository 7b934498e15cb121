// Room: Tensors. A convolution's weights in panels of floats, or of halves that are widened in use.

internal import CVectorKernels

/// Panels of weights and the values that sums start from, as the indirect product reads them.
///
/// Weights that were widened from half precision are kept in it, which takes half of the memory, and
/// widened again a piece at a time; that changes no value.
final class WeightPanels: Sendable {
  typealias Panel = PanelCut.Panel

  let panels: [Panel]
  private let variant: KernelVariant
  private let rows: Int
  private let storage: Storage

  private enum Storage: Sendable {
    case floats(PackedPanels<Float>)
    /// Halves, in panels whose starting values are missing.
    case halves(PackedPanels<UInt16>, starts: [Float], PanelLayout.Format)
  }

  /// Smaller matrices are kept as floats: they stay in a cache.
  private static let leastHalves = 1 << 15

  /// Packs `rows` rows of `depth` weights a group. `place` tells which of the elements of `weights` is
  /// number k of a row, and `start` which of the biases a row starts from; rows are counted through
  /// all groups. Both must depend on nothing but these lengths and `settings`.
  init(
    _ weights: Tensor, bias: Tensor?, groups: Int, rows: Int, depth: Int, variant: KernelVariant,
    settings: [Int] = [], start: @escaping (_ row: Int) -> Int = { $0 },
    place: @escaping (_ row: Int, _ k: Int) -> Int
  ) {
    (self.variant, self.rows) = (variant, rows)
    let biases = bias?.elements(as: Float.self)
    if let halves = weights.widenedHalves, rows * depth >= Self.leastHalves {
      let packed = PackedPanels<UInt16>(
        groups: groups, rows: rows, depth: depth, panelRows: variant.panelRows, of: [halves],
        settings: settings
      ) { fill in
        halves.withWeightBytes { bytes in
          fill({ _ in 0 }) {
            bytes.loadUnaligned(fromByteOffset: 2 * place($0, $1), as: UInt16.self)
          }
        }
      }
      panels = packed.panels
      storage = .halves(
        packed, starts: (0..<groups * rows).map { biases?[start($0)] ?? 0 },
        halves.elementType == .float16 ? .float16 : .bfloat16)
      return
    }
    let packed = PackedPanels<Float>(
      groups: groups, rows: rows, depth: depth, panelRows: variant.panelRows, of: [weights, bias],
      settings: settings
    ) { fill in
      weights.withWeights(of: Float.self) { weights in
        fill({ biases?[start($0)] ?? 0 }, { weights[place($0, $1)] })
      }
    }
    panels = packed.panels
    storage = .floats(packed)
  }

  /// Lends memory for pieces of up to `depth` weights for each row of a panel, where they have to be
  /// widened.
  @inline(__always)
  func withPiece<Result>(
    depth: Int, _ body: (UnsafeMutablePointer<Float>?) throws -> Result
  ) rethrows -> Result {
    guard case .halves = storage else { return try body(nil) }
    return try Scratch.with(Float.self, count: (depth + 1) * variant.panelRows) { try body($0) }
  }

  /// A panel's weights from number `first` on, behind what its sums start from, which is only there
  /// where they begin; in `piece`, which `withPiece` lends, if there is one.
  func pointer(
    group: Int, _ panel: Panel, from first: Int = 0, _ count: Int,
    in piece: UnsafeMutablePointer<Float>?
  ) -> UnsafePointer<Float> {
    switch storage {
    case .floats(let packed):
      return packed.pointer(group: group, panel) + first * panel.height
    case .halves(let packed, let starts, let format):
      // Nobody asks for a piece of halves without lending memory for it.
      guard let piece else { preconditionFailure("halves without a place for floats") }
      let height = panel.height
      if first == 0 {
        let row = group * rows + panel.firstRow
        for m in 0..<height { piece[m] = m < panel.rows ? starts[row + m] : 0 }
      }
      let kernels = variant.table.pointee
      let widen = format == .float16 ? kernels.f16_to_f32 : kernels.bf16_to_f32
      widen(
        count * height, packed.pointer(group: group, panel) + (first + 1) * height, piece + height)
      return UnsafePointer(piece)
    }
  }
}
