// Tests of SquallCommand: `squall nowcast` on frames that will do.

import Foundation
import GridFiles
import TestSupport
import Testing

@Suite struct NowcastTests {
  private func nowcast(
    _ frames: [String], to output: String, _ more: [String] = [],
    environment: [String: String?] = [:]
  ) throws -> Outcome {
    try Program.run(
      ["nowcast"] + frames + ["-o", output, "--lead-time", "PT30M"] + more,
      environment: environment)
  }

  @Test func theOutputIsWholeAndTheSummaryNamesIt() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    let outcome = try nowcast(frames, to: folder.path("out.nc"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.hasPrefix("wrote       \(folder.path("out.nc")), "))
    #expect(outcome.output.contains("fields      3 lead times to PT30M, 64 × 64 cells"))
    let file = try NetCDFFile(path: folder.path("out.nc"))
    #expect(try #require(file.variable("rainfall_rate")).shape == [3, 64, 64])
    #expect(file.variable("probability_of_rainfall_rate_above_threshold") == nil)
    #expect(folder.contents.count == frames.count + 1)
  }

  @Test func jsonIsOneObject() throws {
    let folder = try ScratchFolder()
    let outcome = try nowcast(
      try Frames().write(into: folder), to: folder.path("out.nc"), ["--json", "--probabilities"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let object = try #require(outcome.object)
    #expect(object["reference_time"] as? String == "2024-07-18T09:40:00Z")
    #expect(object["lead_times"] as? [String] == ["PT10M", "PT20M", "PT30M"])
    #expect((object["stages"] as? [[String: Any]])?.count == 8)
    #expect((object["total_seconds"] as? Double ?? 0) > 0)
    let file = try NetCDFFile(path: folder.path("out.nc"))
    let probability = try #require(
      file.variable("probability_of_rainfall_rate_above_threshold"))
    #expect(probability.shape.count == 4)
  }

  @Test func theOrderOfTheFilesAndTheNumberOfThreadsChangeNoBit() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    var products: Set<Data> = []
    for (index, more) in [[], ["--threads", "1"], ["--threads", "2"], ["--threads", "3"]]
      .enumerated()
    {
      let output = folder.path("out-\(index).nc")
      let outcome = try nowcast(index == 1 ? frames.reversed() : frames, to: output, more)
      #expect(outcome.status == 0, "\(outcome.errors)")
      // Frames out of order are a remark in the product; the values are what must be the same.
      products.insert(try rates(output))
    }
    #expect(products.count == 1)
  }

  private func rates(_ path: String) throws -> Data {
    let file = try NetCDFFile(path: path)
    let values = try file.floats(of: try #require(file.variable("rainfall_rate")))
    return values.withUnsafeBytes { Data($0) }
  }

  @Test func framesAfterTheReferenceTimeAreNotRead() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    // Nobody may look at what came later: here it is on no grid of use.
    let late = folder.path("late.nc")
    try Frames(isMissing: true).write(late, minutes: 50)
    let whole = try nowcast(
      frames, to: folder.path("a.nc"), ["--reference-time", "2024-07-18T09:30Z"])
    let later = try nowcast(
      frames + [late], to: folder.path("b.nc"), ["--reference-time", "2024-07-18T09:30Z"])
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(later.status == 0, "\(later.errors)")
    #expect(try rates(folder.path("a.nc")) == rates(folder.path("b.nc")))
  }

  @Test func aReferenceTimeStillToComeIsToTryAgain() throws {
    let folder = try ScratchFolder()
    let outcome = try nowcast(
      try Frames().write(into: folder), to: folder.path("out.nc"),
      ["--reference-time", "2024-07-18T10:00Z"])
    #expect(outcome.status == 75)
    #expect(outcome.errors.contains("try again later"))
  }

  @Test func aMissingFrameIsBridgedAndSaidSo() throws {
    let folder = try ScratchFolder()
    var frames = try Frames().write(into: folder)
    frames.remove(at: 3)
    let outcome = try nowcast(frames, to: folder.path("out.nc"), ["--json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let object = try #require(outcome.object)
    #expect(object["missing_times"] as? [String] == ["2024-07-18T09:30:00Z"])
    let file = try NetCDFFile(path: folder.path("out.nc"))
    #expect(file.attributes.text("input_times_missing") == "2024-07-18T09:30:00Z")
    let flag = try #require(file.variable("quality_flag"))
    let values = try file.doubles(of: flag)
    // flag_masks: input_missing 4, input_interpolated 8.
    #expect(values.contains { Int($0) & 12 != 0 })
  }

  @Test func theModelIsFoundFromAnyFolderByNameAndByTheEnvironment() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    let models = SharedFolder.checkout.appending(path: "Models").path
    for (more, environment) in [
      (["--model", models + "/convective-rain"], [:]),
      (["--model", "convective-rain"], ["SQUALL_MODELS": models]),
      ([], [:]),
    ] as [([String], [String: String])] {
      let outcome = try Program.run(
        ["nowcast"] + frames + ["-o", "out.nc", "--lead-time", "PT10M"] + more, in: folder.url,
        environment: environment.mapValues { $0 })
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  @Test func anInputIsNeverOverwritten() throws {
    let folder = try ScratchFolder()
    let frames = try Frames().write(into: folder)
    let outcome = try nowcast(frames, to: frames[0])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("is one of the inputs"))
  }

  @Test func beingStoppedLeavesNothing() throws {
    let folder = try ScratchFolder()
    let frames = try Frames(size: 400).write(into: folder)
    let before = folder.contents
    // Stopped early, in the middle or too late: never is there half a file.
    for delay in ["0.05", "0.3", "0.8"] {
      let outcome = try nowcastStopped(after: delay, frames, folder.path("out.nc"))
      if outcome.status == 0 {
        #expect(throws: Never.self) { try NetCDFFile(path: folder.path("out.nc")) }
        try FileManager.default.removeItem(atPath: folder.path("out.nc"))
      } else {
        #expect(outcome.status == 124, "\(outcome.errors)")
      }
      #expect(folder.contents == before)
    }
  }

  private func nowcastStopped(
    after seconds: String, _ frames: [String], _ output: String
  ) throws -> Outcome {
    try Program.run(
      ["nowcast"] + frames + ["-o", output, "--step", "PT1M"], prefix: ["timeout", seconds])
  }

  @Test(.enabled(if: SharedFolder.exists("data/radar/raw/brisbane-2020-10-31")))
  func realFramesAsTheArchiveDeliversThem() throws {
    let folder = try ScratchFolder()
    let archive = SharedFolder.url.appending(path: "data/radar/raw/brisbane-2020-10-31")
    let frames = ["0350", "0400", "0410", "0420", "0430"].map {
      archive.appending(path: "66_20201031_\($0)00.prcp-c10.nc").path
    }
    let outcome = try Program.run(["nowcast"] + frames + ["-o", folder.path("out.nc"), "--json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.object?["reference_time"] as? String == "2020-10-31T04:30:00Z")
    #expect((outcome.object?["lead_times"] as? [String])?.count == 9)
  }
}
