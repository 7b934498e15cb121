// Room: Tensors. Transposed convolution of planes: all phases from one tile, their results interleaved.

internal import CVectorKernels

/// One phase of a transposed convolution: the results whose row and column are alike modulo the
/// strides.
struct TransposedPhase: Sendable {
  /// The first sheet, row and column of the phase.
  var place: [Int]
  /// The plain convolution that it is; nil where no tap reaches: the result is the bias.
  var core: ConvolutionCore?
}

/// The phases of a planar transposed convolution over one copy of their input.
///
/// Phases see windows of the image that lie close together: a tile holds what all of them need. The
/// results of the phases along a row are computed beside each other and then interleaved, so that
/// rows are written whole.
struct InterleavedConvolution: Sendable {
  private let phases: [Phase]
  private let strides: (y: Int, x: Int)
  private let groups: Int, groupIn: Int, groupOut: Int
  private let height: Int, width: Int, outHeight: Int, outWidth: Int
  private let tiling: ConvolutionTiling
  private let variant: KernelVariant
  private let activation: Activation
  private let multiplyAdds: Double

  private struct Phase: Sendable {
    var weights: WeightPanels
    var depth: Int
    var offsets: AlignedArray<Int>
  }

  /// Nil where phases are not all of one plane, or see windows far apart.
  init?(
    _ phases: [TransposedPhase], strides: [Int], size: [Int], outSize: [Int],
    activation: Activation
  ) {
    guard strides[0] == 1, strides[1] * strides[2] > 1, size[0] == 1, outSize[0] == 1,
      let model = phases.first?.core, model.sheets.taps == 1, model.sheets.before == 0
    else { return nil }
    let cores = phases.compactMap(\.core)
    // A phase that no tap reaches leaves the bias: too rare for a way of its own here.
    guard cores.count == phases.count,
      let vertical = Self.union(cores.map(\.vertical)),
      let horizontal = Self.union(cores.map(\.horizontal))
    else { return nil }
    (groups, groupIn, groupOut) = (model.groups, model.groupInChannels, model.groupOutChannels)
    variant = model.variant
    self.strides = (strides[1], strides[2])
    (height, width, outHeight, outWidth) = (size[1], size[2], outSize[1], outSize[2])
    self.activation = activation
    let tiling = ConvolutionTiling(
      vertical, horizontal, channels: groupIn,
      outHeight: (outHeight + strides[1] - 1) / strides[1],
      outWidth: (outWidth + strides[2] - 1) / strides[2], sheets: groups,
      panels: model.weights.panels.panels.count, variant: variant)
    self.tiling = tiling
    let channels = groupIn
    self.phases = cores.map { core in
      let (high, wide) = (core.vertical.taps, core.horizontal.taps)
      return Phase(
        weights: core.weights.panels, depth: core.depth,
        offsets: AlignedArray(count: core.depth) { base in
          for k in 0..<channels * high * wide {
            base[k] = tiling.tile.offset(
              channel: k / (high * wide),
              k / wide % high * core.vertical.dilation + vertical.before - core.vertical.before,
              k % wide * core.horizontal.dilation + horizontal.before - core.horizontal.before)
          }
        })
    }
    multiplyAdds =
      cores.reduce(0) { $0 + Double($1.depth) } * Double(groups * groupOut)
      * Double((outHeight / strides[1] + 1) * (outWidth / strides[2] + 1))
  }

  /// The window that holds all of `windows`; nil when it is much longer than they are.
  private static func union(_ windows: [WindowAxis]) -> WindowAxis? {
    guard let first = windows.map({ -$0.before }).min(),
      let last = windows.map({ $0.reach - $0.before }).max(),
      let longest = windows.map(\.taps).max(), last - first < 2 * longest + 2
    else { return nil }
    return WindowAxis(taps: last - first + 1, before: -first)
  }

  func run(
    input: UnsafePointer<Float>, batch: Int, output: UnsafeMutablePointer<Float>
  ) {
    ThreadPool.current.forEachTile(
      batch * groups * tiling.count,
      nanoseconds: variant.nanoseconds(multiplyAdds: Double(batch) * multiplyAdds)
    ) { index in
      runTile(index, input: input, output: output)
    }
  }

  private func runTile(
    _ index: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    guard let place = tiling.place(index) else { return }
    let (tile, top, left) = (tiling.tile, place.top, place.left)
    let (image, group) = place.sheet.quotientAndRemainder(dividingBy: groups)
    let (rows, columns) = (place.rows, place.columns)
    let panels = phases[0].weights.panels
    let length = (rows - 1) * tile.pitch + columns
    let stride = (length + 15) / 16 * 16
    let firstChannel = (image * groups + group) * groupIn
    Scratch.with(Float.self, count: tile.floatCount) { scratch in
      tile.fill(
        scratch, height: height, width: width, top: top, left: left, rows: rows,
        columns: columns, padding: 0, variant.table
      ) { input + (firstChannel + $0) * height * width }
      let lineCount = columns * strides.x
      Scratch.with(
        Float.self, count: strides.x * variant.panelRows * stride + lineCount
      ) { results in
        let line = results + strides.x * variant.panelRows * stride
        for panelIndex in place.panels {
          let panel = panels[panelIndex]
          let channel = (image * groups + group) * groupOut + panel.firstRow
          for y in 0..<strides.y {
            for x in 0..<strides.x {
              multiply(
                phases[y * strides.x + x], panelIndex, group, length, scratch,
                results + x * variant.panelRows * stride, stride: stride)
            }
            for row in 0..<panel.rows {
              let plane = output + (channel + row) * outHeight * outWidth
              write(
                results + row * stride, phaseStride: variant.panelRows * stride, line: line,
                rows: rows, columns: columns, to: plane, top: top, left: left, phase: y)
            }
          }
        }
      }
    }
  }

  private func multiply(
    _ phase: Phase, _ index: Int, _ group: Int, _ length: Int,
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, stride: Int
  ) {
    var plain = squall_epilogue()
    // Alike in rows, but where a panel begins depends on the phase's taps.
    let panel = phase.weights.panels[index]
    phase.weights.withPiece(depth: phase.depth) { piece in
      variant.table.pointee.f32_igemm(
        panel.rows, panel.height, length, phase.depth,
        phase.weights.pointer(group: group, panel, phase.depth, in: piece), source,
        phase.offsets.base, target, stride, nil, 0, true, &plain)
    }
  }

  /// Interleaves the rows of one channel's phases and finishes them.
  private func write(
    _ source: UnsafePointer<Float>, phaseStride: Int, line: UnsafeMutablePointer<Float>,
    rows: Int, columns: Int, to plane: UnsafeMutablePointer<Float>, top: Int, left: Int,
    phase: Int
  ) {
    var epilogue = activation.epilogue
    let kernels = variant.table
    let count = min(columns * strides.x, outWidth - left * strides.x)
    for row in 0..<rows {
      let y = (top + row) * strides.y + phase
      guard y < outHeight, count > 0 else { return }
      let values = source + row * tiling.tile.pitch
      let target = plane + y * outWidth + left * strides.x
      if strides.x == 1 {
        kernels.pointee.f32_finish(count, values, nil, target, &epilogue)
      } else {
        kernels.pointee.f32_interleave(columns, strides.x, values, phaseStride, line)
        kernels.pointee.f32_finish(count, line, nil, target, &epilogue)
      }
    }
  }
}
