// Room: Grids. Sparse weights times layers of values, several layers a pass.

/// What becomes of target cells some of whose source cells are missing.
struct MissingRule: Sendable {
  /// The part of the weights that must be valid.
  let minimum: Double
  /// Whether the valid ones take over the weight of the missing ones.
  let renormalises: Bool
}

extension RegridWeights {
  /// Layers that a pass over the weights takes at once: enough that weights are read seldom, few
  /// enough that each layer's cells stay in the cache.
  private static let layersAtOnce = 8

  /// The weighted sums for `layerCount` layers one after another.
  ///
  /// - Parameters:
  ///   - planes: the layers, and for `terms` above 1 as many further arrays of the layers' gradients.
  func apply(
    _ planes: [[Float]], layerCount: Int, missing: MissingRule, threads: Int
  ) -> [Float] {
    let total = targetCount * layerCount
    guard total > 0, planes.count == terms else { return [] }
    // Sizes follow from the work alone, and each cell is one thread's, so results are the same bits.
    let rowsAtOnce = max(256, min(16_384, targetCount / 64))
    var result = [Float](repeating: .nan, count: total)
    result.withUnsafeMutableBufferPointer { buffer in
      let output = Disjoint(buffer: buffer)
      _ = Parallel.mapRanges(targetCount, of: rowsAtOnce, threads: threads) { rows in
        for first in stride(from: 0, to: layerCount, by: Self.layersAtOnce) {
          let layers = first..<min(first + Self.layersAtOnce, layerCount)
          sum(planes, layers: layers, rows: rows, missing, output)
        }
        return true
      }
    }
    return result
  }

  private func sum(
    _ planes: [[Float]], layers: Range<Int>, rows: Range<Int>, _ missing: MissingRule,
    _ output: Disjoint<Float>
  ) {
    starts.withUnsafeBufferPointer { starts in
      cells.withUnsafeBufferPointer { cells in
        values.withUnsafeBufferPointer { values in
          withPlanes(planes[...], []) { planes in
            let kernel = SumKernel(
              cells: cells, values: values, planes: planes, terms: terms,
              sourceCount: sourceCount, missing: missing)
            for row in rows {
              let links = starts[row]..<starts[row + 1]
              if links.isEmpty { continue }
              let covered = coverage.isEmpty ? 1 : coverage[row]
              if terms == 1, layers.count == Self.layersAtOnce {
                let values = kernel.eight(links, layers.lowerBound, covered)
                for (index, layer) in layers.enumerated() {
                  output.buffer[layer * targetCount + row] = values[index]
                }
                continue
              }
              for layer in layers {
                output.buffer[layer * targetCount + row] = kernel.value(links, layer, covered)
              }
            }
          }
        }
      }
    }
  }

  private func withPlanes(
    _ planes: ArraySlice<[Float]>, _ open: [UnsafeBufferPointer<Float>],
    _ body: ([UnsafeBufferPointer<Float>]) -> Void
  ) {
    guard let first = planes.first else { return body(open) }
    first.withUnsafeBufferPointer { withPlanes(planes.dropFirst(), open + [$0], body) }
  }
}

/// One target cell of one layer.
private struct SumKernel {
  let cells: UnsafeBufferPointer<Int32>
  let values: UnsafeBufferPointer<Double>
  let planes: [UnsafeBufferPointer<Float>]
  let first: UnsafeBufferPointer<Float>
  private let second: UnsafeBufferPointer<Float>
  private let third: UnsafeBufferPointer<Float>
  private let fourth: UnsafeBufferPointer<Float>
  let terms: Int
  let sourceCount: Int
  let missing: MissingRule

  init(
    cells: UnsafeBufferPointer<Int32>, values: UnsafeBufferPointer<Double>,
    planes: [UnsafeBufferPointer<Float>], terms: Int, sourceCount: Int, missing: MissingRule
  ) {
    self.cells = cells
    self.values = values
    self.planes = planes
    let none = UnsafeBufferPointer<Float>(start: nil, count: 0)
    first = planes.first ?? none
    second = planes.count > 1 ? planes[1] : none
    third = planes.count > 2 ? planes[2] : none
    fourth = planes.count > 3 ? planes[3] : none
    self.terms = terms
    self.sourceCount = sourceCount
    self.missing = missing
  }

  @inline(__always)
  func value(_ links: Range<Int>, _ layer: Int, _ covered: Double) -> Float {
    let offset = layer * sourceCount
    var sum = 0.0
    if terms == 1 {
      for link in links { sum += values[link] * Double(first[offset + Int(cells[link])]) }
    } else {
      for link in links {
        let (place, weights) = (offset + Int(cells[link]), link * terms)
        sum += values[weights] * Double(first[place])
        sum += values[weights + 1] * Double(second[place])
        sum += values[weights + 2] * Double(third[place])
        if terms == 4 { sum += values[weights + 3] * Double(fourth[place]) }
      }
    }
    // A sum that is NaN has met a missing value (or infinities, which the second look adds again).
    return sum.isNaN ? partly(links, offset, covered) : Float(sum)
  }

  /// The sums of eight layers, each added up in the same order as one alone.
  @inline(__always)
  func eight(_ links: Range<Int>, _ layer: Int, _ covered: Double) -> SIMD8<Float> {
    let start = layer * sourceCount
    var sum = SIMD8<Double>.zero
    for link in links {
      var place = start + Int(cells[link])
      var source = SIMD8<Float>.zero
      for index in 0..<8 {
        source[index] = first[place]
        place += sourceCount
      }
      sum += values[link] * SIMD8<Double>(source)
    }
    var result = SIMD8<Float>(sum)
    for index in 0..<8 where result[index].isNaN {
      result[index] = partly(links, start + index * sourceCount, covered)
    }
    return result
  }

  private func partly(_ links: Range<Int>, _ offset: Int, _ covered: Double) -> Float {
    var (sum, all, valid) = (0.0, 0.0, 0.0)
    for link in links {
      let weight = values[link * terms]
      all += weight
      let cell = offset + Int(cells[link])
      guard !first[cell].isNaN else { continue }
      valid += weight
      for term in 0..<terms { sum += values[link * terms + term] * Double(planes[term][cell]) }
    }
    let fraction = missing.renormalises ? valid / all * covered : valid
    guard valid > 1e-9, fraction >= missing.minimum - validSlack else { return .nan }
    return Float(missing.renormalises ? sum / valid * all : sum)
  }
}
