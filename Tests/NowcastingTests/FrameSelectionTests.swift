// Tests of Nowcasting. Which frames are chosen, what is bridged and what is refused.

import Forecasting
import Foundation
import Grids
import Nowcasting
import TestSupport
import Testing

@Suite struct FrameSelectionTests {
  let manifest: ModelManifest

  init() throws {
    manifest = try ModelPackage(
      contentsOf: SharedFolder.checkout.appending(path: "Models/convective-rain")
    ).manifest
  }

  func time(_ minutes: Double) throws -> CFTime {
    try CFTime(iso8601: "2024-07-18T09:00Z").advanced(by: .seconds(minutes * 60))
  }

  func select(
    _ minutes: [Double], reference: Double? = nil, excluding: Set<Int> = []
  ) throws -> FrameSelection {
    try FrameSelection(
      times: minutes.map(time), referenceTime: try reference.map(time), excluding: excluding,
      history: manifest.history, motion: manifest.motion)
  }

  @Test func takesTheNewestFrames() throws {
    let found = try select(Array(stride(from: 0, through: 110, by: 10)))
    #expect(found.referenceTime == (try time(110)))
    #expect(found.ages.prefix(4) == [0, 10, 20, 30])
    #expect(found.step == 10 && found.missing.isEmpty)
  }

  @Test func readsNoFrameThatNothingIsMadeFrom() throws {
    let found = try select(Array(stride(from: 0, through: 120, by: 5)))
    #expect(found.ages == [0, 10, 20, 30])
    let dense = try select(Array(stride(from: 0, through: 60, by: 2)))
    #expect(dense.ages == [0, 10, 20, 30])
  }

  @Test func takesNeighboursOfSlotsThatHaveNoFrame() throws {
    let found = try select([0, 15, 30, 45, 60])
    #expect(found.ages == [0, 15, 30])
  }

  @Test func aLongGapEndsTheHistory() throws {
    let found = try select([0, 70, 80])
    #expect(found.ages == [0, 10] && found.missing.isEmpty)
  }

  @Test func leavesLaterFramesAlone() throws {
    let found = try select(Array(stride(from: 0, through: 110, by: 10)), reference: 60)
    #expect(found.indices.first == 6)
    #expect(found.referenceTime == (try time(60)))
  }

  @Test(arguments: [
    ([0.0, 10, 30, 40], [20.0]), ([0, 20, 30, 40], [10]), ([0, 5, 10, 15, 25, 30], [20]),
    ([0, 15, 45, 60], [30]),
  ])
  func bridgesOneMissingFrame(_ minutes: [Double], _ missing: [Double]) throws {
    let found = try select(minutes)
    #expect(found.missing == (try missing.map(time)))
  }

  @Test func aFrameThatIsExcludedIsMissing() throws {
    let found = try select([0, 10, 20, 30, 40], excluding: [2])
    #expect(found.missing == [try time(20)])
    #expect(!found.indices.contains(2))
    #expect(found.ages == [0, 10, 30, 40])
  }

  @Test(arguments: [
    ([], NowcastError.Code.missingFrames), ([0], .missingFrames), ([0, 100], .missingFrames),
    ([0, 30, 40], .missingFrames), ([0, 10, 40], .missingFrames), ([0, 3, 20, 30], .unevenFrames),
    ([0, 5, 10, 25, 30], .missingFrames), ([0, 14, 20, 30, 40], .unevenFrames),
  ])
  func refusesWhatCannotBeBridged(_ minutes: [Double], _ code: NowcastError.Code) throws {
    let error = #expect(throws: NowcastError.self) { _ = try select(minutes) }
    #expect(error?.code == code)
    #expect(error?.exitStatus == 65)
  }

  @Test func namesTheTimesThatLack() throws {
    let error = #expect(throws: NowcastError.self) { _ = try select([0, 5, 10, 25, 30]) }
    #expect(error?.message.contains("2024-07-18T09:15:00Z, 2024-07-18T09:20:00Z") == true)
  }

  @Test func aReferenceTimeMustHaveItsFrame() throws {
    let minutes: [Double] = [0, 10, 20, 30]
    let late = #expect(throws: NowcastError.self) { _ = try select(minutes, reference: 40) }
    #expect(late?.code == .notYet && late?.exitStatus == 75)
    let between = #expect(throws: NowcastError.self) { _ = try select(minutes, reference: 24) }
    #expect(between?.code == .referenceTime && between?.exitStatus == 65)
    let early = #expect(throws: NowcastError.self) { _ = try select(minutes, reference: -60) }
    #expect(early?.code == .referenceTime)
  }
}
