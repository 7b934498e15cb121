// Tests of Tensors: convolution against its definition, every kernel variant, fixed bits.

internal import Foundation
import TestSupport
import Tensors
import Testing

@Suite struct ConvolutionTests {
  static let cases = ConvolutionCase.random(150, seed: 20_160_711)

  @Test(arguments: cases)
  func agreesWithItsDefinition(item: ConvolutionCase) throws {
    let (input, weights, bias, residual) = try item.operands()
    let reference = try item.naive(input, weights, bias, residual)
    for variant in KernelVariant.all {
      let result = try variant.asCurrent {
        let convolution = try Convolution(
          weights: weights, bias: bias, strides: item.strides, dilations: item.dilations,
          padding: item.padding, groups: item.groups, activation: item.activation)
        return try convolution(input, residual: residual)
      }
      #expect(result.shape == reference.shape)
      let worst =
        zip(result.elements(as: Float.self), reference.elements(as: Double.self))
        .map { abs(Double($0) - $1) }.max() ?? 0
      #expect(worst < 1e-4, "\(variant.name)")
    }
  }

  @Test(arguments: [
    ConvolutionCase(
      batch: 1, inChannels: 16, outChannels: 24, height: 61, width: 67, kernel: (3, 3),
      padding: Padding2D(1)),
    ConvolutionCase(batch: 2, inChannels: 32, outChannels: 40, height: 64, width: 64),
    ConvolutionCase(
      batch: 1, inChannels: 24, outChannels: 24, groups: 24, height: 120, width: 130,
      kernel: (3, 3), padding: Padding2D(1)),
    ConvolutionCase(
      batch: 1, inChannels: 64, outChannels: 64, groups: 64, height: 120, width: 130,
      kernel: (3, 3), strides: (2, 2), padding: Padding2D(1)),
    ConvolutionCase(
      batch: 1, inChannels: 80, outChannels: 96, height: 28, width: 28, kernel: (3, 3),
      strides: (2, 2), padding: Padding2D(1)),
    ConvolutionCase(
      batch: 1, inChannels: 24, outChannels: 48, height: 40, width: 44, kernel: (5, 5),
      dilations: (2, 2), padding: Padding2D(4)),
    ConvolutionCase(batch: 1, inChannels: 512, outChannels: 200, height: 6, width: 6),
    ConvolutionCase(
      batch: 1, inChannels: 160, outChannels: 150, height: 14, width: 14, kernel: (3, 3),
      dilations: (6, 6), padding: Padding2D(6)),
  ])
  func hasTheSameBitsWhateverTheThreads(item: ConvolutionCase) async throws {
    let (input, weights, bias, residual) = try item.operands()
    let convolution = try Convolution(
      weights: weights, bias: bias, strides: item.strides, dilations: item.dilations,
      padding: item.padding, groups: item.groups, activation: .relu)
    let one = try ThreadPool(threads: 1).asCurrent { try convolution(input, residual: residual) }
    for threads in [2, 3, 5] {
      let more = try ThreadPool(threads: threads).asCurrent {
        try convolution(input, residual: residual)
      }
      #expect(bits(one) == bits(more))
    }
    let all = try await withThrowingTaskGroup(of: [UInt32].self) { group in
      for _ in 0..<4 {
        group.addTask { bits(try convolution(input, residual: residual)) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(all.allSatisfy { $0 == bits(one) })
  }

  @Test func residualMayBeTheOutputItself() throws {
    let item = ConvolutionCase(
      inChannels: 9, outChannels: 11, height: 20, width: 19, kernel: (3, 3),
      padding: Padding2D(1), hasResidual: true)
    let (input, weights, bias, residual) = try item.operands()
    let convolution = try Convolution(weights: weights, bias: bias, padding: item.padding)
    let expected = try convolution(input, residual: residual)
    var inPlace = try #require(residual)
    let plan = try convolution.plan(for: [20, 19])
    inPlace.withMutableElements(of: Float.self) { output in
      input.withElements(of: Float.self) { input in
        guard let output = output.baseAddress, let input = input.baseAddress else { return }
        plan.run(input: input, batch: 1, residual: output, output: output)
      }
    }
    #expect(bits(expected) == bits(inPlace))
  }

  @Test func hugeDilationsAndPaddingTakeLittleMemory() throws {
    let far = 1 << 30
    let convolution = try Convolution(
      weights: Tensor([Float](repeating: 1, count: 9), shape: [1, 1, 3, 3]),
      dilations: (far, far), padding: Padding2D(far))
    let image = Tensor([Float](arrayLiteral: 1, 2, 3, 4), shape: [1, 1, 2, 2])
    #expect(try convolution(image).elements() == [Float](arrayLiteral: 1, 2, 3, 4))
    #expect(throws: TensorError.self) {
      try Pooling2D(
        .maximum, vertical: WindowAxis(taps: far, before: far, after: far),
        horizontal: WindowAxis(taps: far, before: far, after: far), height: 2, width: 2)
    }
  }

  @Test func badArgumentsThrow() throws {
    let weights = Tensor(zeros: [4, 3, 3, 3])
    #expect(throws: TensorError.self) { try Convolution(weights: weights, groups: 3) }
    #expect(throws: TensorError.self) { try Convolution(weights: weights, strides: (0, 1)) }
    #expect(throws: TensorError.self) {
      try Convolution(weights: weights, dilations: (1, .max))
    }
    #expect(throws: TensorError.self) {
      try Convolution(weights: weights, bias: Tensor(zeros: [3]))
    }
    #expect(throws: TensorError.self) {
      try Convolution(weights: weights, padding: Padding2D(top: -1))
    }
    let convolution = try Convolution(weights: weights)
    #expect(throws: TensorError.self) { try convolution(Tensor(zeros: [1, 3, 2, 2])) }
    #expect(throws: TensorError.self) { try convolution(Tensor(zeros: [1, 4, 8, 8])) }
    #expect(throws: TensorError.self) { try convolution(Tensor(zeros: [1, 3, 8, 8], .float64)) }
    let empty = try convolution(Tensor(zeros: [0, 3, 8, 8]))
    #expect(empty.shape == [0, 4, 6, 6])
  }

  /// Sums of thousands of products keep most of their digits: chains of additions are short.
  @Test(arguments: [(512, (1, 1)), (256, (3, 3)), (48, (7, 7))])
  func longSumsStayAccurate(channels: Int, kernel: (Int, Int)) throws {
    let item = ConvolutionCase(
      inChannels: channels, outChannels: 9, height: 9, width: 40, kernel: kernel)
    let (input, weights, bias, _) = try item.operands()
    let exact = try item.naive(input, weights, bias, nil).elements(as: Double.self)
    for variant in KernelVariant.all {
      let result = try variant.asCurrent { try Convolution(weights: weights, bias: bias)(input) }
      let errors = zip(result.elements(as: Float.self), exact).map { Double($0) - $1 }
      let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
      let size = (exact.reduce(0) { $0 + $1 * $1 } / Double(exact.count)).squareRoot()
      // A single chain of 2304 products is ten times as far off.
      #expect(rms < 2e-7 * size, "\(variant.name)")
    }
  }

  /// 3 × 3 windows over images whose edges cut the tiles in every way, few channels and many.
  static let smallWindows: [ConvolutionCase] = [
    (8, 8, 1, 1), (3, 50, 2, 3), (6, 7, 1, 17), (17, 67, 1, 1), (31, 30, 3, 1), (1, 200, 1, 1),
    (64, 64, 1, 1), (5, 5, 40, 1),
  ].flatMap { height, width, batch, groups in
    [(16, 24), (33, 19), (140, 12)].map { channels in
      ConvolutionCase(
        batch: batch, inChannels: groups * channels.0, outChannels: groups * channels.1,
        groups: groups, height: height, width: width, kernel: (3, 3),
        padding: height % 2 == 0 ? Padding2D(1) : Padding2D(top: 2, left: 0, bottom: 1, right: 3),
        activation: .leakyRelu(slope: 0.1), hasResidual: width % 2 == 0)
    }
  }

  @Test(arguments: smallWindows)
  func smallWindowsKeepTheirDigits(item: ConvolutionCase) throws {
    guard Double(item.batch * item.height * item.width * item.inChannels) < 2e5 else { return }
    let (input, weights, bias, residual) = try item.operands()
    let exact = try item.naive(input, weights, bias, residual).elements(as: Double.self)
    let size = (exact.reduce(0) { $0 + $1 * $1 } / Double(exact.count)).squareRoot()
    for variant in KernelVariant.all {
      let result = try variant.asCurrent {
        try Convolution(
          weights: weights, bias: bias, padding: item.padding, groups: item.groups,
          activation: item.activation)(input, residual: residual)
      }
      let errors = zip(result.elements(as: Float.self), exact).map { Double($0) - $1 }
      let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
      #expect(rms < 1.2e-6 * size, "\(variant.name)")
    }
  }

  /// A network that repeats a cell has the same weights in many convolutions.
  @Test func equalWeightsArePackedOnceAndOthersApart() throws {
    let item = ConvolutionCase(
      inChannels: 16, outChannels: 16, height: 20, width: 20, kernel: (3, 3))
    let (input, weights, bias, _) = try item.operands()
    let first = try Convolution(weights: weights, bias: bias)
    let again = try Convolution(weights: weights, bias: bias)
    let plain = try Convolution(weights: weights)
    #expect(try bits(first(input)) == bits(again(input)))
    #expect(try bits(first(input)) != bits(plain(input)))
    let grouped = try Convolution(weights: weights, bias: bias, groups: 2)
    #expect(grouped.inChannels == 32)
  }

  /// Windows of every height over one channel each, rows left over and not.
  @Test(arguments: [(3, 3), (3, 5), (4, 4), (5, 5), (5, 1), (7, 7), (11, 3)], [5, 16, 47])
  func depthwiseAgreesWithItsDefinition(kernel: (Int, Int), width: Int) throws {
    for (height, dilations) in [(kernel.0, (1, 1)), (12, (1, 1)), (14, (1, 1)), (13, (3, 2))] {
      let reach = (kernel.0 - 1) * (dilations.0 - 1)
      try expectDefinition(
        ConvolutionCase(
          inChannels: 3, outChannels: 6, groups: 3, height: height + reach, width: width,
          kernel: kernel, dilations: dilations,
          padding: Padding2D(
            top: 1, left: kernel.1 / 2 * dilations.1, bottom: 2, right: kernel.1 * dilations.1),
          activation: .relu, hasResidual: true), tolerance: 2e-5)
    }
  }

  /// Strides and short rows: as many channels at once as vectors have lanes, with some left over.
  @Test(arguments: [(1, 1), (2, 2), (2, 1), (3, 2)], [(7, 7), (14, 9), (5, 40), (33, 31)])
  func channelsSideBySideAgreeWithTheDefinition(strides: (Int, Int), size: (Int, Int)) throws {
    for (kernel, channels) in [((3, 3), 16), ((5, 5), 35), ((3, 7), 9)] {
      let item = ConvolutionCase(
        batch: 2, inChannels: channels, outChannels: channels, groups: channels,
        height: size.0, width: size.1, kernel: kernel, strides: strides,
        dilations: (1, channels == 9 ? 2 : 1),
        padding: Padding2D(top: 1, left: kernel.1, bottom: 2, right: kernel.1),
        activation: .leakyRelu(slope: 0.2), hasResidual: size.0 == 7)
      try expectDefinition(item, tolerance: 2e-5)
    }
  }

  /// Few positions, strides, windows far apart and beside each other: sums in several parts.
  @Test(
    arguments: [
      ((3, 3), (2, 2), (1, 1), (14, 14)), ((3, 3), (2, 2), (1, 1), (15, 31)),
      ((4, 4), (4, 4), (1, 1), (28, 36)), ((3, 3), (1, 1), (5, 7), (9, 12)),
      ((1, 1), (2, 2), (1, 1), (13, 14)), ((5, 3), (3, 2), (1, 1), (20, 9)),
      ((3, 3), (2, 2), (1, 1), (60, 58)),
      ((3, 3), (2, 2), (1, 1), (5, 801)), ((2, 7), (1, 3), (1, 5), (3, 650)),
    ] as [((Int, Int), (Int, Int), (Int, Int), (Int, Int))])
  func gatheredPatchesAgreeWithTheDefinition(
    kernel: (Int, Int), strides: (Int, Int), dilations: (Int, Int), size: (Int, Int)
  ) throws {
    for (groups, inside, outside) in [(1, 70, 40), (2, 12, 33)] {
      let item = ConvolutionCase(
        batch: 2, inChannels: groups * inside, outChannels: groups * outside, groups: groups,
        height: size.0, width: size.1, kernel: kernel, strides: strides, dilations: dilations,
        padding: Padding2D(top: kernel.0 / 2 * dilations.0, left: dilations.1, bottom: 1, right: 2),
        activation: .relu, hasResidual: size.1 % 2 == 0)
      guard inside < 70 || size.0 < 30 else { continue }
      try expectDefinition(item, tolerance: 1e-4)
    }
  }

  /// Windows that see little of an image: with and without a tap that sees all of it, in blocks of rows.
  @Test(
    arguments: [
      ((3, 3), (12, 12), (14, 14), 12), ((3, 3), (6, 6), (14, 13), 6),
      ((3, 3), (1, 18), (30, 20), 18),
      ((2, 3), (9, 5), (11, 7), 6), ((7, 7), (1, 1), (3, 4), 3), ((3, 3), (24, 24), (40, 70), 24),
      ((3, 3), (5, 5), (3, 40), 9),
    ] as [((Int, Int), (Int, Int), (Int, Int), Int)])
  func tapsThatSeeLittleAgreeWithTheDefinition(
    kernel: (Int, Int), dilations: (Int, Int), size: (Int, Int), padding: Int
  ) throws {
    for (groups, inside, outside) in [(1, 40, 45), (2, 33, 20)] {
      let item = ConvolutionCase(
        batch: 2, inChannels: groups * inside, outChannels: groups * outside, groups: groups,
        height: size.0, width: size.1, kernel: kernel, dilations: dilations,
        padding: Padding2D(top: padding, left: padding, bottom: padding - 1, right: padding),
        activation: .leakyRelu(slope: 0.1), hasResidual: groups == 2)
      try expectDefinition(item, tolerance: 1e-4)
    }
  }

  /// Windows of every size in pieces of three, and windows whose taps lie apart.
  @Test(
    arguments: [
      ((5, 5), (1, 1)), ((7, 7), (1, 1)), ((2, 2), (1, 1)), ((4, 5), (1, 1)), ((3, 3), (2, 2)),
      ((3, 3), (1, 3)), ((3, 3), (4, 2)), ((5, 3), (2, 1)),
    ] as [((Int, Int), (Int, Int))])
  func windowsInPiecesKeepTheirDigits(kernel: (Int, Int), dilations: (Int, Int)) throws {
    for size in [(17, 21), (32, 16), (9, 40)] {
      let item = ConvolutionCase(
        batch: 2, inChannels: 20, outChannels: 24, height: size.0, width: size.1, kernel: kernel,
        dilations: dilations,
        padding: Padding2D(
          top: kernel.0 / 2 * dilations.0, left: dilations.1, bottom: 3, right: kernel.1),
        activation: .clip(low: -0.5, high: 3), hasResidual: size.0 == 17)
      try expectDefinition(item, tolerance: 5e-5)
    }
  }

  /// So many channels that their weights at Winograd's points are made in each run: all of them
  /// before it where an image has many tiles, a few out channels at a time where it has few; in the
  /// memory that the plan says or in the run's own; with a last panel that is not full.
  @Test(
    arguments: [
      (1, 1, 256, 255, 68, 3), (2, 1, 256, 255, 68, 3), (1, 1, 512, 511, 20, 3),
      (3, 1, 512, 509, 13, 3), (2, 2, 200, 250, 30, 3), (1, 1, 96, 100, 30, 3),
      (1, 1, 160, 181, 30, 5), (1, 1, 60, 70, 40, 7),
    ] as [(Int, Int, Int, Int, Int, Int)])
  func weightsMadeInEachRunKeepTheirDigits(
    batch: Int, groups: Int, channels: Int, outputs: Int, side: Int, taps: Int
  ) throws {
    var generator = SeededGenerator(seed: 78)
    let rows = groups * outputs
    let weights = Tensor(
      generator.floats(rows * channels * taps * taps), shape: [rows, channels, taps, taps])
    let bias = Tensor(generator.floats(rows), shape: [rows])
    let input = Tensor(
      generator.floats(batch * groups * channels * side * side),
      shape: [batch, groups * channels, side, side])
    let axes = [0, 1].map { _ in WindowAxis(taps: taps, before: taps / 2, after: taps / 2) }
    func made(directly: Bool) throws -> Convolution {
      try Convolution(
        weights: weights, bias: bias, axes: axes, groups: groups, activation: .relu,
        directly: directly)
    }
    let (direct, work) = (try made(directly: true), try made(directly: false))
    let plan = try work.plan(for: [side, side])
    let words = try #require(plan.scratchWords(batch: batch))
    #expect(words > 0)
    #expect(try direct.plan(for: [side, side]).scratchWords(batch: batch) == 0)
    let residual = Tensor(
      generator.floats(batch * rows * side * side), shape: [batch, rows, side, side])
    let result = try work(input, residual: residual)
    let expected = try direct(input, residual: residual).elements(as: Float.self).map(Double.init)
    let largest = expected.max() ?? 0
    #expect(worst(result.elements(as: Float.self), expected) < 5e-6 * largest)
    let again = Tensor(uninitialized: result.shape, .float32)
    let scratch = AlignedArray<Float>(count: words) { $0.update(repeating: .nan, count: words) }
    input.withElements(of: Float.self) { source in
      residual.withElements(of: Float.self) { added in
        guard let x = source.baseAddress,
          let y = again.plannedDestination(of: Float.self).baseAddress
        else { return }
        plan.run(
          input: x, batch: batch, residual: added.baseAddress, output: y, scratch: scratch.base)
      }
    }
    #expect(bits(again) == bits(result))
    // Fewer tiles, and with them another way to make the weights: the same bits.
    guard side > 24, try work.plan(for: [20, 20]).scratchWords(batch: 1) ?? 0 > 0 else { return }
    let corner = try work(input.sliced(2, 0..<20).sliced(3, 0..<20).contiguous())
    let whole = try work(input)
    let inside = { (tensor: Tensor) in tensor.sliced(2, 0..<16).sliced(3, 0..<16).contiguous() }
    #expect(bits(inside(corner)) == bits(inside(whole)))
  }

  /// So many groups that each is computed, weights and all, by one thread at a time: in no memory but
  /// its own, and with the bits of any other number of threads.
  @Test(arguments: [(1, 3, 30), (3, 5, 21), (2, 2, 17)], [4, 7])
  func groupsMakeTheirOwnWeights(piece: (batch: Int, taps: Int, side: Int), groups: Int) throws {
    var generator = SeededGenerator(seed: 79)
    let (channels, outputs) = (48, 45)
    let weights = Tensor(
      generator.floats(groups * outputs * channels * piece.taps * piece.taps),
      shape: [groups * outputs, channels, piece.taps, piece.taps])
    let axes = [0, 1].map { _ in WindowAxis(taps: piece.taps, before: 1, after: 1) }
    let input = Tensor(
      generator.floats(piece.batch * groups * channels * piece.side * piece.side),
      shape: [piece.batch, groups * channels, piece.side, piece.side])
    func made(directly: Bool) throws -> Convolution {
      try Convolution(weights: weights, axes: axes, groups: groups, directly: directly)
    }
    let work = try made(directly: false)
    #expect(try work.plan(for: [piece.side, piece.side]).scratchWords(batch: piece.batch) == 0)
    let result = try work(input)
    let expected = try made(directly: true)(input).elements(as: Float.self).map(Double.init)
    #expect(worst(result.elements(as: Float.self), expected) < 5e-6 * (expected.max() ?? 0))
    let alone = try ThreadPool(threads: 1).asCurrent { try work(input) }
    #expect(bits(alone) == bits(result))
  }

  /// Images of few positions, whose out channels lie side by side.
  @Test(arguments: [(1, 1), (3, 3), (7, 7), (1, 17), (5, 10)], [1, 3, 20])
  func fewPositionsAgreeWithTheDefinition(size: (Int, Int), batch: Int) throws {
    for hasResidual in [false, true] {
      let item = ConvolutionCase(
        batch: batch, inChannels: 67, outChannels: 53, height: size.0, width: size.1,
        activation: .relu, hasResidual: hasResidual)
      try expectDefinition(item, tolerance: 2e-5)
    }
  }

  private func expectDefinition(_ item: ConvolutionCase, tolerance: Double) throws {
    let (input, weights, bias, residual) = try item.operands()
    let exact = try item.naive(input, weights, bias, residual).elements(as: Double.self)
    for variant in KernelVariant.all {
      let result = try variant.asCurrent {
        try Convolution(
          weights: weights, bias: bias, strides: item.strides, dilations: item.dilations,
          padding: item.padding, groups: item.groups, activation: item.activation)(
            input, residual: residual)
      }
      #expect(worst(result.elements(as: Float.self), exact) < tolerance, "\(variant.name)")
    }
  }
}
