// Room: Networks. How Resize maps output coordinates to input coordinates, and with what weights.

internal import Foundation
internal import Tensors

/// A `Resize` node's attributes.
struct ResizeRule: Sendable {
  enum Mode: Sendable { case nearest, linear, cubic }

  let mode: Mode
  var coordinates: String
  let nearest: String
  let cubic: Double
  let excludesOutside: Bool
  let extrapolation: Double
  let antialias: Bool
  let axes: [Int]?
  let policy: String

  init(_ node: NodeDescription) throws {
    switch try node.string("mode", default: "nearest") {
    case "nearest": mode = .nearest
    case "linear": mode = .linear
    case "cubic": mode = .cubic
    case let other: throw OperatorFault.unsupported("mode '\(other)'")
    }
    // Opset 10 knew one rule only: position = index / scale, for nearest rounded down where the
    // result is larger and up where it is smaller.
    coordinates =
      node.opset < 11
      ? "asymmetric"
      : try node.choice(
        "coordinate_transformation_mode", default: "half_pixel",
        [
          "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
          "tf_half_pixel_for_nn", "tf_crop_and_resize",
        ])
    nearest =
      node.opset < 11
      ? "towards corner"
      : try node.choice(
        "nearest_mode", default: "round_prefer_floor",
        ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    cubic = Double(try node.float("cubic_coeff_a", default: -0.75))
    excludesOutside = try node.flag("exclude_outside")
    extrapolation = Double(try node.float("extrapolation_value", default: 0))
    antialias = try node.flag("antialias")
    axes = try node.ints("axes")
    policy = try node.choice(
      "keep_aspect_ratio_policy", default: "stretch", ["stretch", "not_larger", "not_smaller"])
  }

  /// Whether every output is some input, whatever its type: nearest without extrapolation.
  var copies: Bool { mode == .nearest && coordinates != "tf_crop_and_resize" }

  /// The scaling along every axis of `shape`.
  func resolve(
    _ shape: Shape, region: [Double]?, scales: [Double]?, sizes: [Int]?
  ) throws -> [ResizedAxis] {
    let rank = shape.rank
    let resized = try axes?.map { try Checked.axis($0, rank: rank) } ?? Array(0..<rank)
    guard Set(resized).count == resized.count else {
      throw OperatorFault.invalid("attribute 'axes' names an axis twice")
    }
    guard (scales == nil) != (sizes == nil) else {
      throw OperatorFault.invalid("needs either scales or sizes")
    }
    if let given = scales?.count ?? sizes?.count, given != resized.count {
      throw OperatorFault.invalid("\(given) scales or sizes for \(resized.count) dimensions")
    }
    var result = shape.dimensions.map { ResizedAxis(input: $0, output: $0, scale: 1) }
    if coordinates == "tf_crop_and_resize" {
      guard let region, region.count == 2 * resized.count else {
        throw OperatorFault.invalid("tf_crop_and_resize needs a region of interest")
      }
      for (place, axis) in resized.enumerated() {
        result[axis].region = (region[place], region[place + resized.count])
      }
    }
    if let scales {
      for (place, axis) in resized.enumerated() {
        let scale = scales[place]
        guard scale > 0, scale.isFinite else {
          throw OperatorFault.invalid("scale \(scale) is not positive")
        }
        result[axis].scale = scale
        // The region counts in where a position lies, not in how many there are.
        result[axis].output = try Checked.integer((Double(shape[axis]) * scale).rounded(.down))
      }
    } else if let sizes {
      var wanted = sizes
      if policy != "stretch" {
        let ratios = resized.enumerated().map {
          Double(sizes[$0.offset]) / Double(shape[$0.element])
        }
        let ratio = (policy == "not_larger" ? ratios.min() : ratios.max()) ?? 1
        for (place, axis) in resized.enumerated() {
          wanted[place] = try Checked.integer(
            (ratio * Double(shape[axis])).rounded(.toNearestOrAwayFromZero))
          result[axis].scale = ratio
        }
      }
      for (place, axis) in resized.enumerated() {
        guard wanted[place] >= 0 else {
          throw OperatorFault.invalid("size \(wanted[place]) is negative")
        }
        result[axis].output = wanted[place]
        if policy == "stretch", shape[axis] > 0 {
          result[axis].scale = Double(wanted[place]) / Double(shape[axis])
        }
      }
    }
    for axis in result where axis.input == 0 && axis.output > 0 {
      throw OperatorFault.invalid("shape \(shape) has nothing to interpolate")
    }
    return result
  }

  /// Where output `index` lies in the input, in elements.
  func coordinate(_ index: Int, _ axis: ResizedAxis) -> Double {
    let x = Double(index)
    let (input, output) = (Double(axis.input), Double(axis.output))
    // What the scale makes of the length, before it is cut to an integer.
    let extent = axis.scale * input
    switch coordinates {
    case "align_corners": return extent == 1 ? 0 : x * (input - 1) / (extent - 1)
    case "asymmetric": return x / axis.scale
    case "pytorch_half_pixel": return axis.output > 1 ? (x + 0.5) / axis.scale - 0.5 : -0.5 + 0.5
    case "tf_half_pixel_for_nn": return (x + 0.5) / axis.scale
    case "tf_crop_and_resize":
      let (start, end) = axis.region ?? (0, 1)
      return axis.output > 1
        ? start * (input - 1) + x * (end - start) * (input - 1) / (output - 1)
        : 0.5 * (start + end) * (input - 1)
    case "half_pixel_symmetric":
      let adjustment = output / (axis.scale * input)
      return input / 2 * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5
    default: return (x + 0.5) / axis.scale - 0.5
    }
  }

  /// The input element that a coordinate means when interpolation is by nearest neighbour.
  func nearestIndex(_ coordinate: Double, _ axis: ResizedAxis) -> Int {
    let rounded: Double
    switch nearest {
    case "towards corner": rounded = coordinate.rounded(axis.scale < 1 ? .up : .down)
    case "floor": rounded = coordinate.rounded(.down)
    case "ceil": rounded = coordinate.rounded(.up)
    case "round_prefer_ceil": rounded = (coordinate + 0.5).rounded(.down)
    default: rounded = (coordinate - 0.5).rounded(.up)
    }
    // NaN, from a region of interest that is none, is as good as 0.
    return Int(min(max(rounded.isNaN ? 0 : rounded, 0), Double(axis.input - 1)))
  }
}

/// One dimension's scaling.
struct ResizedAxis: Sendable {
  var input: Int
  var output: Int
  var scale: Double
  var region: (Double, Double)?

  /// Whether nothing happens along the dimension.
  var isUnchanged: Bool { input == output && scale == 1 && region == nil }
}

/// For each output position along an axis: which input elements, with which weights.
struct ResizeTaps: Sendable {
  /// Elements per position.
  let width: Int
  let indices: [Int]
  let weights: [Double]
  /// Positions that lie outside the input and get the extrapolation value.
  let outside: [Bool]

  init(_ axis: ResizedAxis, _ rule: ResizeRule) {
    var width = 0
    var rows: [([Int], [Double])] = []
    var outside: [Bool] = []
    for index in 0..<axis.output {
      let x = rule.coordinate(index, axis)
      outside.append(
        rule.coordinates == "tf_crop_and_resize" && (x < 0 || x > Double(axis.input - 1)))
      let row = Self.row(x, axis, rule)
      width = max(width, row.0.count)
      rows.append(row)
    }
    var indices: [Int] = []
    var weights: [Double] = []
    for (ownIndices, ownWeights) in rows {
      let missing = width - ownIndices.count
      indices += ownIndices + [Int](repeating: ownIndices.last ?? 0, count: missing)
      weights += ownWeights + [Double](repeating: 0, count: missing)
    }
    self.width = width
    self.indices = indices
    self.weights = weights
    self.outside = outside
  }

  private static func row(
    _ x: Double, _ axis: ResizedAxis, _ rule: ResizeRule
  ) -> ([Int], [Double]) {
    let last = axis.input - 1
    // No region of interest leads further than this from what there is; NaN leads nowhere.
    let x = min(max(x.isNaN ? 0 : x, -1e12), 1e12)
    func clamped(_ index: Int) -> Int { min(max(index, 0), last) }
    if rule.mode == .nearest { return ([rule.nearestIndex(x, axis)], [1]) }
    // Shrinking with antialias widens the filter by the same factor.
    // A filter wider than this sees everything, whatever the scale.
    let widest = 4 * Double(axis.input) + 4
    let shrink = rule.antialias ? min(max(1, 1 / axis.scale), widest) : 1
    let radius = rule.mode == .linear ? shrink : 2 * shrink
    let first: Int
    let count: Int
    if rule.antialias {
      first = Int((x - radius).rounded(.down)) + 1
      count = max(1, Int((x + radius).rounded(.up)) - first)
    } else {
      let base = Int(x.rounded(.down))
      first = rule.mode == .linear ? base : base - 1
      count = rule.mode == .linear ? 2 : 4
    }
    var indices: [Int] = []
    var weights: [Double] = []
    for index in first..<first + count {
      var weight = filter((Double(index) - x) / shrink, rule)
      if rule.excludesOutside, index < 0 || index > last { weight = 0 }
      indices.append(clamped(index))
      weights.append(weight)
    }
    let sum = weights.reduce(0, +)
    if (rule.excludesOutside || rule.antialias), sum != 0 { weights = weights.map { $0 / sum } }
    return (indices, weights)
  }

  private static func filter(_ x: Double, _ rule: ResizeRule) -> Double {
    let distance = abs(x)
    if rule.mode == .linear { return max(0, 1 - distance) }
    let a = rule.cubic
    if distance <= 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    if distance < 2 { return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a }
    return 0
  }
}
