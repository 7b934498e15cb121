// Tests of Grids: weights are kept in a folder, and a damaged file is never believed.

import Foundation
import Grids
import TestSupport
import Testing

@Suite struct WeightCacheTests {
  private func regridder(_ folder: String, _ method: RegridMethod) throws -> Regridder {
    try Regridder(
      from: HorizontalGrid(spec: "r36x18"), to: HorizontalGrid(spec: "global_15"), method: method,
      options: RegridOptions(cacheFolder: folder))
  }

  @Test(arguments: RegridMethod.allCases)
  func weightsAreReadBackAsTheyWere(_ method: RegridMethod) throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appending(path: "weights").path
    let first = try regridder(path, method)
    let second = try regridder(path, method)
    guard case .written(let file) = first.cacheStatus else {
      Issue.record("not written: \(first.cacheStatus)")
      return
    }
    #expect(second.cacheStatus == .read(file))
    #expect(first.weights == second.weights)
  }

  @Test func damageIsNoticedEverywhere() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.path
    let first = try regridder(path, .conservative)
    guard case .written(let file) = first.cacheStatus else {
      Issue.record("not written")
      return
    }
    let whole = try Data(contentsOf: URL(filePath: file))
    for place in stride(from: whole.count - 1, to: 0, by: -max(1, whole.count / 40)) {
      var damaged = whole
      damaged[place] ^= 0x55
      try damaged.write(to: URL(filePath: file))
      #expect(try regridder(path, .conservative).weights == first.weights)
      try whole.prefix(place).write(to: URL(filePath: file))
      let again = try regridder(path, .conservative)
      #expect(again.weights == first.weights && again.cacheStatus == .written(file))
    }
  }

  @Test func otherOptionsHaveOtherFiles() throws {
    let folder = try TemporaryFolder()
    _ = try regridder(folder.url.path, .bilinear)
    let masked = try Regridder(
      from: HorizontalGrid(spec: "r36x18"), to: HorizontalGrid(spec: "global_15"),
      method: .bilinear,
      options: RegridOptions(
        sourceMask: [Bool](repeating: true, count: 648), cacheFolder: folder.url.path))
    if case .read = masked.cacheStatus { Issue.record("took another regridding's weights") }
  }

  @Test func aFolderThatCannotBeWrittenIsNoFailure() throws {
    let regridder = try regridder("/dev/null/weights", .nearest)
    if case .failed = regridder.cacheStatus {} else { Issue.record("\(regridder.cacheStatus)") }
    #expect(regridder.unmappedCount == 0)
  }
}
