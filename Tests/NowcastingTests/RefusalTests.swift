// Tests of Nowcasting. What will not do, and that nothing is left behind.

import Forecasting
import Foundation
import Grids
import Nowcasting
import Testing

@Suite struct RefusalTests {
  let scene = Scene(rows: 48, columns: 48)
  let folder: RadarFolder
  let nowcaster: Nowcaster

  init() throws {
    folder = try RadarFolder()
    nowcaster = try NowcasterTests.nowcaster.get()
  }

  /// The error of a nowcast that cannot be made; nothing new may be in the folder.
  func refusal(
    _ dataset: GridDataset, _ options: NowcastOptions = NowcastOptions()
  ) -> (any Error)? {
    let before = folder.contents
    defer { #expect(folder.contents == before) }
    return #expect(throws: (any Error).self) {
      try nowcaster.nowcast(
        dataset, options: options, writingTo: folder.url.appending(path: "out.nc"))
    }
  }

  static let options: [(NowcastOptions, String)] = [
    (NowcastOptions(leadTime: .seconds(600 * 60)), "beyond the model's last"),
    (NowcastOptions(leadTime: .seconds(300)), "shorter than the step"),
    (NowcastOptions(leadTime: .seconds(1500)), "no multiple"),
    (NowcastOptions(step: .zero), "too short"),
    (NowcastOptions(leadTime: .seconds(-600)), "shorter than the step"),
    (NowcastOptions(leadTime: .seconds(10_800), step: .seconds(1)), "longer step"),
  ]

  @Test(arguments: options)
  func senselessOptionsAreWrongUsage(_ option: (options: NowcastOptions, says: String)) throws {
    let error = refusal(try folder.write(scene, [0, 10, 20]), option.options) as? NowcastError
    #expect(error?.code == .option && error?.exitStatus == 64)
    #expect(error?.message.contains(option.says) == true)
  }

  @Test func gridsThatAreTooSmallNameTheSmallest() throws {
    let error =
      refusal(try folder.write(Scene(rows: 30, columns: 12), [0, 10])) as? NowcastError
    #expect(error?.code == .grid)
    #expect(error?.message.contains("30 × 12") == true)
    #expect(error?.message.contains("16 × 16") == true)
  }

  @Test func aGridWithoutDistancesIsRefused() throws {
    let frames = [0.0, 10].map { ($0, scene.rain(at: $0)) }
    let error = refusal(try folder.write(frames, axisUnits: "1"))
    #expect(error != nil)
  }

  @Test func framesWithoutASingleValueAreRefused() throws {
    let empty = Plane(rows: 48, columns: 48, repeating: .nan)
    let all = refusal(try folder.write([0.0, 10, 20].map { ($0, empty) })) as? NowcastError
    #expect(all?.code == .nothingSeen && all?.exitStatus == 65)
    #expect(all?.message.contains("frame-1200.nc") == true)
  }

  @Test func anEmptyNewestFrameIsRefused() throws {
    let empty = Plane(rows: 48, columns: 48, repeating: .nan)
    let frames = [0.0, 10, 20].map { ($0, $0 == 20 ? empty : scene.rain(at: $0)) }
    let error = refusal(try folder.write(frames)) as? NowcastError
    #expect(error?.code == .nothingSeen)
    #expect(error?.message.contains("--reference-time") == true)
  }

  @Test func twoEmptyFramesAreTooMany() throws {
    let empty = Plane(rows: 48, columns: 48, repeating: .nan)
    let frames = [0.0, 10, 20, 30].map { ($0, $0 == 10 || $0 == 20 ? empty : scene.rain(at: $0)) }
    let error = refusal(try folder.write(frames)) as? NowcastError
    #expect(error?.code == .nothingSeen)
  }

  @Test func reflectivityNeedsARelation() throws {
    let frames = [0.0, 10, 20].map { minutes in
      let rain = scene.rain(at: minutes)
      let reflectivity = rain.values.map { 10 * log10(200 * pow(max($0, 0.01), 1.6)) }
      return (minutes, Plane(rows: 48, columns: 48, values: reflectivity))
    }
    let dataset = try folder.write(
      frames, units: "dBZ", standardName: "equivalent_reflectivity_factor")
    let error = refusal(dataset) as? GridError
    #expect(error?.exitStatus == 65)
    let options = NowcastOptions(reflectivityRelation: .marshallPalmer)
    #expect(throws: Never.self) { try nowcaster.prepare(dataset, options: options) }
  }

  @Test func aFolderThatIsNotThereTakesNoOutput() throws {
    let dataset = try folder.write(scene, [0, 10, 20])
    let url = folder.url.appending(path: "nowhere/out.nc")
    let error = #expect(throws: GridError.self) {
      try nowcaster.nowcast(dataset, writingTo: url)
    }
    #expect(error?.exitStatus == 73)
  }

  @Test func valuesThatAreNoRainAreMadeSo() throws {
    var frames = [0.0, 10, 20].map { ($0, scene.rain(at: $0)) }
    frames[2].1[10, 10] = -5
    frames[2].1[20, 20] = .infinity
    frames[2].1[30, 30] = 1e30
    let nowcast = try nowcaster.prepare(try folder.write(frames))
    #expect(nowcast.notes.contains { $0.contains("1 negative rain rate") })
  }
}
