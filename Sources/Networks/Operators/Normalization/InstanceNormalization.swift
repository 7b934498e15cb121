// Room: Networks. The operator InstanceNormalization.

internal import Tensors

/// Each channel of each image brought to mean 0 and variance 1, then scaled and shifted by channel.
package struct InstanceNormalizationOperator: Operator {
  let epsilon: Double

  package init(_ node: NodeDescription) throws {
    epsilon = Double(try node.float("epsilon", default: 1e-5))
  }

  package var inPlaceInputs: [Int] { [0] }

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    let input = try inputs.required(0, rank: 3...64)
    let type = try inputs.requireSameType([0, 1, 2])
    for index in 1...2 {
      let shape = try inputs.required(index).shape
      guard shape.dimensions == [input.shape[1]] else {
        throw OperatorFault.invalid(
          "input \(index) of shape \(shape) does not fit \(input.shape[1]) channels")
      }
    }
    return [TensorFacts(type, input.shape)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shape = try inputs.required(0).shape
    return try RealKernel.make(
      inputs.required(0).elementType,
      GroupedNormalization(
        groups: shape[0] * shape[1], channelsInGroup: 1, channels: shape[1],
        plane: shape.dimensions[2...].reduce(1, *), epsilon: epsilon, scalesByGroup: false,
        activation: .none))
  }
}

/// Normalises groups of neighbouring channels; scale and shift by channel or by group, then an
/// activation (of float32 only).
struct GroupedNormalization: RealBody {
  var groups: Int
  var channelsInGroup: Int
  var channels: Int
  var plane: Int
  var epsilon: Double
  var scalesByGroup: Bool
  var activation: Activation

  func kernel<T: Number & Real>(_: T.Type) throws -> Kernel {
    Kernel { [self] arguments in
      let target = try arguments.output().plannedDestination(of: T.self)
      try arguments.input(0).withElements(of: T.self) { input in
        try arguments.input(1).withElements(of: T.self) { scales in
          try arguments.input(2).withElements(of: T.self) { shifts in
            guard let x = input.baseAddress, let y = target.baseAddress, !target.isEmpty else {
              return
            }
            if sharesGroups {
              return shared(x, y, scales, shifts)
            }
            Parallel.items(groups, nanoseconds: Double(count)) { group in
              let (mean, variance) = RowMoments.meanAndVariance(x + group * count, count: count)
              for own in 0..<channelsInGroup {
                finish(x, y, group, own, mean, variance, scales, shifts)
              }
            }
          }
        }
      }
    }
  }

  /// Elements of one group.
  private var count: Int { channelsInGroup * plane }

  /// Whether threads share a group: where it is too large for a cache, or groups are few.
  private var sharesGroups: Bool {
    count > 1 << 17 || groups < 4 && count > 1 << 14
  }

  /// Scales and shifts one channel of a group with this mean and this variance.
  @inline(__always)
  private func finish<T: Number & Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ group: Int, _ own: Int, _ mean: Double,
    _ variance: Double, _ scales: UnsafeBufferPointer<T>, _ shifts: UnsafeBufferPointer<T>
  ) {
    let start = group * count + own * plane
    let place =
      scalesByGroup
      ? group % max(1, channels / channelsInGroup) : (group * channelsInGroup + own) % channels
    let scale = Double(scales[place]) / (variance + epsilon).squareRoot()
    RowMoments.affine(
      x + start, y + start, count: plane, scale: T(scale),
      shift: T(Double(shifts[place]) - mean * scale), activation)
  }

  /// Threads share first the moments of pieces, then the channels.
  private func shared<T: Number & Real>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ scales: UnsafeBufferPointer<T>,
    _ shifts: UnsafeBufferPointer<T>
  ) {
    let piece = 1 << 15
    let pieces = (count + piece - 1) / piece
    Scratch.with(Moments.self, count: groups * pieces) { moments in
      Parallel.items(groups * pieces, nanoseconds: Double(piece) * 0.2) { item in
        let (group, start) = (item / pieces, item % pieces * piece)
        let length = min(piece, count - start)
        let (mean, variance) = RowMoments.meanAndVariance(x + group * count + start, count: length)
        moments[item] = Moments(
          count: Double(length), mean: mean, squares: variance * Double(length))
      }
      Parallel.items(groups * channelsInGroup, nanoseconds: Double(plane) * 0.5) { item in
        let group = item / channelsInGroup
        var whole = moments[group * pieces]
        for index in 1..<max(pieces, 1) { whole.add(moments[group * pieces + index]) }
        finish(
          x, y, group, item % channelsInGroup, whole.mean, whole.squares / whole.count, scales,
          shifts)
      }
    }
  }
}
