// Room: Grids. Keeps weights in a folder, so that the same regridding is computed once.

internal import Foundation
internal import GridFiles

/// What became of the folder of weights.
public enum WeightCacheStatus: Sendable, Equatable {
  /// None was given.
  case unused
  /// The weights were read from this file.
  case read(String)
  /// The weights were computed and written to this file.
  case written(String)
  /// The weights were computed, and could not be written.
  case failed(String)
}

/// A folder of weights: one file for each pair of grids and choice of options.
struct WeightCache: Sendable {
  /// The version of the weights' meaning; files of other versions are computed again.
  static let version = "squall-weights-1"

  let folder: String
  let source: GridGeometry
  let target: GridGeometry
  let method: RegridMethod
  let options: RegridOptions

  /// What the weights depend on, and nothing else.
  private var key: String {
    var print = Fingerprint()
    print.add(Self.version)
    print.add(source)
    print.add(target)
    print.add(method.rawValue)
    print.add(options.normalisation.rawValue)
    // Only the nearest neighbour's weights reach outside by themselves.
    print.add(method == .nearest ? options.extrapolation.rawValue : "")
    print.add(options.pole.rawValue)
    print.add([options.minimum(for: method)])
    print.add(options.sourceMask)
    print.add(options.targetMask)
    return print.text
  }

  /// The weights from the folder, or those that `make` computes and the folder keeps.
  ///
  /// Edge cases: a file that is damaged, cut short or of another regridding counts as none.
  func weights(
    _ make: () throws(GridError) -> RegridWeights
  ) throws(GridError) -> (RegridWeights, WeightCacheStatus) {
    let key = key
    let path = folder + (folder.hasSuffix("/") ? "" : "/") + "weights-\(method.rawValue)-\(key).nc"
    if let found = read(path, key) { return (found, .read(path)) }
    let weights = try make()
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      try WeightFile(weights: weights, method: method, options: options).write(path, key: key)
      return (weights, .written(path))
    } catch let error as GridFileError {
      return (weights, .failed(error.description))
    } catch {
      return (weights, .failed("\(folder): cannot be made: \(error.localizedDescription)"))
    }
  }

  private func read(_ path: String, _ key: String) -> RegridWeights? {
    guard FileManager.default.fileExists(atPath: path),
      let weights = try? WeightFile.read(path, key: key),
      weights.sourceCount == source.count, weights.targetCount == target.count
    else { return nil }
    return weights
  }
}

/// Weights in SCRIP's layout, which CDO and others read, with what tells damage.
///
/// Source: SCRIP user's guide, appendix: addresses count from 1; `remap_matrix(num_links, num_wgts)`.
struct WeightFile {
  let weights: RegridWeights
  let method: RegridMethod
  let options: RegridOptions

  private static func checksum(_ weights: RegridWeights) -> String {
    var print = Fingerprint()
    print.add(weights.starts.map { Double($0) })
    print.add(weights.cells)
    print.add(weights.values)
    print.add(weights.coverage)
    return print.text
  }

  func write(_ path: String, key: String) throws(GridFileError) {
    let writer = try NetCDFWriter(path: path)
    do throws(GridFileError) {
      try write(to: writer, key: key)
      try writer.commit()
    } catch {
      writer.abandon()
      throw error
    }
  }

  private func write(to writer: NetCDFWriter, key: String) throws(GridFileError) {
    let linkCount = weights.linkCount
    // An empty dimension cannot be made: without links there is one that is not counted.
    let stored = max(1, linkCount)
    let links = try writer.addDimension("num_links", length: stored)
    let terms = try writer.addDimension("num_wgts", length: weights.terms)
    _ = try writer.addDimension("src_grid_size", length: weights.sourceCount)
    let targets = try writer.addDimension("dst_grid_size", length: weights.targetCount)
    let from = try writer.addVariable("src_address", .int32, [links])
    let to = try writer.addVariable("dst_address", .int32, [links])
    let matrix = try writer.addVariable("remap_matrix", .double, [links, terms])
    let fraction = try writer.addVariable("dst_grid_frac", .double, [targets])
    try writer.setAttributes([
      "title": "Squall regridding weights", "conventions": "SCRIP",
      "map_method": .text(Self.names[method] ?? method.rawValue),
      "normalization": .text(
        method.isConservative
          ? (options.normalisation == .fraction ? "fracarea" : "destarea") : "none"),
      "squall_version": .text(WeightCache.version), "squall_key": .text(key),
      "squall_checksum": .text(Self.checksum(weights)), "squall_links": .int64([Int64(linkCount)]),
      "squall_has_fractions": .int32([weights.coverage.isEmpty ? 0 : 1]),
    ])
    try writer.endDefinitions()
    var addresses: [Int32] = []
    addresses.reserveCapacity(stored)
    for row in 0..<weights.targetCount {
      addresses += repeatElement(
        Int32(truncatingIfNeeded: row + 1), count: weights.starts[row + 1] - weights.starts[row])
    }
    let isEmpty = linkCount == 0
    try writer.write(
      .int32(isEmpty ? [1] : weights.cells.map { $0 + 1 }), to: from, start: [0], count: [stored])
    try writer.write(.int32(isEmpty ? [1] : addresses), to: to, start: [0], count: [stored])
    try writer.write(
      .double(isEmpty ? [Double](repeating: 0, count: weights.terms) : weights.values),
      to: matrix, start: [0, 0], count: [stored, weights.terms])
    let fractions =
      weights.coverage.isEmpty
      ? (0..<weights.targetCount).map { weights.starts[$0] < weights.starts[$0 + 1] ? 1.0 : 0 }
      : weights.coverage
    try writer.write(.double(fractions), to: fraction, start: [0], count: [weights.targetCount])
  }

  private static let names: [RegridMethod: String] = [
    .nearest: "Distance weighted avg of nearest neighbors", .bilinear: "Bilinear remapping",
    .bicubic: "Bicubic remapping", .conservative: "Conservative remapping",
    .conservative2: "Conservative remapping",
  ]

  /// Reads weights that are whole and have this key; nil for others.
  static func read(_ path: String, key: String) throws(GridFileError) -> RegridWeights? {
    let file = try NetCDFFile(path: path)
    guard file.attributes.text("squall_version") == WeightCache.version,
      file.attributes.text("squall_key") == key,
      let linkCount = file.attributes.number("squall_links").flatMap({ Int(exactly: $0) }),
      let hasFractions = file.attributes.number("squall_has_fractions"),
      let sourceCount = file.dimension("src_grid_size")?.length,
      let targetCount = file.dimension("dst_grid_size")?.length,
      let terms = file.dimension("num_wgts")?.length, terms > 0, linkCount >= 0,
      let from = file.variable("src_address"), let to = file.variable("dst_address"),
      let matrix = file.variable("remap_matrix"), let fraction = file.variable("dst_grid_frac"),
      case .int32(let sources) = try file.values(of: from),
      case .int32(let targets) = try file.values(of: to),
      case .double(let values) = try file.values(of: matrix),
      case .double(let fractions) = try file.values(of: fraction),
      sources.count == max(1, linkCount), targets.count == sources.count,
      values.count == sources.count * terms, fractions.count == targetCount
    else { return nil }
    var starts = [Int](repeating: 0, count: targetCount + 1)
    for target in targets.prefix(linkCount) {
      guard target > 0, Int(target) <= targetCount else { return nil }
      starts[Int(target)] += 1
    }
    for row in 0..<targetCount { starts[row + 1] += starts[row] }
    let weights = RegridWeights(
      sourceCount: sourceCount, terms: terms, starts: starts,
      cells: sources.prefix(linkCount).map { $0 &- 1 },
      values: Array(values.prefix(linkCount * terms)),
      coverage: hasFractions == 1 ? fractions : [])
    guard weights.cells.allSatisfy({ $0 >= 0 && Int($0) < sourceCount }),
      file.attributes.text("squall_checksum") == checksum(weights)
    else { return nil }
    return weights
  }
}
