// Tests of Grids: whatever the moment at which a writing process is killed, the file under the
// target's name is the old one, the new one or absent.
//
// `SQUALL_KILLS=10000 swift test … --filter KilledWriterTests` kills more often than CI has time for.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: Child.path(of: "KilledWriter") != nil))
struct KilledWriterTests {
  static let kills = ProcessInfo.processInfo.environment["SQUALL_KILLS"].flatMap { Int($0) } ?? 20

  /// Runs `KilledWriter`; `delay` in microseconds is when it is killed.
  @discardableResult
  private func run(_ arguments: [String], killAfter delay: UInt32? = nil) throws -> Int32? {
    let child = try Child(try #require(Child.path(of: "KilledWriter")), arguments)
    if let delay {
      usleep(delay)
      child.kill()
    }
    return child.wait()
  }

  /// A moment in a life of `duration`, of which the first third is the start of the process.
  private func delay(_ duration: UInt32, _ random: inout SeededGenerator) -> UInt32 {
    UInt32.random(in: duration / 3...duration + duration / 2, using: &random)
  }

  private func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  /// What the program writes when it is left alone, and how many microseconds that takes.
  private func undisturbed(
    _ folder: TemporaryFolder, _ mode: String, seed: Int
  ) throws -> (Data, UInt32) {
    let path = folder.path("undisturbed.nc")
    let clock = ContinuousClock()
    var times: [Duration] = []
    for _ in 0..<5 {
      try? FileManager.default.removeItem(atPath: path)
      let start = clock.now
      #expect(try run([mode, path, "\(seed)"]) == 0)
      times.append(clock.now - start)
    }
    let data = try #require(bytes(path))
    for name in try folder.contents() {
      try FileManager.default.removeItem(atPath: folder.path(name))
    }
    return (data, UInt32((times.sorted()[2] / .microseconds(1)).rounded()))
  }

  @Test func overwriting() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    let (first, duration) = try undisturbed(folder, "write", seed: 1)
    let (second, _) = try undisturbed(folder, "write", seed: 2)
    var random = SeededGenerator(seed: 1)
    var counts = [0, 0, 0]
    for turn in 0..<Self.kills {
      if turn % 3 == 0 { try? FileManager.default.removeItem(atPath: path) }
      if turn % 3 == 0 { try? FileManager.default.removeItem(atPath: path + ".sha256") }
      let before = bytes(path)
      let seed = turn % 2 + 1
      try run(
        ["write", path, "\(seed)"],
        killAfter: delay(duration, &random))
      let after = bytes(path)
      let expected = seed == 1 ? first : second
      #expect(after == before || after == expected, "turn \(turn): neither old nor new")
      counts[after == nil ? 0 : after == before ? 1 : 2] += 1
      // A checksum is absent or right.
      if let line = bytes(path + ".sha256") {
        let digest = try FileMetadata.Input(readingChecksumOf: path).sha256 ?? ""
        #expect(String(decoding: line, as: UTF8.self) == "\(digest)  out.nc\n", "turn \(turn)")
      }
      let hidden = try folder.contents().filter { $0.hasPrefix(".") }
      #expect(hidden.count <= 3, "turn \(turn): \(hidden)")
    }
    #expect(try run(["write", path, "1"]) == 0)
    #expect(try folder.contents() == ["out.nc", "out.nc.sha256"], "leftovers were not removed")
    #expect(bytes(path) == first)
    print("killed \(Self.kills) writers: absent \(counts[0]), old \(counts[1]), new \(counts[2])")
  }

  @Test func appending() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    #expect(try run(["begin", path, "1"]) == 0)
    let clock = ContinuousClock()
    let duration = UInt32(
      (clock.measure { _ = try? run(["append", path, "1"]) }) / .microseconds(1))
    var random = SeededGenerator(seed: 2)
    var times = 2
    var grown = 0
    for turn in 0..<Self.kills {
      try run(
        ["append", path, "1"],
        killAfter: delay(duration, &random))
      let dataset = try GridDataset(paths: [path])
      let sst = try dataset.variable("sst")
      let found = try dataset.times(of: sst)
      #expect(found.count == times || found.count == times + 1, "turn \(turn)")
      grown += found.count - times
      times = found.count
      let values = try dataset.frame(sst, at: times - 1).values
      #expect(values == Self.values(seed: 1, step: times), "turn \(turn): wrong values")
      if times > 40 {
        #expect(try run(["begin", path, "1"]) == 0)
        times = 1
      }
    }
    #expect(try run(["append", path, "1"]) == 0)
    #expect(try folder.contents() == ["out.nc"])
    print("killed \(Self.kills) appenders: \(grown) times added")
  }

  @Test func resuming() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    let (whole, duration) = try undisturbed(folder, "resume", seed: 3)
    var random = SeededGenerator(seed: 3)
    var finished = 0
    for turn in 0..<Self.kills {
      let status = try run(
        ["resume", path, "3"],
        killAfter: delay(duration, &random))
      let after = bytes(path)
      #expect(after == nil || after == whole, "turn \(turn): not whole")
      #expect(status == nil || status == 0)
      if after != nil {
        finished += 1
        try FileManager.default.removeItem(atPath: path)
      }
    }
    #expect(try run(["resume", path, "3"]) == 0)
    #expect(bytes(path) == whole, "the resumed file differs from one written without a break")
    #expect(try folder.contents() == ["out.nc"])
    print("killed \(Self.kills) resumed writers: \(finished) files were finished meanwhile")
  }

  @Test func twoAtOnce() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.nc")
    let (first, _) = try undisturbed(folder, "write", seed: 1)
    let (second, _) = try undisturbed(folder, "write", seed: 2)
    let program = try #require(Child.path(of: "KilledWriter"))
    for turn in 0..<max(5, Self.kills / 20) {
      let children = try [1, 2].map { try Child(program, ["write", path, "\($0)"]) }
      for child in children { #expect(child.wait() == 0) }
      let found = bytes(path)
      #expect(found == first || found == second, "turn \(turn): a mixture")
    }
    try FileManager.default.removeItem(atPath: path)
    #expect(try run(["begin", path, "1"]) == 0)
    // Of those that append at once, each adds its time or fails and says that it could not.
    var added = 0
    for _ in 0..<max(5, Self.kills / 20) {
      let children = try (0..<3).map { _ in try Child(program, ["append", path, "1"]) }
      added += children.map { $0.wait() == 0 ? 1 : 0 }.reduce(0, +)
    }
    let dataset = try GridDataset(paths: [path])
    #expect(try dataset.times(of: try dataset.variable("sst")).count == 1 + added)
    #expect(added > 0)
  }

  private static func values(seed: UInt32, step: Int) -> [Float] {
    var state = seed &* 2_654_435_761 &+ UInt32(step)
    return (0..<(48 * 40)).map { _ -> Float in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 12) / 65536
    }
  }
}
