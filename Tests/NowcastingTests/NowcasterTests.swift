// Tests of Nowcasting. Whole nowcasts with the bundled model: from NetCDF frames to fields and files.

import Forecasting
import Foundation
import GridFiles
import Grids
import Nowcasting
import TestSupport
import Tensors
import Testing

@Suite struct NowcasterTests {
  static let model = Result {
    try ModelPackage(contentsOf: SharedFolder.checkout.appending(path: "Models/convective-rain"))
  }
  static let nowcaster = Result { try Nowcaster(model: model.get()) }

  let scene = Scene(rows: 96, columns: 112)
  let folder: RadarFolder
  let nowcaster: Nowcaster

  init() throws {
    folder = try RadarFolder()
    nowcaster = try Self.nowcaster.get()
  }

  func fields(_ nowcast: Nowcast) async -> [NowcastField] {
    var fields: [NowcastField] = []
    for await field in nowcast { fields.append(field) }
    return fields
  }

  @Test func makesOneFieldALeadTime() async throws {
    let dataset = try folder.write(scene, [0, 10, 20, 30])
    let nowcast = try nowcaster.prepare(dataset, options: NowcastOptions(probabilities: true))
    let fields = await fields(nowcast)
    #expect(fields.map(\.leadTime.inMinutes) == Array(stride(from: 10, through: 90, by: 10)))
    #expect(nowcast.referenceTime.iso8601 == "2024-07-18T09:30:00Z")
    #expect(fields.last?.time.iso8601 == "2024-07-18T11:00:00Z")
    #expect(nowcast.inputTimes.count == 4 && nowcast.missingTimes.isEmpty)
    // 0.8 cells of a kilometre a minute.
    #expect(abs(nowcast.meanSpeed - 48.4) < 1)
    for field in fields {
      #expect(field.rainfallRate.count == 96 * 112 && field.quality.count == 96 * 112)
      #expect(field.rainfallRate.allSatisfy { $0.isNaN || ($0 >= 0 && $0 <= 100) })
      #expect(field.probabilities.count == nowcast.thresholds.count)
      for plane in field.probabilities {
        #expect(plane.allSatisfy { $0.isNaN || (0...1).contains($0) })
      }
      for (rate, quality) in zip(field.rainfallRate, field.quality) {
        #expect(rate.isNaN == quality.contains(.arrivesFromOutside))
      }
    }
    // Rain moves in from the west and the south, where nothing is seen: less is known each time.
    let known = fields.map { $0.rainfallRate.count { !$0.isNaN } }
    #expect(zip(known, known.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test func isTheSameOnAnyNumberOfThreadsAndEveryTime() async throws {
    let dataset = try folder.write(scene, [0, 10, 20, 30], spacing: 500)
    var results: [[NowcastField]] = []
    for threads in [1, 2, 2] {
      let pool = ThreadPool(threads: threads)
      let nowcast = try pool.asCurrent { try nowcaster.prepare(dataset) }
      results.append(await fields(nowcast))
    }
    for other in results.dropFirst() {
      for (a, b) in zip(results[0], other) {
        #expect(
          zip(a.rainfallRate, b.rainfallRate).allSatisfy { $0.bitPattern == $1.bitPattern })
        #expect(a.quality == b.quality)
      }
    }
  }

  @Test func filesOfTheSameInputHaveTheSameBytes() throws {
    let dataset = try folder.write(scene, [0, 10, 20, 30])
    let files = try ["a.nc", "b.nc"].map { name in
      let url = folder.url.appending(path: name)
      try nowcaster.nowcast(dataset, options: NowcastOptions(probabilities: true), writingTo: url)
      return try Data(contentsOf: url)
    }
    #expect(files[0] == files[1])
  }

  @Test func aFileReadsBackAsItWasMade() async throws {
    let dataset = try folder.write(scene, [0, 10, 20, 30])
    let url = folder.url.appending(path: "out.nc")
    var heard: [Int] = []
    let report = try nowcaster.nowcast(
      dataset, options: NowcastOptions(leadTime: .seconds(1800)), writingTo: url
    ) { done, all in
      #expect(all == 3)
      heard.append(done)
    }
    #expect(heard == [0, 1, 2, 3] && report.leadTimes.count == 3)
    #expect(
      report.stages.map(\.name) == ["read", "motion", "history", "network", "fields", "write"])
    let output = try GridDataset(contentsOf: [url])
    let rate = try output.variable("rainfall_rate")
    #expect(rate.standardName == "rainfall_rate" && rate.units == "mm h-1")
    #expect(try output.times(of: rate).map(\.iso8601).last == "2024-07-18T10:00:00Z")
    let grid = try output.grid(of: rate)
    #expect(grid.difference(from: try dataset.grid(of: dataset.variable("rain"))) == nil)
    #expect(output.attributes.text("Conventions") == "CF-1.11, ACDD-1.3")
    #expect(output.attributes.text("network_sha256") == nowcaster.model.networkSHA256)
    #expect(
      output.attributes.text("input_times")?.hasPrefix("2024-07-18T09:00:00Z 2024") == true)
    let made = await fields(try nowcaster.prepare(dataset))
    for index in 0..<3 {
      let stored = try output.frame(rate, at: index)
      for (a, b) in zip(stored.values, made[index].rainfallRate) {
        #expect(a.isNaN == b.isNaN)
        #expect(a.isNaN || abs(a - b) <= 0.00501)
      }
    }
  }

  @Test func aMissingFrameIsBridgedAndSaid() async throws {
    let dataset = try folder.write(scene, [0, 10, 30, 40])
    let url = folder.url.appending(path: "out.nc")
    let report = try nowcaster.nowcast(dataset, writingTo: url)
    #expect(report.missingTimes.map(\.iso8601) == ["2024-07-18T09:20:00Z"])
    #expect(report.notes.contains { $0.contains("09:20") && $0.contains("bridged") })
    let output = try GridDataset(contentsOf: [url])
    #expect(output.attributes.text("input_times_missing") == "2024-07-18T09:20:00Z")
    let flags = try output.frame(output.variable("quality_flag"), at: 0)
    #expect(flags.values.allSatisfy { Int($0) & 8 != 0 })
  }

  @Test func aShortHistoryIsSaid() async throws {
    let nowcast = try nowcaster.prepare(try folder.write(scene, [0, 10]))
    #expect(nowcast.notes.contains { $0.contains("PT30M") })
    let first = try #require(await fields(nowcast).first)
    #expect(
      zip(first.rainfallRate, first.quality).allSatisfy { $0.isNaN || $1.contains(.inputMissing) })
  }

  @Test func anEmptyFrameIsAsGoodAsMissing() async throws {
    let empty = Plane(rows: 96, columns: 112, repeating: .nan)
    let frames = [0.0, 10, 20, 30, 40].map { minutes in
      (minutes: minutes, rain: minutes == 20 ? empty : scene.rain(at: minutes))
    }
    let nowcast = try nowcaster.prepare(try folder.write(frames))
    #expect(nowcast.missingTimes.map(\.iso8601) == ["2024-07-18T09:20:00Z"])
    #expect(nowcast.inputTimes.count == 4)
    let other = try RadarFolder()
    let without = try nowcaster.prepare(try other.write(scene, [0, 10, 30, 40]))
    let (a, b) = (await fields(nowcast), await fields(without))
    #expect(a[5].rainfallRate.map(\.bitPattern) == b[5].rainfallRate.map(\.bitPattern))
  }

  @Test func aBlindSectorIsFlaggedAndNeverDry() async throws {
    let frames = [0.0, 10, 20, 30].map { minutes in
      (minutes: minutes, rain: scene.rain(at: minutes).hiding(rows: 30..<60, columns: 40..<70))
    }
    let nowcast = try nowcaster.prepare(try folder.write(frames))
    let first = try #require(await fields(nowcast).first)
    let inside = 45 * 112 + 55
    #expect(first.rainfallRate[inside].isNaN)
    #expect(first.quality[inside].isSuperset(of: [.outsideCoverage, .arrivesFromOutside]))
    // Seven cells east and four north in ten minutes: the sector's west edge is seen by then.
    let edge = 45 * 112 + 42
    #expect(!first.rainfallRate[edge].isNaN && first.quality[edge].contains(.outsideCoverage))
  }

  @Test func dryScenesStayDry() async throws {
    let dry = Plane(rows: 64, columns: 64, repeating: 0)
    let dataset = try folder.write([0.0, 10, 20, 30].map { ($0, dry) })
    let nowcast = try nowcaster.prepare(dataset)
    #expect(nowcast.meanSpeed == 0)
    let fields = await fields(nowcast)
    #expect(fields.allSatisfy { $0.rainfallRate.allSatisfy { $0 == 0 } })
    #expect(fields.allSatisfy { $0.quality.allSatisfy { $0.isEmpty } })
  }

  @Test func amountsBecomeRates() async throws {
    let frames = [0.0, 10, 20, 30].map { ($0, scene.rain(at: $0)) }
    let amounts = frames.map { minutes, rain in
      (minutes, Plane(rows: 96, columns: 112, values: rain.values.map { $0 / 6 }))
    }
    let rates = await fields(try nowcaster.prepare(try folder.write(frames)))
    let other = try RadarFolder()
    let dataset = try other.write(
      amounts, units: "kg m-2", standardName: "precipitation_amount")
    let fromAmounts = await fields(try nowcaster.prepare(dataset))
    for (a, b) in zip(rates[8].rainfallRate, fromAmounts[8].rainfallRate) {
      #expect(a.isNaN == b.isNaN && (a.isNaN || abs(a - b) < 0.01 * max(a, 1)))
    }
  }

  @Test func fineGridsAreCoarsenedAndComeBack() async throws {
    let dataset = try folder.write(
      Scene(rows: 131, columns: 150, velocity: (1.4, -0.8)), [0, 10, 20, 30], spacing: 500)
    let nowcast = try nowcaster.prepare(dataset)
    #expect(abs(nowcast.meanSpeed - 48.4) < 1.5)
    let fields = await fields(nowcast)
    #expect(fields.allSatisfy { $0.rainfallRate.count == 131 * 150 })
    #expect(!nowcast.notes.contains { $0.contains("trained") })
    #expect(fields[0].quality.allSatisfy { !$0.contains(.outsideTrainedRange) })
  }

  @Test func coarseGridsAndStrongRainAreOutsideTheTrainedRange() async throws {
    var strong = scene
    strong.columns = 64
    let dataset = try folder.write(strong, [0, 10, 20, 30], spacing: 4000)
    let nowcast = try nowcaster.prepare(dataset)
    #expect(nowcast.notes.contains { $0.contains("4.0 km") })
    let fields = await fields(nowcast)
    #expect(fields[0].quality.allSatisfy { $0.contains(.outsideTrainedRange) })
  }

  @Test func tilesJoinWithoutSeams() async throws {
    let large = Scene(rows: 352, columns: 336, rotation: 0.004)
    let dataset = try folder.write(large, [0, 10, 20, 30])
    let options = NowcastOptions(
      leadTime: .seconds(3600), step: .seconds(1800), probabilities: true)
    let whole = await fields(try nowcaster.prepare(dataset, options: options))
    let tiled = try Nowcaster(
      model: nowcaster.model, tiling: Tiling(cells: 240 * 352, overlap: 128))
    let pieces = await fields(try tiled.prepare(dataset, options: options))
    for (a, b) in zip(whole, pieces) {
      for (p, q) in zip(a.probabilities, b.probabilities) {
        let differences = zip(p, q).filter { !$0.0.isNaN }.map { abs($0.0 - $0.1) }
        #expect(zip(p, q).allSatisfy { $0.isNaN == $1.isNaN })
        #expect((differences.max() ?? 0) < 0.1)
        #expect(differences.reduce(0, +) / Float(max(differences.count, 1)) < 0.005)
      }
    }
  }

  @Test(
    .enabled(if: SharedFolder.exists("data/radar/raw/brisbane-2020-10-31")))
  func realRadarFilesWork() async throws {
    let raw = SharedFolder.url.appending(path: "data/radar/raw/brisbane-2020-10-31")
    let names = try FileManager.default.contentsOfDirectory(atPath: raw.path).sorted()
    let urls = names[20..<26].map { raw.appending(path: $0) }
    let output = folder.url.appending(path: "brisbane.nc")
    let report = try nowcaster.nowcast(try GridDataset(contentsOf: urls), writingTo: output)
    #expect(report.gridSize == (512, 512) && report.leadTimes.count == 9)
    #expect(report.inputTimes.count == 4)
    #expect(report.meanSpeed > 10 && report.meanSpeed < 120)
  }
}
