// Room: Nowcasting. What the network sees of the moving frame, and its answer for the whole grid.

internal import Forecasting
internal import Foundation
internal import Networks
internal import Tensors

/// Runs a network over the moving frame, in tiles where the grid is large.
struct NetworkFeed {
  let network: CompiledNetwork
  let manifest: ModelManifest
  /// The working grid's spacing in kilometres.
  let spacing: Double
  var tiling = Tiling()

  /// The network's probabilities for the moving frame, for the leads that `leadCount` asks for.
  ///
  /// **Throws** `NowcastError.network` when the network fails or answers in another shape.
  func exceedance(_ frame: MovingFrame, leadCount: Int) throws(NowcastError) -> Exceedance {
    let now = frame.slots[0]
    let output = manifest.output
    var result = Exceedance(analysis: now, output: output, leadCount: leadCount)
    let (rows, columns) = tiling.cut(
      rows: now.rows, columns: now.columns, multiple: manifest.grid.multiple)
    for (vertical, rowShares) in zip(rows.pieces, rows.shares) {
      for (horizontal, columnShares) in zip(columns.pieces, columns.shares) {
        let tensor = input(frame, vertical, horizontal)
        let answer = try run(tensor)
        let wanted = Shape([
          1, output.leadsMinutes.count, output.thresholds.count, vertical.count,
          horizontal.count,
        ])
        guard answer.elementType == .float32, answer.shape == wanted else {
          throw NowcastError(
            .network,
            "the network's '\(output.name)' is \(answer.elementType.rawValue) \(answer.shape), where "
              + "the manifest says float32 \(wanted); correct the model package")
        }
        answer.withElements(of: Float.self) { values in
          result.take(
            values, rows: vertical, rowShares, columns: horizontal, columnShares)
        }
      }
    }
    return result
  }

  private func run(_ tensor: Tensor) throws(NowcastError) -> Tensor {
    let answers: [String: Tensor]
    do {
      answers = try network.run([manifest.input.name: tensor])
    } catch {
      throw NowcastError(.network, "the network failed: \(error)")
    }
    guard let answer = answers[manifest.output.name] else {
      throw NowcastError(.network, "the network gave no '\(manifest.output.name)'")
    }
    return answer
  }

  /// The input tensor `[1, channel, y, x]` for a window of the grid, which may reach beyond it:
  /// what lies outside is missing.
  func input(_ frame: MovingFrame, _ rows: Range<Int>, _ columns: Range<Int>) -> Tensor {
    let channels = manifest.input.channels
    let size = rows.count * columns.count
    var tensor = Tensor(zeros: Shape([1, channels.count, rows.count, columns.count]))
    tensor.withMutableElements(of: Float.self) { elements in
      let window = Window(
        elements: elements, frame: frame, rows: rows, columns: columns,
        log2Spacing: Float(log2(spacing)))
      ThreadRange.parallel(channels.count * rows.count, cost: 10 * Double(columns.count)) { item in
        let (channel, row) = item.quotientAndRemainder(dividingBy: rows.count)
        window.fill(channels[channel], at: channel * size + row * columns.count, row: row)
      }
    }
    return tensor
  }
}

/// A window of the moving frame being turned into a tensor; each row is written by one thread.
private struct Window {
  let elements: UnsafeMutableBufferPointer<Float>
  let frame: MovingFrame
  let rows: Range<Int>, columns: Range<Int>
  let log2Spacing: Float

  func fill(_ channel: InputChannel, at start: Int, row: Int) {
    let out = UnsafeMutableBufferPointer(rebasing: elements[start..<start + columns.count])
    let y = rows.lowerBound + row
    switch channel {
    case .log2Spacing: out.update(repeating: log2Spacing)
    case .rain(let slot, let transform):
      each(frame.slots[slot], y, out) { transform($0) }
    case .seenNow:
      each(frame.slots[0], y, out) { $0 == $0 ? 1 : 0 }
    case .seenAlways:
      out.update(repeating: 1)
      for slot in frame.slots {
        each(slot, y, out) { $0 == $0 ? nil : 0 }
      }
    }
  }

  /// Writes `body` of each cell of a row; nil leaves what is there. Cells outside are missing.
  @inline(__always)
  private func each(
    _ plane: Plane, _ y: Int, _ out: UnsafeMutableBufferPointer<Float>, _ body: (Float) -> Float?
  ) {
    plane.values.withUnsafeBufferPointer { values in
      for place in 0..<columns.count {
        let x = columns.lowerBound &+ place
        let isInside = y >= 0 && y < plane.rows && x >= 0 && x < plane.columns
        let value = isInside ? values[y &* plane.columns &+ x] : .nan
        if let written = body(value) { out[place] = written }
      }
    }
  }
}

extension RainTransform {
  /// A rain rate in mm h-1 as the network sees it.
  @inline(__always)
  fileprivate func callAsFunction(_ rain: Float) -> Float {
    guard rain == rain else { return Float(missing) }
    let scaled = Float(scale) * min(max(rain, 0), Float(maximum))
    switch curve {
    case .log1p: return (scaled == 0 ? 0 : log1pf(scaled)) / Float(divisor)
    case .linear: return scaled / Float(divisor)
    }
  }
}

/// Loops over independent items on all threads.
private enum ThreadRange {
  static func parallel(_ count: Int, cost: Double, _ body: (Int) -> Void) {
    ThreadPool.current.forEachRange(
      count, grain: max(1, Int(50_000 / max(cost, 1))), nanosecondsPerItem: cost
    ) { range in
      for item in range { body(item) }
    }
  }
}
