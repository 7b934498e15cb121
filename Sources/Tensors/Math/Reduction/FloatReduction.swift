// Room: Tensors. Reductions of floats over plain memory, for planned runs.

internal import CVectorKernels

/// `outer` times `length` times `inner` floats, of which the middle goes.
package struct FloatReduction: Sendable {
  package let outer: Int, length: Int, inner: Int

  package init(outer: Int, length: Int, inner: Int) {
    (self.outer, self.length, self.inner) = (outer, length, inner)
  }

  /// Writes `outer` times `inner` results; allocates nothing.
  package func run(
    _ reduction: Reduction, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    let kernels = KernelVariant.current.table
    let perElement = reduction == .logarithmOfSumOfExponentials ? 0.8 : 0.15
    if inner == 1 {
      ThreadPool.current.forEachRange(
        outer, grain: max(1, (1 << 14) / max(length, 1)),
        nanosecondsPerItem: 10 + Double(length) * perElement
      ) { range in
        for row in range {
          output[row] = reduceRow(reduction, input + row * length, kernels)
        }
      }
      return
    }
    // Columns: a strip of them at a time, row after row.
    let strip = 512
    let strips = (inner + strip - 1) / strip
    ThreadPool.current.forEachTile(
      outer * strips, nanoseconds: Double(outer * inner) * Double(length) * perElement * 2
    ) { tile in
      let start = tile % strips * strip
      let plane = tile / strips
      reduceColumns(
        reduction, input + plane * length * inner + start, min(strip, inner - start),
        output + plane * inner + start, kernels)
    }
  }

  private func reduceRow(
    _ reduction: Reduction, _ row: UnsafePointer<Float>, _ kernels: UnsafePointer<squall_kernels>
  ) -> Float {
    func reduce(_ code: squall_reduction) -> Double {
      kernels.pointee.f32_reduce[Int(code.rawValue)](length, row, 0)
    }
    switch reduction {
    case .sum: return Float(reduce(SQUALL_SUM))
    case .mean: return Float(reduce(SQUALL_SUM) / Double(length))
    case .minimum: return Float(reduce(SQUALL_MINIMUM))
    case .maximum: return Float(reduce(SQUALL_MAXIMUM))
    case .sumOfMagnitudes: return Float(reduce(SQUALL_SUM_ABS))
    case .sumOfSquares: return Float(reduce(SQUALL_SUM_SQUARES))
    case .rootOfSquares: return Float(reduce(SQUALL_SUM_SQUARES).squareRoot())
    case .logarithmOfSum: return Float(Double.value(of: .log, at: reduce(SQUALL_SUM)))
    case .product:
      var product = 1.0
      for i in 0..<length { product *= Double(row[i]) }
      return Float(product)
    case .logarithmOfSumOfExponentials:
      let largest = reduce(SQUALL_MAXIMUM)
      guard length > 0 else { return -.infinity }
      let top = largest.isFinite ? Float(largest) : 0
      let exponential = kernels.pointee.f32_unary[Int(SQUALL_EXP.rawValue)]
      let shift = kernels.pointee.f32_unary[Int(SQUALL_AFFINE.rawValue)]
      let sum = Scratch.with(Float.self, count: 1024) { block in
        var sum = 0.0
        for start in stride(from: 0, to: length, by: 1024) {
          let count = min(1024, length - start)
          shift(count, row + start, block, 1, -top)
          exponential(count, block, block, 0, 0)
          sum += kernels.pointee.f32_reduce[Int(SQUALL_SUM.rawValue)](count, block, 0)
        }
        return sum
      }
      return Float(Double.value(of: .log, at: sum) + Double(top))
    }
  }

  private func reduceColumns(
    _ reduction: Reduction, _ input: UnsafePointer<Float>, _ count: Int,
    _ output: UnsafeMutablePointer<Float>, _ kernels: UnsafePointer<squall_kernels>
  ) {
    switch reduction {
    case .minimum, .maximum:
      let code = reduction == .minimum ? SQUALL_MIN : SQUALL_MAX
      let choose = kernels.pointee.f32_binary[Int(code.rawValue)]
      output.update(
        repeating: reduction == .minimum ? .infinity : -.infinity, count: count)
      for row in 0..<length { choose(count, output, 1, input + row * inner, 1, output) }
    case .sum, .mean, .sumOfMagnitudes, .sumOfSquares, .rootOfSquares, .logarithmOfSum:
      sumColumns(reduction, input, count, output, kernels)
    case .product, .logarithmOfSumOfExponentials:
      Scratch.with(Float.self, count: max(length, 1)) { column in
        for x in 0..<count {
          for row in 0..<length { column[row] = input[row * inner + x] }
          output[x] = reduceRow(reduction, column, kernels)
        }
      }
    }
  }

  /// Thirty-two rows are added in float, the sums of these in double.
  private func sumColumns(
    _ reduction: Reduction, _ input: UnsafePointer<Float>, _ count: Int,
    _ output: UnsafeMutablePointer<Float>, _ kernels: UnsafePointer<squall_kernels>
  ) {
    let add = kernels.pointee.f32_binary[Int(SQUALL_ADD.rawValue)]
    let magnitude = kernels.pointee.f32_unary[Int(SQUALL_ABS.rawValue)]
    Scratch.with(Float.self, count: 2 * count) { block in
      let other = block + count
      Scratch.with(Double.self, count: count) { total in
        total.update(repeating: 0, count: count)
        for first in stride(from: 0, to: length, by: 32) {
          block.update(repeating: 0, count: count)
          for index in first..<min(first + 32, length) {
            let row = input + index * inner
            switch reduction {
            case .sumOfSquares, .rootOfSquares:
              kernels.pointee.f32_fma(count, row, 1, row, 1, block, 1, block)
            case .sumOfMagnitudes:
              magnitude(count, row, other, 0, 0)
              add(count, block, 1, other, 1, block)
            default: add(count, block, 1, row, 1, block)
            }
          }
          for x in 0..<count { total[x] += Double(block[x]) }
        }
        for x in 0..<count {
          switch reduction {
          case .mean: output[x] = Float(total[x] / Double(length))
          case .rootOfSquares: output[x] = Float(total[x].squareRoot())
          case .logarithmOfSum: output[x] = Float(Double.value(of: .log, at: total[x]))
          default: output[x] = Float(total[x])
          }
        }
      }
    }
  }
}
