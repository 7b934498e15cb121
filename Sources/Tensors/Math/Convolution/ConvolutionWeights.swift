// Room: Tensors. A convolution's weights, packed for whichever route asks for them.

internal import Synchronization

/// The weights of a convolution, rows of `depth` for each output channel, and its bias. Each packing
/// of them is made when a plan first needs it, and kept.
final class ConvolutionWeights: Sendable {
  let groups: Int, rows: Int, depth: Int
  let variant: KernelVariant
  /// Whose memory and whose store of weights this is.
  private let account = MemoryAccount.current
  private let source: Source
  private let direct = Mutex<WeightPanels?>(nil)
  /// By the side of the tiles, negative where they are made in each run.
  private let expanded = Mutex<[Int: WinogradWeights]>([:])
  private let tapByTap = Mutex<WeightPanels?>(nil)
  private let lanewise = Mutex<AlignedArray<Float>?>(nil)
  private let asMatrix = Mutex<PackedMatrix?>(nil)

  private enum Source: Sendable {
    case tensor(Tensor, bias: Tensor?)
    /// Weights that were put together for one packing alone.
    case packed(WeightPanels)
  }

  /// The weights of `groups` times `rows` output channels, which lie one after the other.
  private init(_ weights: Tensor, bias: Tensor?, groups: Int, variant: KernelVariant) {
    self.groups = groups
    rows = weights.shape[0] / groups
    depth = weights.count / weights.shape[0]
    self.variant = variant
    source = .tensor(weights, bias: bias)
  }

  /// Weights that only direct routes use.
  init(
    _ panels: WeightPanels, groups: Int, rows: Int, depth: Int, variant: KernelVariant
  ) {
    (self.groups, self.rows, self.depth, self.variant) = (groups, rows, depth, variant)
    source = .packed(panels)
  }

  /// Each weight once, with the bias as starting values.
  var panels: WeightPanels {
    switch source {
    case .packed(let panels): panels
    case .tensor(let tensor, let bias):
      direct.withLock { known in
        if let known { return known }
        let depth = depth
        let made = WeightPanels(
          tensor, bias: bias, groups: groups, rows: rows, depth: depth, variant: variant
        ) { row, k in row * depth + k }
        known = made
        return made
      }
    }
  }

  /// The weights of one tap after the other, `taps` of them for each group and in channel, which must be
  /// the same each time, and the bias; nil where only the direct packing is there.
  func tapwise(taps: Int) -> (WeightPanels, bias: [Float])? {
    guard case .tensor(let tensor, let bias) = source else { return nil }
    let starts =
      bias?.elements(as: Float.self) ?? [Float](repeating: 0, count: groups * rows)
    return tapByTap.withLock { known in
      if let known { return (known, starts) }
      let (rows, channels) = (rows, depth / taps)
      let made = WeightPanels(
        tensor, bias: nil, groups: groups * taps, rows: rows, depth: channels, variant: variant,
        settings: [3, taps]
      ) { row, k in
        let (place, own) = row.quotientAndRemainder(dividingBy: rows)
        let (group, tap) = place.quotientAndRemainder(dividingBy: taps)
        return ((group * rows + own) * channels + k) * taps + tap
      }
      known = made
      return (made, starts)
    }
  }

  /// For one out channel a group: blocks of as many channels as a vector has lanes, their biases, then
  /// their weights tap by tap; nil where only the direct packing is there.
  var inLanes: AlignedArray<Float>? {
    guard case .tensor(let tensor, let bias) = source, rows == 1 else { return nil }
    return lanewise.withLock { known in
      if let known { return known }
      let (lanes, depth, channels) = (variant.lanes, depth, groups)
      let made = AlignedArray<Float>.stored(
        as: "lanes", settings: [channels, depth], of: [tensor, bias],
        count: (channels + lanes - 1) / lanes * (depth + 1) * lanes
      ) { base in
        let biases = bias?.elements(as: Float.self)
        tensor.withWeights(of: Float.self) { weights in
          for channel in 0..<channels {
            let target = base + channel / lanes * (depth + 1) * lanes + channel % lanes
            target[0] = biases?[channel] ?? 0
            for k in 0..<depth { target[(k + 1) * lanes] = weights[channel * depth + k] }
          }
        }
      }
      known = made
      return made
    }
  }

  /// Each out channel's weights as a column; nil where only the direct packing is there.
  var matrix: PackedMatrix? {
    guard case .tensor(let tensor, let bias) = source, groups == 1 else { return nil }
    return asMatrix.withLock { known in
      if let known { return known }
      guard let flat = try? tensor.reshaped(to: [rows, depth]) else { return nil }
      known = try? PackedMatrix(flat, transposed: true, bias: bias)
      return known
    }
  }

  /// Forgets weights that only Winograd's way needs.
  func letGoOfWinograd() { expanded.withLock { $0 = [:] } }

  /// The weights for Winograd's tiles of `side` × `side` results, of windows that are cut by `cut`,
  /// which must be the same each time; nil where only the direct packing is there.
  ///
  /// - Parameter tiles: How many tiles an image has.
  func winograd(
    side: Int, _ cut: WinogradCut, tiles: Int
  ) -> (weights: WinogradWeights, making: WinogradWeights.Making)? {
    guard case .tensor(let tensor, let bias) = source else { return nil }
    let making = WinogradWeights.making(
      side: side, cut: cut, groups: groups, rows: rows, depth: depth, tiles: tiles)
    let direct = making == .once ? nil : panels
    let weights = expanded.withLock { known -> WinogradWeights in
      let place = making == .once ? side : -side
      if let found = known[place] { return found }
      let made = WinogradWeights(
        tensor, bias: bias, side: side, cut: cut, groups: groups, rows: rows, variant: variant,
        direct: direct)
      known[place] = made
      return made
    }
    return (weights, making)
  }
}

/// Networks that repeat a cell in time have one convolution many times over: their weights are packed
/// once, as long as any of them is alive.
extension ConvolutionWeights {
  private struct Known: Sendable {
    weak var weights: ConvolutionWeights?
  }

  /// By where the weights lie. What is alive keeps its tensor, so that its place stays its own.
  private static let known = Mutex<[Int: [Known]]>([:])

  /// The weights of `groups` times as many output channels as fit, which lie one after the other.
  static func of(
    _ tensor: Tensor, bias: Tensor?, groups: Int, variant: KernelVariant
  ) -> ConvolutionWeights {
    let dense = tensor.contiguous()
    let place = dense.storage.place &+ dense.offset * dense.elementType.byteWidth
    return known.withLock { known in
      let same = known[place]?.lazy.compactMap(\.weights).first {
        $0.holds(dense, bias: bias, groups: groups, variant: variant)
      }
      if let same { return same }
      let made = ConvolutionWeights(dense, bias: bias, groups: groups, variant: variant)
      known = known.filter { $0.value.contains { $0.weights != nil } }
      known[place, default: []].removeAll { $0.weights == nil }
      known[place, default: []].append(Known(weights: made))
      return made
    }
  }

  private func holds(
    _ other: Tensor, bias others: Tensor?, groups: Int, variant: KernelVariant
  ) -> Bool {
    guard case .tensor(let tensor, let bias) = source else { return false }
    return tensor.shape == other.shape && self.groups == groups && self.variant == variant
      && account === MemoryAccount.current
      && bias?.elements(as: Float.self) == others?.elements(as: Float.self)
  }
}
