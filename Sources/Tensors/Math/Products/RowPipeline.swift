// Room: Tensors. Several steps over the rows of a matrix, a block of rows at a time.

internal import CVectorKernels

/// Products, normalisations and arithmetic that each make one row of one row: a block of rows goes
/// through all of them while it is in the second cache, and what lies between never exists as a
/// whole.
///
/// Rows may be taken from the source by a list of their numbers; what a step needs beside its rows
/// are operands.
package struct RowPipeline: Sendable {
  package enum Step: Sendable {
    /// Products take the rows' width to their number of columns.
    case product(PackedMatrix)
    /// Mean 0 (with `centers`) and mean square 1; then the operands of these numbers.
    case normalize(centers: Bool, epsilon: Double, scale: Int?, shift: Int?)
    /// Arithmetic with an operand, which stands first where `reversed`.
    case combine(BinaryOperation, operand: Int, Extent, reversed: Bool)
    case apply(UnaryFunction, Float, Float)
    /// Rows that the list lacks become zeros.
    case clearMissing
  }

  /// How an operand lies beside the rows.
  package enum Extent: Sendable, Hashable {
    /// A row for each row of the result.
    case rows
    /// One row for all.
    case row
    /// One value for all.
    case value
  }

  let steps: [Step]
  /// Floats in a row: of the source, then behind each step.
  private let widths: [Int]
  let count: Int
  let widest: Int
  private let stride: Int
  private let nanoseconds: Double
  let variant = KernelVariant.current

  /// For `count` rows, `width` floats long at first, which threads share; or for groups of so many
  /// rows, each for one thread.
  package init(_ steps: [Step], count: Int, width: Int) {
    (self.steps, self.count) = (steps, count)
    var widths = [width]
    var nanoseconds = 0.0
    for step in steps {
      let last = widths[widths.count - 1]
      if case .product(let matrix) = step {
        nanoseconds += matrix.nanoseconds(rows: count)
        widths.append(matrix.columns)
      } else {
        nanoseconds += Double(count) * Double(last) * 0.3
        widths.append(last)
      }
    }
    self.widths = widths
    self.nanoseconds = nanoseconds
    widest = max(widths.max() ?? 1, 1)
    // Rows a page apart would fall into the same places of the first cache.
    stride = widest % 256 == 0 ? widest + 16 : widest
  }

  /// About how long all of its rows take one thread.
  package var estimatedNanoseconds: Double { nanoseconds }

  /// Floats in a row of the source.
  var sourceWidth: Int { widths[0] }

  /// Floats in a row of the result.
  package var resultWidth: Int { widths[widths.count - 1] }

  /// Runs all steps. `rows` are the numbers of the source's rows, below 0 for rows of zeros; nil for
  /// all in order. The output may be the memory of an operand with a row for each row; of the
  /// source where it is taken in order and a step lies before the last product.
  package func run(
    source: UnsafePointer<Float>, rows: UnsafePointer<Int32>?,
    operands: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>
  ) {
    guard count > 0, resultWidth > 0 else { return }
    let block = PanelLayout.rowsPerBlock(count, width: widest)
    let blocks = (count + block - 1) / block
    ThreadPool.current.forEachTile(blocks, nanoseconds: nanoseconds) { tile in
      let first = tile * block
      let group = Group(
        count: min(block, count - first), source: source + (rows == nil ? first * widths[0] : 0),
        list: rows.map { $0 + first }, first: first, output: output + first * resultWidth)
      run(group, 0, group.count, operands)
    }
  }

  /// Some of the rows, for one thread.
  package struct Group {
    package var count: Int
    package var source: UnsafePointer<Float>
    /// The numbers of the source's rows; nil for the first ones in order.
    package var list: UnsafePointer<Int32>?
    /// The number of the first row in operands that have a row for each row.
    package var first = 0
    /// The number of each row in operands, and in the output; nil where rows follow each other.
    package var targets: UnsafePointer<Int32>?
    /// The first row's place; with `targets`, that of row 0.
    package var output: UnsafeMutablePointer<Float>
    /// Floats from one row to the next, where they do not follow each other closely.
    var sourceStride: Int?, outputStride: Int?

    package init(
      count: Int, source: UnsafePointer<Float>, list: UnsafePointer<Int32>?, first: Int = 0,
      targets: UnsafePointer<Int32>? = nil, output: UnsafeMutablePointer<Float>
    ) {
      (self.count, self.source, self.list) = (count, source, list)
      (self.first, self.targets, self.output) = (first, targets, output)
    }
  }

  /// Runs all steps for some rows on the caller's thread.
  package func run(_ group: Group, operands: [UnsafePointer<Float>]) {
    guard resultWidth > 0 else { return }
    let block = PanelLayout.rowsPerBlock(group.count, width: widest, threads: 1)
    var start = 0
    while start < group.count {
      let rows = min(block, group.count - start)
      run(group, start, rows, operands)
      start += rows
    }
  }

  /// Where a block of rows lies on its way.
  private struct Place {
    var base: UnsafePointer<Float>
    var stride: Int
    /// The scratch memory that it is; nil for the source.
    var scratch: UnsafeMutablePointer<Float>?
  }

  /// Runs the steps from number `begin` on for some rows of a group.
  func run(
    _ group: Group, _ start: Int, _ rows: Int, _ operands: [UnsafePointer<Float>],
    from begin: Int = 0
  ) {
    let inStride = group.sourceStride ?? widths[0]
    let outStride = group.outputStride ?? resultWidth
    let (map, targets) = (group.list.map { $0 + start }, group.targets.map { $0 + start })
    let output = targets == nil ? group.output + start * outStride : group.output
    let numbers = RowNumbers(first: group.first + start, targets: targets)
    Scratch.with(Float.self, count: 2 * rows * stride) { memory in
      let buffers = [memory, memory + rows * stride]
      var place = Place(base: group.source + start * inStride, stride: inStride)
      if let map {
        for row in 0..<rows {
          let line = memory + row * stride
          if map[row] < 0 {
            line.update(repeating: 0, count: widths[0])
          } else {
            line.update(from: group.source + Int(map[row]) * inStride, count: widths[0])
          }
        }
        place = Place(base: UnsafePointer(memory), stride: stride, scratch: memory)
      }
      var index = begin
      while index < steps.count {
        var last = index
        var residual: (UnsafePointer<Float>, Int)?
        if targets == nil, case .product(let matrix) = steps[index], index + 1 < steps.count,
          case .combine(.add, let operand, .rows, _) = steps[index + 1],
          matrix.activation == .none, !matrix.splitsSums
        {
          let width = widths[index + 1]
          residual = (operands[operand] + numbers.first * width, width)
          last = index + 1
        }
        let isEnd = last == steps.count - 1 && targets == nil
        let isProduct = if case .product = steps[index] { true } else { false }
        let free = place.scratch == buffers[0] ? buffers[1] : buffers[0]
        // What is no product may stay where it is.
        let own = isProduct ? free : place.scratch ?? free
        let to = isEnd ? output : own
        let toStride = isEnd ? outStride : stride
        run(
          steps[index], width: widths[index], rows, numbers, place, map, operands, residual, to,
          toStride)
        place = Place(base: UnsafePointer(to), stride: toStride, scratch: to)
        index = last + 1
      }
      guard targets != nil || begin == steps.count else { return }
      for row in 0..<rows {
        let to = targets.map { Int($0[row]) } ?? row
        (output + to * outStride).update(
          from: place.base + row * place.stride, count: resultWidth)
      }
    }
  }

  /// The numbers that a block's rows have in operands.
  private struct RowNumbers {
    var first: Int
    var targets: UnsafePointer<Int32>?

    subscript(row: Int) -> Int { targets.map { Int($0[row]) } ?? first + row }
  }

  private func run(
    _ step: Step, width: Int, _ rows: Int, _ numbers: RowNumbers, _ from: Place,
    _ map: UnsafePointer<Int32>?, _ operands: [UnsafePointer<Float>],
    _ residual: (UnsafePointer<Float>, Int)?, _ to: UnsafeMutablePointer<Float>, _ toStride: Int
  ) {
    let kernels = variant.table.pointee
    switch step {
    case .product(let matrix):
      matrix.runBlock(
        input: from.base, count: rows, inputStride: from.stride, residual: residual?.0,
        residualStride: residual?.1 ?? 0, output: to, outputStride: toStride)
    case .normalize(let centers, let epsilon, let scale, let shift):
      for row in 0..<rows {
        kernels.f32_normalize(
          1, width, from.base + row * from.stride, centers, epsilon, scale.map { operands[$0] },
          shift.map { operands[$0] }, to + row * toStride, nil, nil)
      }
    case .combine(let operation, let operand, let extent, let reversed):
      let function = kernels.f32_binary[Int(operation.code.rawValue)]
      let step = extent == .value ? 0 : 1
      for row in 0..<rows {
        let own = from.base + row * from.stride
        let other = operands[operand] + (extent == .rows ? numbers[row] * width : 0)
        if reversed {
          function(width, other, step, own, 1, to + row * toStride)
        } else {
          function(width, own, 1, other, step, to + row * toStride)
        }
      }
    case .apply(let function, let p, let q):
      let kernel = kernels.f32_unary[Int(function.code.rawValue)]
      for row in 0..<rows {
        kernel(width, from.base + row * from.stride, to + row * toStride, p, q)
      }
    case .clearMissing:
      for row in 0..<rows {
        let line = to + row * toStride
        if let map, map[row] < 0 {
          line.update(repeating: 0, count: width)
        } else if from.base != UnsafePointer(to) {
          line.update(from: from.base + row * from.stride, count: width)
        }
      }
    }
  }
}
