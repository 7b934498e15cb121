// Room: Grids. One array in canonical order over the variables of many files, read box by box.

internal import GridFiles

/// The part of a field that lies in one file.
struct FieldPiece: Sendable {
  /// Where the elements of one axis of the file stand along that axis of the field.
  enum Places: Sendable {
    /// In the same order, all of them.
    case whole
    /// Element `i` of the file at the `i`th of these places.
    case list([Int], lookup: [Int: Int])

    init(_ places: [Int], of length: Int) {
      if places.count == length, places.elementsEqual(0..<length) {
        self = .whole
      } else {
        self = .list(
          places, lookup: Dictionary(zip(places, places.indices), uniquingKeysWith: { a, _ in a }))
      }
    }

    /// The file's index of the element that stands at `place`, or nil.
    func local(_ place: Int) -> Int? {
      switch self {
      case .whole: place
      case .list(_, let lookup): lookup[place]
      }
    }
  }

  /// The file's number.
  var file: Int
  /// The variable in that file.
  var variable: NetCDFVariable
  /// For each axis of the field, the dimension of the file along it, or nil for one element.
  var dimensions: [Int?]
  /// For each axis of the field, where the file's elements stand.
  var places: [Places]
  /// How the file's units become the field's.
  var conversion: UnitConversion?
}

/// Reads boxes of a field; what no file holds is missing.
final class FieldSource: Sendable {
  let set: FileSet
  /// The lengths of the axes, in canonical order.
  let shape: [Int]
  let pieces: [FieldPiece]
  /// The axis along which most pieces differ, and which pieces stand where along it.
  private let leadingAxis: Int?
  private let piecesByPlace: [Int: [Int]]

  init(set: FileSet, shape: [Int], pieces: [FieldPiece]) {
    self.set = set
    self.shape = shape
    self.pieces = pieces
    guard pieces.count > 1 else {
      leadingAxis = nil
      piecesByPlace = [:]
      return
    }
    let divided = shape.indices.map { axis in
      pieces.count {
        if case .list = $0.places[axis] { true } else { false }
      }
    }
    let axis = shape.indices.max { (divided[$0], shape[$0]) < (divided[$1], shape[$1]) } ?? 0
    var index: [Int: [Int]] = [:]
    for (number, piece) in pieces.enumerated() {
      switch piece.places[axis] {
      case .whole: for place in 0..<shape[axis] { index[place, default: []].append(number) }
      case .list(let places, _): for place in places { index[place, default: []].append(number) }
      }
    }
    leadingAxis = axis
    piecesByPlace = index
  }

  /// The pieces that have elements at `place` along `axis`.
  func pieces(at place: Int, along axis: Int) -> [FieldPiece] {
    if axis == leadingAxis { return (piecesByPlace[place] ?? []).map { pieces[$0] } }
    return pieces.filter { $0.places[axis].local(place) != nil }
  }

  /// Neighbouring elements of a request that a file holds at even distances.
  private struct Run {
    var out: Int
    var local: Int
    var step: Int
    var count: Int

    /// The lowest of the file's indices.
    var lowest: Int { step < 0 ? local + (count - 1) * step : local }
    /// How many elements of the file the run spans.
    var span: Int { (count - 1) * abs(step) + 1 }
  }

  /// Distances up to this are read whole and thinned out; larger ones are read one by one.
  private static let widestStep = 4

  private static func runs(_ request: [Int], _ places: FieldPiece.Places) -> [Run] {
    var runs: [Run] = []
    for (out, place) in request.enumerated() {
      guard let local = places.local(place) else { continue }
      if var last = runs.last, last.out + last.count == out {
        let step = local - (last.local + (last.count - 1) * last.step)
        if last.count == 1, step != 0, abs(step) <= widestStep { last.step = step }
        if last.step == step, step != 0, abs(step) <= widestStep {
          last.count += 1
          runs[runs.count - 1] = last
          continue
        }
      }
      runs.append(Run(out: out, local: local, step: 1, count: 1))
    }
    return runs
  }

  /// The values at the given places along each axis, in canonical order; NaN where missing.
  func read(_ request: [[Int]]) throws(GridError) -> [Float] {
    let counts = request.map(\.count)
    guard let total = checkedProduct(counts), total <= FieldSource.largestRead else {
      throw GridError(
        .misuse, "\(counts) values are too many to read at once; read layers or blocks")
    }
    guard total > 0 else { return [] }
    let candidates = self.candidates(request)
    if candidates.count == 1, let values = try whole(pieces[candidates[0]], request) {
      return values
    }
    var values = [Float](repeating: .nan, count: total)
    for number in candidates { try add(pieces[number], request, counts, to: &values) }
    return values
  }

  /// The most values of one read.
  static let largestRead = 1 << 31

  private func candidates(_ request: [[Int]]) -> [Int] {
    guard let leadingAxis else { return Array(pieces.indices) }
    var seen: Set<Int> = []
    return request[leadingAxis].flatMap { piecesByPlace[$0] ?? [] }
      .filter { seen.insert($0).inserted }
  }

  /// The answer where one box of one file is it, as it stands.
  private func whole(_ piece: FieldPiece, _ request: [[Int]]) throws(GridError) -> [Float]? {
    var start = [Int](repeating: 0, count: piece.variable.dimensions.count)
    var count = [Int](repeating: 1, count: piece.variable.dimensions.count)
    var last = -1
    for axis in request.indices {
      let runs = Self.runs(request[axis], piece.places[axis])
      guard runs.count == 1, runs[0].count == request[axis].count, runs[0].step == 1 else {
        return nil
      }
      guard let dimension = piece.dimensions[axis] else { continue }
      guard dimension > last || runs[0].count == 1 else { return nil }
      last = max(last, dimension)
      start[dimension] = runs[0].local
      count[dimension] = runs[0].count
    }
    guard isInOrder(piece, count) else { return nil }
    return try floats(piece, start, count)
  }

  private func isInOrder(_ piece: FieldPiece, _ count: [Int]) -> Bool {
    let long = piece.dimensions.compactMap { $0 }.filter { count[$0] > 1 }
    return zip(long, long.dropFirst()).allSatisfy { $0 < $1 }
  }

  private func floats(
    _ piece: FieldPiece, _ start: [Int], _ count: [Int]
  ) throws(GridError) -> [Float] {
    var values = try set.floats(piece.variable, in: piece.file, start: start, count: count)
    piece.conversion?.apply(to: &values)
    guard values.count == checkedProduct(count) else {
      throw GridError(
        .mismatch, path: set.paths[piece.file], variable: piece.variable.name,
        "changed its size while it was read; read complete files")
    }
    return values
  }

  private func add(
    _ piece: FieldPiece, _ request: [[Int]], _ counts: [Int], to values: inout [Float]
  ) throws(GridError) {
    let runs = request.indices.map { Self.runs(request[$0], piece.places[$0]) }
    guard runs.allSatisfy({ !$0.isEmpty }) else { return }
    let strides = rowMajorStrides(counts)
    var choice = [Int](repeating: 0, count: runs.count)
    repeat {
      let chosen = choice.indices.map { runs[$0][choice[$0]] }
      try add(piece, chosen, strides, to: &values)
    } while advance(&choice, runs.map(\.count))
  }

  private func add(
    _ piece: FieldPiece, _ runs: [Run], _ strides: [Int], to values: inout [Float]
  ) throws(GridError) {
    let rank = piece.variable.dimensions.count
    var start = [Int](repeating: 0, count: rank)
    var count = [Int](repeating: 1, count: rank)
    for (axis, run) in runs.enumerated() {
      guard let dimension = piece.dimensions[axis] else { continue }
      start[dimension] = run.lowest
      count[dimension] = run.span
    }
    let read = try floats(piece, start, count)
    let fileStrides = rowMajorStrides(count)
    var from = StridedBox(start: 0, strides: [])
    var to = StridedBox(start: 0, strides: strides)
    for (axis, run) in runs.enumerated() {
      to.start += run.out * strides[axis]
      let stride = piece.dimensions[axis].map { fileStrides[$0] } ?? 0
      from.strides.append(stride * run.step)
      from.start += (run.local - run.lowest) * stride
    }
    values.withUnsafeMutableBufferPointer {
      copyBox(runs.map(\.count), from: read, from, to: $0, to)
    }
  }
}

/// The distance of neighbours along each axis of a row-major array.
func rowMajorStrides(_ counts: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: counts.count)
  for axis in counts.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] &* counts[axis + 1]
  }
  return strides
}

/// Steps to the next combination, the last digit fastest; false after the last one.
func advance(_ digits: inout [Int], _ counts: [Int]) -> Bool {
  for place in digits.indices.reversed() {
    digits[place] += 1
    if digits[place] < counts[place] { return true }
    digits[place] = 0
  }
  return false
}
